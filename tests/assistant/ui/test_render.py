from dataclasses import replace
from datetime import date

import pytest

from assistant import notices
from assistant.ui import render, texts
from assistant.ui.conversation import Near, Place, Reason, Turn, Why
from kb.models import Answer, Card, Citation, Hit, Statement, Status
from tests.fakes import entry

HOSTILE = '<script>alert(1)</script>"\'&<img src=x onerror=alert(2)>'
SENTENCE = "应当自受理之日起15个工作日内办结。"


def hit(text=f"第一条 {SENTENCE}", title="暖冬救助条例", status=Status.IN_FORCE, **facts):
    document, passages = entry(title, text, **facts)
    return Hit(passages[0], document, status, 1.0, {})


def answered(found, question="多少天能办下来", text=SENTENCE, quote=SENTENCE, **more):
    citation = Citation(1, found, (quote,))
    statement = Statement(text, "政策依据", (1,))
    return Turn(question, answer=Answer(question, statements=(statement,), citations=(citation,), **more))


def test_whatever_a_document_a_question_or_a_model_says_is_escaped():
    text = f"前文{HOSTILE}"
    found = hit(text, title=HOSTILE, number=HOSTILE, issuer=HOSTILE)
    card = Card(HOSTILE, (HOSTILE,), (HOSTILE,), (HOSTILE,), (HOSTILE,), ((HOSTILE, HOSTILE),))
    turn = answered(found, HOSTILE, HOSTILE, HOSTILE, cards=(card,), notices=(HOSTILE,), written_by=HOSTILE)
    nothing = Turn(HOSTILE, answer=Answer(HOSTILE, nearest=(HOSTILE,), looked_for=(HOSTILE,), advice=HOSTILE, found=False))
    failed = Turn(HOSTILE, error=HOSTILE, region=HOSTILE)
    said = (notices.no_title(HOSTILE), notices.of_region(HOSTILE), HOSTILE)
    close = answered(found, HOSTILE, HOSTILE, HOSTILE, touches=True, notices=said, advice=HOSTILE)
    close = replace(close, why=Why(0.0, 0.5, 0.3, (Reason(HOSTILE, 1.0, 1.0),)))
    nothing = replace(nothing, nearest={HOSTILE: Near(found.document, Status.REPEALED)})
    for shown in (render.turn_as_html(each, "t0") for each in (turn, nothing, failed, close)):
        assert "<script" not in shown and "<img" not in shown
        assert "&lt;script&gt;" in shown


def test_a_link_from_the_browsers_memory_can_lead_nowhere_but_to_a_document():
    place = Place('"><script>javascript:alert(1)//../../x?y#z', ((1, 2),))
    assert render.address(place) == "/doc/%22%3E%3Cscript%3Ejavascript%3Aalert%281%29%2F%2F..%2F..%2Fx%3Fy%23z?at=1-2#cite"


def test_a_citation_leads_to_the_stretch_that_it_quotes():
    found = hit()
    start = found.passage.text.index(SENTENCE)
    expected = f"/doc/{found.document.id}?at={start}-{start + len(SENTENCE)}#cite"
    shown = render.turn_as_html(answered(found), "t3")
    assert shown.count(f'href="{expected}"') == 3  # the mark in the answer, the title and the link of the source
    assert 'data-source="t3-s1"' in shown and 'id="t3-s1"' in shown


def test_without_a_quote_the_whole_passage_is_the_place():
    found = hit()
    assert render.place_of(found) == Place(found.document.id, ((found.passage.start, found.passage.end),))


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("自受理之日起15个工作日内办结", ["15个工作日内"]),
        ("三十日以内答复", ["三十日以内"]),
        ("年满60周岁，每月不低于100元", ["60周岁", "100元"]),
        ("2021年7月1日起施行", ["2021年7月1日"]),
        ("最高百分之二十", ["百分之二十"]),
        ("第十五条第二款", []),
        ("第三年开始", []),
        ("全国人民代表大会", []),
    ],
)
def test_deadlines_amounts_and_ages_stand_out(text, bold):
    shown = render.emphasized(text)
    assert [part.split("</b>")[0] for part in shown.split("<b>")[1:]] == bold
    assert shown.replace("<b>", "").replace("</b>", "") == text


