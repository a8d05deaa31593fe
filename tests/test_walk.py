"""File in → cited answer out, the whole way through the real parts."""

import shutil
from datetime import date

import pytest

from assistant.answering import Assistant
from ingest.pipeline import Options, Outcome, find_files, take_in
from kb.embedder import builtin_embedder
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker, Status

LAW = """# 中华人民共和国取暖救助法

2019年12月1日 云上大会常务委员会通过

## 第一章 总则

第一条 为了帮助生活困难的家庭过冬，制定本法。

## 第二章 申请

第二条 申请取暖补助的家庭，应当向户籍所在地的乡镇人民政府提出书面申请，并提交家庭收入证明。

第三条 乡镇人民政府应当自收到申请之日起{days}内完成入户调查并作出决定。

第四条 本法自2020年3月1日起施行。《送煤下乡办法》同时废止。
"""
NOTICE = """安徽省民政厅关于做好取暖补助工作的通知
皖民救〔2021〕8号

各市民政局：
一、取暖补助标准为每户每月二百元。
二、补助款按月通过银行发放。

安徽省民政厅
2021年11月1日
"""
OLD = "送煤下乡办法\n\n第一条 冬季取暖用煤由乡镇统一配送到户。\n\n第二条 本办法自2005年1月1日起施行。\n"
PAGE = """<html><head><title>入户探访怎么做</title></head><body><h1>入户探访怎么做</h1>
<p>探访独居老人前先打电话约好时间，进门先自我介绍并出示工作证。</p><p>探访结束后当天写好探访记录。</p></body></html>"""

TODAY = date(2026, 11, 25)


@pytest.fixture
def files(tmp_path):
    """A folder as a station would have it, with one file that can not be read."""
    folder = tmp_path / "资料"
    (folder / "通知").mkdir(parents=True)
    (folder / "取暖救助法.md").write_text(LAW.format(days="十五个工作日"), encoding="utf-8")
    (folder / "通知" / "取暖补助.txt").write_bytes(NOTICE.encode("gb18030"))
    (folder / "通知" / "送煤下乡办法.txt").write_text(OLD, encoding="utf-8")
    (folder / "探访.html").write_text(PAGE, encoding="utf-8")
    (folder / "坏的.docx").write_bytes(b"PK\x03\x04 cut off")
    return folder


@pytest.fixture
def knowledge_base(tmp_path):
    opened = KnowledgeBase(tmp_path / "data", builtin_embedder())
    yield opened
    opened.close()


def asked(knowledge_base, question, **asker):
    return Assistant(knowledge_base).answer(question, Asker(**{"day": TODAY, **asker}))


def cited(answer):
    return {citation.label for citation in answer.citations}


def test_from_a_folder_of_files_to_cited_answers(files, knowledge_base):
    report = take_in(knowledge_base, find_files([files]))
    assert (report.count(Outcome.ADDED), report.count(Outcome.FAILED)) == (4, 1)
    assert report.failures[0].source.endswith("坏的.docx") and "请重新下载" in report.failures[0].reason

    answer = asked(knowledge_base, "取暖补助多少天内作出决定")
    assert answer.found and answer.complete and answer.written_by == "摘录"
    assert "十五个工作日内完成入户调查" in answer.statements[0].text
    first = answer.citations[answer.statements[0].citations[0] - 1]
    assert first.label == "《中华人民共和国取暖救助法》第二章第三条" and first.hit.status is Status.IN_FORCE
    for citation in answer.citations:
        whole = knowledge_base.document(citation.hit.document.id).text
        passage = citation.hit.passage
        assert whole[passage.start : passage.end] == passage.text
        assert all(quote in passage.text for quote in citation.quotes)


def test_the_region_decides_which_notice_answers(files, knowledge_base):
    take_in(knowledge_base, find_files([files]))
    question = "取暖补助标准每户每月多少元"
    notice = "《安徽省民政厅关于做好取暖补助工作的通知》"
    here, elsewhere = asked(knowledge_base, question, region="安徽省/安庆市"), asked(knowledge_base, question)
    assert "二百元" in here.statements[0].text and any(label.startswith(notice) for label in cited(here))
    assert not any(label.startswith(notice) for label in cited(elsewhere))


def test_a_text_that_a_later_one_repeals_no_longer_answers(files, knowledge_base):
    take_in(knowledge_base, find_files([files]))
    question = "冬季取暖用煤由谁配送"
    assert cited(asked(knowledge_base, question, day=date(2010, 1, 1))) == {"《送煤下乡办法》第一条"}
    today = asked(knowledge_base, question)
    assert not any("送煤下乡办法" in label for label in cited(today))
    assert "另有《送煤下乡办法》，已废止，未采用。" in today.notices


def test_a_changed_file_answers_with_its_new_words_and_unchanged_ones_cost_nothing(files, knowledge_base):
    take_in(knowledge_base, find_files([files]))
    (files / "取暖救助法.md").write_text(LAW.format(days="十个工作日"), encoding="utf-8")
    report = take_in(knowledge_base, find_files([files]))
    assert (report.count(Outcome.REPLACED), report.count(Outcome.UNCHANGED)) == (1, 3)
    text = "".join(statement.text for statement in asked(knowledge_base, "取暖补助多少天内作出决定").statements)
    assert "十个工作日" in text and "十五个工作日" not in text


def test_training_is_taken_in_as_training_and_answers_how_to(files, knowledge_base):
    take_in(knowledge_base, find_files([files / "探访.html"]), Options(kind="training"))
    answer = asked(knowledge_base, "探访独居老人前要做什么")
    assert answer.statements[0].section == "实务指引" and "打电话约好时间" in answer.statements[0].text


def test_what_the_files_do_not_say_is_not_answered(files, knowledge_base):
    take_in(knowledge_base, find_files([files]))
    answer = asked(knowledge_base, "出国留学签证怎么办理")
    assert not answer.found and answer.statements == answer.citations == () and "12345" in answer.advice


def test_a_removed_file_no_longer_answers(files, knowledge_base):
    take_in(knowledge_base, find_files([files]))
    knowledge_base.remove([str((files / "取暖救助法.md").resolve())])
    assert not any("取暖救助法" in label for label in cited(asked(knowledge_base, "取暖补助多少天内作出决定")))


def test_a_moved_data_folder_answers_as_before(files, tmp_path):
    first = KnowledgeBase(tmp_path / "data", builtin_embedder())
    take_in(first, find_files([files]))
    before = asked(first, "取暖补助多少天内作出决定")
    first.close()
    shutil.move(tmp_path / "data", tmp_path / "moved")
    moved = KnowledgeBase(tmp_path / "moved", builtin_embedder())
    assert asked(moved, "取暖补助多少天内作出决定") == before
    moved.close()
