"""The page in a real browser. Every visit also fails on a request to another computer or a script error (see conftest)."""

import re

import pytest

from assistant.ui import texts
from tests.assistant.ui.conftest import QUESTION

pytestmark = pytest.mark.browser
PHONE = pytest.mark.parametrize("visit", [(390, 844)], ids=["phone"], indirect=True)
BOTH = pytest.mark.parametrize("visit", [(1280, 800), (390, 844)], ids=["wide", "phone"], indirect=True)


@BOTH
def test_ask_answer_and_open_the_source_at_the_quoted_sentence(visit):
    visit.ask(QUESTION)
    page = visit.page
    assert "十五个工作日" in page.inner_text("#current .answer .first")
    assert "现行有效" in page.inner_text("#current .sources li >> nth=0")
    assert not visit.overflows()
    page.click("#current .sources a.title >> nth=0")
    page.wait_for_selector("mark#cite")
    assert "十五个工作日" in page.inner_text("mark#cite")
    top, height = page.evaluate("[document.getElementById('cite').getBoundingClientRect().top, innerHeight]")
    assert 0 < top < height
    assert not visit.overflows()
    page.go_back()
    page.wait_for_selector("#earlier .turn .answer .first")


def test_a_mark_turns_to_its_source_and_with_ctrl_opens_the_document(visit):
    visit.ask(QUESTION)
    page = visit.page
    page.click("#current .mark >> nth=0")
    assert page.locator("#current .sources li.on").count() == 1 and "/doc/" not in page.url
    with page.context.expect_page() as opened:
        page.click("#current .mark >> nth=0", button="middle")
    assert "/doc/" in opened.value.url


def test_conversation_region_day_and_draft_survive_a_reload(visit):
    page = visit.page
    page.click("#province input")
    page.get_by_role("option", name="安徽省").click()
    page.click("#city input")
    page.get_by_role("option", name="安庆市").click()
    page.fill("#day input.time", "2015-06-01")
    page.press("#day input.time", "Tab")
    page.wait_for_function("localStorage.getItem('shegong-place') !== null")
    page.wait_for_timeout(800)
    visit.ask(QUESTION)
    visit.ask("入户探访怎么做")
    page.fill("#question textarea", "还没有发送的问题")
    page.reload()
    page.wait_for_selector("#earlier .turn >> nth=1")
    assert "三十个工作日" in page.inner_text("#earlier .turn >> nth=0")
    assert "安徽省·安庆市 · 2015-06-01" in page.inner_text("#earlier .turn >> nth=0")
    assert page.input_value("#province input") == "安徽省" and page.input_value("#city input") == "安庆市"
    assert page.input_value("#day input.time") == "2015-06-01"
    page.wait_for_function("document.querySelector('#question textarea').value === '还没有发送的问题'")
    page.press("#question textarea", "Enter")
    page.locator("#current .turn:not(.pending) h2").filter(has_text="还没有发送的问题").wait_for()
    assert page.locator(".turn").count() == 3


def test_a_cleared_conversation_stays_cleared(visit):
    visit.ask(QUESTION)
    page = visit.page
    page.click("#clear")
    page.wait_for_selector("#start")
    assert page.locator(".turn").count() == 0
    page.reload()
    page.wait_for_selector("#start")
    page.wait_for_timeout(800)
    assert page.locator(".turn").count() == 0


def test_a_suggested_question_is_asked_by_one_touch(visit):
    page = visit.page
    page.get_by_role("button", name=texts.SUGGESTED[0]).click()
    page.wait_for_selector("#current .turn:not(.pending)")
    assert texts.SUGGESTED[0] in page.inner_text("#current h2")


def test_an_empty_question_gets_a_hint(visit):
    visit.page.press("#question textarea", "Enter")
    visit.page.wait_for_selector("#hint .notice")
    assert visit.page.inner_text("#hint .notice") == texts.EMPTY_QUESTION


def test_neither_a_question_nor_a_document_can_run_a_script(visit):
    page = visit.page
    title = page.title()
    visit.ask("<img src=x onerror=\"document.title='破坏'\"><script>document.title='破坏'</script>探访独居老人怎么做")
    assert "<img" in page.inner_text("#current h2")
    assert "<script>" in page.inner_text("#current") or "<img" in page.inner_text("#current .sources")
    page.click("#current .sources a.title >> nth=0")
    page.wait_for_selector("mark#cite")
    assert "破坏" not in page.title() and page.title() != title


@BOTH
def test_the_library_narrows_as_one_types_and_opens_documents(visit):
    page = visit.page
    page.get_by_role("tab", name=texts.LIBRARY).click()
    page.wait_for_selector("#documents tbody tr")
    assert not visit.overflows()
    page.locator("#library-words textarea").press_sequentially("探访", delay=60)
    page.wait_for_function("document.querySelectorAll('#documents tbody tr').length === 1")
    page.wait_for_timeout(600)
    page.click("#documents a")
    page.wait_for_selector("article")
    assert "入户探访怎么做" in page.inner_text("h1")
    page.go_back()
    page.wait_for_selector("#documents tbody tr")
    assert page.input_value("#library-words textarea") == "探访" and page.locator("#documents tbody tr").count() == 1