@pytest.mark.parametrize("status", list(Status))
def test_a_status_is_a_word_and_a_colour(status):
    shown = render.status_mark(status)
    assert f">{status.value}<" in shown and 'class="status ' in shown


def test_a_case_is_called_a_case_and_an_invented_one_invented_not_in_force():
    document, _ = entry("独居老人过冬个案", "社工上门。", kind="case", invented=True)
    shown = render.standing(document, Status.IN_FORCE)
    assert "案例" in shown and texts.INVENTED in shown and "现行有效" not in shown


def test_a_digest_of_laws_does_not_pass_for_a_law():
    document, _ = entry("申请低保", "低保向乡镇申请。", sources=("社会救助暂行办法",))
    shown = render.standing(document, Status.IN_FORCE)
    assert texts.DIGEST in shown and "现行有效" not in shown


def test_every_answer_is_labelled_as_assistance():
    nothing = Turn("火星", answer=Answer("火星", found=False))
    assert all(texts.ASSISTANCE in render.turn_as_html(turn, "t0") for turn in (answered(hit()), nothing))


def test_nothing_found_names_what_was_looked_for_the_nearest_titles_and_whom_to_ask():
    answer = Answer("火星", nearest=("河灯管理办法", "别的"), looked_for=("火星",), advice="拨打 12345。", found=False)
    shown = render.turn_as_html(Turn("火星", answer=answer, links={"河灯管理办法": Place("abc")}), "t0")
    assert texts.NOT_FOUND in shown and "<span>火星</span>" in shown
    assert '<a href="/doc/abc">《河灯管理办法》</a>' in shown and "<li>《别的》</li>" in shown
    assert '<a href="tel:12345">12345</a>' in shown


def test_a_nearest_title_that_no_longer_holds_or_is_of_a_province_says_so():
    document, _ = entry("河灯管理办法", "放河灯。", number="云发〔2010〕2号", region="浙江省")
    answer = Answer("火星", nearest=("河灯管理办法",), found=False)
    turn = Turn("火星", answer=answer, links={"河灯管理办法": Place("abc")}, nearest={"河灯管理办法": Near(document, Status.REPEALED)})
    shown = render.turn_as_html(turn, "t0")
    assert "已废止" in shown and "云发〔2010〕2号 · 浙江省" in shown


def test_of_the_words_looked_for_single_characters_are_left_out_unless_there_are_no_others():
    def shown(*words):
        return render.turn_as_html(Turn("问", answer=Answer("问", looked_for=words, found=False)), "t0")

    assert "<span>了</span>" not in shown("低保", "了") and "<span>低保</span>" in shown("低保", "了")
    assert "<span>税</span>" in shown("税")


def test_what_only_touches_the_question_says_so_first_and_does_not_look_like_an_answer():
    turn = answered(hit(), touches=True, notices=(notices.ONLY_TOUCHES, "另有旧版，未采用。"), advice="拨打 12345。")
    shown, full = render.turn_as_html(turn, "t0"), render.turn_as_html(answered(hit()), "t0")
    places = [shown.index(part) for part in (texts.TOUCHES, "15个工作日内", "拨打 ", "另有旧版")]
    assert places == sorted(places) and f'"notice">{notices.ONLY_TOUCHES}' not in shown
    section = texts.SECTIONS["政策依据"]
    assert f">{texts.NEAR_SECTION.format(section=section)}<" in shown and f">{section}<" in full
    assert texts.NEAR_SOURCES_COUNT.format(count=1) in shown and texts.TOUCHES not in full
    assert 'class="near"' in shown and 'class="near"' not in full
    assert '<p class="first">应当' in full and '<p class="first">应当' not in shown


def test_a_banner_does_not_stand_over_nothing():
    emptied = Turn("问", answer=Answer("问", touches=True, notices=(notices.ONLY_TOUCHES,)))
    assert texts.TOUCHES not in render.turn_as_html(emptied, "t0")


def test_another_region_than_the_askers_is_named_right_under_the_question():
    said = notices.of_region("浙江省/杭州市")
    for answer in (answered(hit(), notices=(said,)).answer, Answer("问", found=False, notices=(said,))):
        shown = render.turn_as_html(Turn("问", answer=answer), "t0")
        head, rest = shown.split("</header>")
        assert said in head and said not in rest[: rest.index('class="below"')]


@pytest.mark.parametrize(
    "said",
    [notices.no_title("星际社工法"), notices.no_number("云发〔2020〕88号"), notices.no_article("暖冬救助条例", "第四百条", "第六条")],
)
def test_what_the_question_names_and_nobody_holds_is_said_before_anything_else(said):
    answer = render.turn_as_html(answered(hit(), notices=(said, "另有旧版，未采用。")), "t0")
    assert answer.index(said) < answer.index("15个工作日内") < answer.index("另有旧版")
    nothing = render.turn_as_html(Turn("问", answer=Answer("问", looked_for=("词语",), notices=(said,), found=False)), "t0")
    assert nothing.index(texts.NOT_FOUND) < nothing.index(said) < nothing.index(texts.LOOKED_FOR)


def test_danger_comes_before_the_answer_with_numbers_that_can_be_called():
    card = Card("家庭暴力", ("拨打 110。",), ("告诉督导。",), ("记下时间。",), ("不要劝和。",), (("反家庭暴力法", "第十四条"),))
    turn = replace(answered(hit(), cards=(card,)), links={"反家庭暴力法第十四条": Place("law", ((5, 9),))})
    shown = render.turn_as_html(turn, "t0")
    assert shown.index("家庭暴力") < shown.index(texts.SECTIONS["政策依据"])
    assert '<a href="tel:110">110</a>' in shown and 'href="/doc/law?at=5-9#cite"' in shown


def test_an_unfinished_turn_says_so_and_a_finished_one_does_not():
    assert texts.SEARCHING in render.turn_as_html(Turn("问"), "t0")
    writing = answered(hit(), complete=False)
    assert texts.WRITING in render.turn_as_html(writing, "t0")
    assert "pending" not in render.turn_as_html(answered(hit()), "t0")


def test_a_turn_that_a_reload_cut_short_can_be_asked_again():
    assert texts.CUT_SHORT in render.conversation([Turn("问")])
    assert texts.SEARCHING not in render.conversation([Turn("问")])


def test_the_copied_answer_holds_question_marks_sources_and_status():
    found = hit(number="云发〔2020〕1号", effective=date(2020, 3, 1))
    text = render.answer_as_text(answered(found, notices=("另有旧版，未采用。",)))
    for part in ("多少天能办下来", f"{SENTENCE}[1]", "[1] 《暖冬救助条例》第1条（云发〔2020〕1号 · 2020-03-01 施行，现行有效）", "另有旧版", texts.ASSISTANCE):
        assert part in text


def test_the_copied_answer_says_first_that_it_only_touches_the_question():
    text = render.answer_as_text(answered(hit(), touches=True, notices=(notices.ONLY_TOUCHES, "另有旧版，未采用。")))
    assert text.index(notices.ONLY_TOUCHES) < text.index(SENTENCE) < text.index("另有旧版")
    assert text.count(notices.ONLY_TOUCHES) == 1


def test_region_and_day_are_named_where_they_are_not_the_usual_ones():
    asked = Turn("问", region="安徽省/安庆市", day=date(2018, 6, 1))
    assert "安徽省·安庆市 · 2018-06-01" in render.turn_as_html(asked, "t0")
    assert "asked-for" not in render.turn_as_html(Turn("问"), "t0")


@pytest.mark.parametrize(
    ("source", "shown"),
    [("/home/wang/资料/a.md", "a.md"), ("自带资料/policy/a.md", "自带资料/policy/a.md"), ("C:\\资料\\a.md", "a.md")],
)
def test_the_folders_of_the_machine_are_not_shown(source, shown):
    assert render.source_name(source) == shown