def test_everything_one_reads_is_chinese(visit):
    visit.ask(QUESTION)
    shown = visit.page.inner_text("body")
    page = visit.page
    page.get_by_role("tab", name=texts.LIBRARY).click()
    page.wait_for_selector("#documents tbody tr")
    shown += page.inner_text("body") + " ".join(page.evaluate("[...document.querySelectorAll('[placeholder]')].map(e => e.placeholder)"))
    assert set(re.findall(r"[A-Za-z]{2,}", shown)) <= {"md"}


def test_the_answer_can_be_copied_with_its_sources(visit):
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.ask(QUESTION)
    page.click(f"#current button:has-text('{texts.COPY_ANSWER}')")
    page.wait_for_selector(f"text={texts.COPIED}")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert QUESTION in copied and "[1] 《暖冬救助条例》" in copied and texts.ASSISTANCE in copied


@PHONE
def test_on_a_phone_the_sources_stand_under_the_answer_and_the_question_box_at_the_bottom(visit):
    visit.ask(QUESTION)
    page = visit.page
    boxes = [page.locator(f"#current {part}").bounding_box() for part in (".answer", ".sources")]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    asking = page.locator("#asking").bounding_box()
    assert asking["y"] + asking["height"] <= 844 + 1


@BOTH
def test_what_only_touches_the_question_is_told_above_the_text(visit, touching_site):
    visit.site = touching_site
    visit.open("/")
    visit.ask(QUESTION)
    page = visit.page
    assert texts.TOUCHES in page.inner_text("#current .touches")
    assert page.locator("#current .near .mark").count() and not page.locator("#current .near .first").count()
    banner, text = (page.locator(f"#current {part}").bounding_box() for part in (".touches", ".near"))
    assert banner["y"] >= 0 and banner["y"] + banner["height"] <= text["y"]
    assert not visit.overflows()
    page.reload()
    page.wait_for_selector("#earlier .touches")


@BOTH
def test_a_refusal_says_what_is_missing_and_leads_to_what_is_nearest(visit):
    visit.ask("《星际社工法》第三条怎么规定")
    page = visit.page
    assert page.inner_text("#current .notice").startswith("知识库里没有《星际社工法》")
    assert page.locator("#current .notice").first.bounding_box()["y"] < page.locator("#current .words").bounding_box()["y"]
    assert page.locator("#current .whom a[href='tel:12345']").count() == 1
    assert not visit.overflows()
    title = page.inner_text("#current .titles a >> nth=0").strip("《》")
    page.click("#current .titles a >> nth=0")
    page.wait_for_selector("article")
    assert title in page.inner_text("h1")
    page.go_back()
    page.wait_for_selector("#earlier .nothing")


def test_a_refusal_leads_to_the_library_and_back_without_losing_the_answer(visit):
    visit.ask("《星际社工法》第三条怎么规定")
    page = visit.page
    page.click("#current .to-library a")
    page.wait_for_selector("#documents tbody tr")
    assert page.locator("#library-words").is_visible() and "?" not in page.url
    page.get_by_role("tab", name=texts.ASK).click()
    assert page.locator("#current .nothing").is_visible()


@BOTH
def test_why_it_was_decided_so_is_folded_and_opens_by_a_touch_or_a_key(visit):
    visit.ask(QUESTION)
    page = visit.page
    why = page.locator("#current .why")
    assert why.evaluate("each => each.open") is False and not why.locator("ol").is_visible()
    summary = why.locator("summary")
    assert summary.inner_text() == texts.WHY and summary.bounding_box()["height"] >= 44
    summary.click()
    assert why.locator("ol").is_visible() and 1 <= why.locator("li").count() <= 5
    assert "把握" in why.inner_text() and not visit.overflows()
    page.keyboard.press("Enter")
    assert not why.locator("ol").is_visible()


@BOTH
def test_another_region_that_the_question_names_is_told_under_the_question(visit, local_text):
    visit.ask("浙江的取暖补助申请多少天能办下来")
    page = visit.page
    told, answer = (page.locator(f"#current {part}").bounding_box() for part in (".region", ".answer"))
    assert "浙江省" in page.inner_text("#current .region") and told["y"] + told["height"] <= answer["y"]
    assert "十个工作日" in page.inner_text("#current .answer")


@BOTH
def test_danger_stands_above_a_refusal(visit):
    visit.ask("他说不想活了，《星际社工法》怎么规定")
    danger, refusal = (visit.page.locator(f"#current {part}").bounding_box() for part in (".danger", ".refusal"))
    assert danger["y"] + danger["height"] <= refusal["y"] and not visit.overflows()


def test_the_tab_that_is_named_in_the_address_opens(visit):
    visit.open("/?tab=library")
    visit.page.wait_for_selector("#documents tbody tr")
