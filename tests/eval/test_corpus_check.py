"""An invented law and digests of it: every kind of mistake is found, and a clean file gives none."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from eval.corpus_check import checks, command
from eval.corpus_check.catalog import catalog
from eval.corpus_check.checks import run
from eval.corpus_check.digests import Locator, Problem
from eval.corpus_check.law_texts import read_laws
from eval.corpus_check.quantities import quantities
from kb.errors import FileMissing

TODAY = date(2026, 11, 25)
LAW = """# 暖冬救助办法

2020年1月1日 云上部发布

## 第一章 总则

第一条 为了帮助生活困难的家庭过冬，制定本办法。

第二条 申请暖冬救助的家庭，应当向户籍所在地乡镇人民政府提出书面申请，并提交收入证明。

乡镇人民政府应当在十五个工作日内完成入户调查，每户补助不超过五百元。

第三条 有下列情形之一的，优先给予救助：

（一）家中有年满六十周岁的老人；

（二）残疾等级为一级、二级；

（三）取暖支出超过收入百分之三十的。

第三条之一 燃煤购买凭证应当保存两年。

第四条 本办法自2020年3月1日起施行。
"""
OLD_LAW = LAW.replace("2020年", "2010年").replace("十五个工作日", "三十个工作日")
NOTICE = """# 关于做好暖冬救助工作的通知

2021年5月1日

## 一、总体要求

把暖冬送到每一个困难家庭。

## 二、工作任务

（一）摸清底数。村民委员会在十月底前上门登记困难家庭名单。

（二）发放物资。物资发放前公示7天，接受村民监督。
"""
CODE = {
    "总则": "第一条 为了保护民事主体的合法权益，制定本法。\n\n第二条 民事主体法律地位平等。\n\n第三条 民事权益受法律保护。",
    "继承": "第一千一百二十一条 继承从被继承人死亡时开始。\n\n第一千一百二十二条 遗产是自然人死亡时遗留的个人合法财产。"
    "\n\n第一千一百二十三条 继承开始后按照法定继承办理。\n\n本编调整继承关系。",
}
RULE = "- 想申请暖冬救助的家庭，要带着收入证明去户籍地乡镇提交书面材料（《暖冬救助办法》第二条第一款）。"
DIGEST = f"""---
kind: policy            # policy | training | case
title: 暖冬救助怎么申请
topics:
  - 社会救助
sources:
  - 暖冬救助办法
  - 关于做好暖冬救助工作的通知
checked_on: 2026-11-25
---
# 暖冬救助怎么申请

## 怎么办
{RULE}
- 乡镇政府入户调查要在15个工作日内做完，补助每户最多500元（《暖冬救助办法》第二条第二款）。
- 家里有60岁老人，或者取暖花费超过收入30%的，优先得到救助（《暖冬救助办法》第三条第（一）项、第（三）项）。
- 购买燃煤的凭证要保存2年（《暖冬救助办法》第三条之一）。
- 发放物资以前要公示七日，请村民监督（《关于做好暖冬救助工作的通知》二、（二））。
"""
CASE = """---
kind: case
title: 过冬的老人（虚拟案例）
invented: true
topics:
  - 老年人
sources:
  - 暖冬救助办法
checked_on: 2026-11-25
---
# 过冬的老人（虚拟案例）

本案例为虚构，仅供学习，不对应任何真实的人和事。

## 过程
社工见面3次，问他：“冷不冷？”他说不冷。
有危险先打110，心里难受可以打12356。

## 相关政策
- 购买燃煤的凭证要保存两年（《暖冬救助办法》第三条之一）。
"""


@pytest.fixture
def laws(tmp_path: Path) -> Path:
    folder = tmp_path / "laws"
    (folder / "民法典").mkdir(parents=True)
    (folder / "暖冬救助办法(2020-01-01).md").write_text(LAW, encoding="utf-8")
    (folder / "暖冬救助办法(2010-01-01).md").write_text(OLD_LAW, encoding="utf-8")
    (folder / "notice.md").write_text(NOTICE, encoding="utf-8")
    for part, text in CODE.items():
        (folder / "民法典" / f"{part}.md").write_text(f"# {part}\n\n{text}\n", encoding="utf-8")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for name in checks.FOLDERS:
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def no_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MINIMUM", {})


def check(corpus: Path, laws: Path, text: str, folder: str = "policy") -> list[Problem]:
    (corpus / folder / "file.md").write_text(text, encoding="utf-8")
    return run(corpus, laws, day=TODAY).problems


def changed(old: str, new: str, text: str = DIGEST) -> str:
    assert old in text
    return text.replace(old, new)


def cited(sentence: str) -> str:
    """The digest with one sentence more."""
    return f"{DIGEST}- {sentence}\n"


@pytest.mark.parametrize(("folder", "text"), [("policy", DIGEST), ("cases", CASE)])
def test_a_clean_file_gives_no_problem(corpus: Path, laws: Path, folder: str, text: str) -> None:
    assert check(corpus, laws, text, folder) == []


def test_what_was_checked_is_counted(corpus: Path, laws: Path) -> None:
    (corpus / "policy" / "file.md").write_text(DIGEST, encoding="utf-8")
    report = run(corpus, laws, day=TODAY)
    assert (report.files, report.statements, report.references, report.failed) == (1, 5, 6, False)


WRONG_DIGESTS = {
    "no front matter": (DIGEST.split("---\n")[2], "没有文首信息"),
    "no topics": (changed("topics:\n  - 社会救助\n", ""), "文首缺少 topics"),
    "wrong kind": (changed("kind: policy ", "kind: case "), "应当是 policy"),
    "no such day": (changed("2026-11-25", "2026-02-30"), "不存在"),
    "date in words": (changed("2026-11-25", "2026年11月"), "日期"),
    "other heading": (changed("# 暖冬救助怎么申请\n\n", "# 别的标题\n\n"), "与文首的 title 不同"),
    "two headings": (cited("").replace("## 怎么办", "# 怎么办"), "一级标题"),
    "source not cited": (changed("  - 暖冬救助办法\n", "  - 暖冬救助办法\n  - 民法典\n"), "文中没有引用"),
    "citation not listed": (changed("  - 暖冬救助办法\n", ""), "sources 里没有列"),
    "no reference": (cited("救助金会打到银行卡里。"), "没有引用依据"),
    "reference after the full stop": (cited("救助金打到卡里。（《暖冬救助办法》第二条）"), "写在句号前面"),
    "unknown text": (cited("救助金打到卡里（《寒冬救助办法》第二条）。"), "是不是《暖冬救助办法》"),
    "no place": (cited("家庭提交收入证明（《暖冬救助办法》）。"), "后面要写条款号"),
    "a range": (cited("家庭提交收入证明（《暖冬救助办法》第二条至第三条）。"), "看不懂“至"),
    "words before the title": (cited("家庭提交收入证明（见《暖冬救助办法》第二条）。"), "引用格式看不懂"),
    "no such article": (cited("家庭提交收入证明（《暖冬救助办法》第五条）。"), "没有第五条（共 5 条）"),
    "no such inserted article": (cited("家庭提交收入证明（《暖冬救助办法》第二条之一）。"), "没有第二条之一"),
    "no such paragraph": (cited("家庭提交收入证明（《暖冬救助办法》第二条第三款）。"), "没有第二条第三款（该条有 2 款）"),
    "no such item": (cited("残疾一级优先（《暖冬救助办法》第三条第（四）项）。"), "没有第三条第（四）项"),
    "no such section": (cited("物资发放前公示（《关于做好暖冬救助工作的通知》三）。"), "它的分段是 一、二"),
    "no such subsection": (cited("物资发放前公示（《关于做好暖冬救助工作的通知》二、（三））。"), "没有二、（三）"),
    "number of the old version": (changed("15个工作日", "30个工作日"), "“30个工作日”在第二条第二款里没有"),
    "days for working days": (changed("15个工作日", "15天"), "十五个工作日"),
    "number of another paragraph": (changed("第二条第二款", "第二条第一款"), "那里没有数字"),
    "wrong age": (changed("60岁", "65岁"), "“65岁”"),
    "wrong share": (changed("30%", "三分之一"), "“三分之一”"),
    "wrong amount": (changed("500元", "800元"), "“800元”在"),
    "wrong number in a section": (changed("公示七日", "公示五日"), "“五日”在二、（二）里没有"),
    "copied wording": (cited("家庭应当向户籍所在地乡镇人民政府提出书面申请（《暖冬救助办法》第二条）。"), "连续 20 字相同"),
    "few words in common": (cited("机构负责人每周参加督导会议讨论个案（《暖冬救助办法》第二条）。"), "条号对吗"),
    "another article": (cited("购买燃煤时的凭证应当保存好（《暖冬救助办法》第二条）。"), "第三条之一有"),
    "plan of past years": (cited("救助金打到卡里（《救助规划（2021-2023年）》一）。"), "期限到2023年为止"),
    "mobile": (cited("电话13800138000。"), "手机号"),
    "landline": (cited("电话010-62345678。"), "座机号"),
    "identity number": (cited("号码11010119900307123X。"), "证件号"),
    "mail": (cited("写信到someone@example.com。"), "邮箱"),
    "address": (cited("见https://example.com。"), "网址"),
    "other hotline": (cited("拨打12333。"), "热线 12333"),
    "rule among the advice": (f"{DIGEST}\n## 社工可以做的\n发现情况应当依法报告。\n", "没有引用依据"),
}


@pytest.mark.parametrize(("text", "reason"), WRONG_DIGESTS.values(), ids=WRONG_DIGESTS)
def test_a_mistake_in_a_digest_is_found(corpus: Path, laws: Path, text: str, reason: str) -> None:
    assert reason in "\n".join(problem.reason for problem in check(corpus, laws, text))


WRONG_CASES = {
    "not invented": (changed("invented: true\n", "", CASE), "invented: true"),
    "title without its mark": (changed("（虚拟案例）", "", CASE), "虚拟案例"),
    "no disclaimer": (changed("本案例为虚构，仅供学习，不对应任何真实的人和事。", "", CASE), "案例为虚构"),
    "rule without reference": (f"{CASE}- 老人依法享有救助。\n", "没有引用依据"),
    "law without reference": (f"{CASE}- 《暖冬救助办法》给了他一条路。\n", "没有引用依据"),
    "duty to report without reference": (f"{CASE}- 学校应当立即向公安机关报告。\n", "没有引用依据"),
}


@pytest.mark.parametrize(("text", "reason"), WRONG_CASES.values(), ids=WRONG_CASES)
def test_a_mistake_in_a_case_is_found(corpus: Path, laws: Path, text: str, reason: str) -> None:
    assert reason in "\n".join(problem.reason for problem in check(corpus, laws, text, "cases"))


def test_a_problem_names_the_line_and_the_sentence(corpus: Path, laws: Path) -> None:
    (problem,) = check(corpus, laws, cited("救助金会打到银行卡里。"))
    assert (problem.file, problem.line, problem.start) == ("policy/file.md", 19, "救助金会打到银行卡里。")


def test_advice_without_reference_is_one_warning_a_section(corpus: Path, laws: Path) -> None:
    (problem,) = check(corpus, laws, f"{DIGEST}\n## 社工可以做的\n陪他去。记下日期。\n")
    assert problem.warning and "2 句" in problem.reason


def test_too_few_files_are_reported(corpus: Path, laws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MINIMUM", {"policy": 2})
    (problem,) = check(corpus, laws, DIGEST)
    assert problem.reason == "只有 1 篇，至少要 2 篇"


def test_two_files_of_one_title_are_reported(corpus: Path, laws: Path) -> None:
    (corpus / "policy" / "other.md").write_text(DIGEST, encoding="utf-8")
    (problem,) = check(corpus, laws, DIGEST)
    assert "标题与 policy/file.md 相同" in problem.reason


def test_only_the_named_files_are_checked(corpus: Path, laws: Path) -> None:
    (corpus / "policy" / "wrong.md").write_text("没有标题。", encoding="utf-8")
    good = corpus / "policy" / "good.md"
    good.write_text(DIGEST, encoding="utf-8")
    report = run(corpus, laws, day=TODAY, only=[good])
    assert (report.files, report.problems) == (1, [])


def test_a_text_known_to_be_replaced_is_not_cited(
    corpus: Path, laws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "uncitable", lambda: {"暖冬救助办法": "2026年新修订"})
    assert "不要引用：2026年新修订" in check(corpus, laws, DIGEST)[0].reason


def test_a_text_not_yet_or_no_longer_in_force_is_not_cited(corpus: Path, laws: Path) -> None:
    (corpus / "policy" / "file.md").write_text(DIGEST, encoding="utf-8")
    reasons = [problem.reason for problem in run(corpus, laws, day=date(2009, 1, 1)).problems]
    assert "《暖冬救助办法》在参考文本里没有现行有效的版本" in reasons


def test_an_article_of_the_civil_code_is_found_in_whichever_part_holds_it(corpus: Path, laws: Path) -> None:
    text = changed("  - 暖冬救助办法\n", "  - 暖冬救助办法\n  - 民法典\n")
    text += "- 人去世时留下的合法个人财产叫作遗产（《民法典》第一千一百二十二条）。\n"
    assert check(corpus, laws, text) == []


@pytest.mark.parametrize(
    "bracket",
    [
        "《暖冬救助办法》第二条、第三条",
        "《暖冬救助办法》第二条；《关于做好暖冬救助工作的通知》二、（二）",
        "《关于做好暖冬救助工作的通知》二、（一）、（二）；《暖冬救助办法》第2条第1款、第二款",
        "《关于做好暖冬救助工作的通知》一、二；《暖冬救助办法》第二条",
    ],
)
def test_several_places_may_be_named_in_one_bracket(corpus: Path, laws: Path, bracket: str) -> None:
    assert check(corpus, laws, cited(f"家庭申请救助要提交收入证明（{bracket}）。")) == []


def test_labels_read_as_a_person_writes_them() -> None:
    assert Locator(((0, "第九条"), (1, "第二款"), (2, "（三）"))).label == "第九条第二款第（三）项"
    assert Locator(((0, "二"), (1, "（三）"))).label == "二、（三）"


@pytest.mark.parametrize(
    ("written", "alike"),
    [
        ("15日", "十五天"),
        ("1年", "十二个月"),
        ("半年", "6个月"),
        ("30%", "百分之三十"),
        ("一半", "二分之一"),
        ("60周岁", "六十岁"),
        ("5万元", "五万元"),
        ("两周", "14日"),
        ("三至五日", "3日、5天"),
        ("两名", "二人"),
    ],
)
def test_a_quantity_is_the_same_however_it_is_written(written: str, alike: str) -> None:
    assert quantities(f"共{written}内") == quantities(f"共{alike}内")


@pytest.mark.parametrize("text", ["第十五条", "第三人", "（三）", "一次性", "一人", "这一天", "一起", "统一"])
def test_ordinals_and_idioms_are_no_quantities(text: str) -> None:
    assert quantities(f"他在{text}里") == set()


def test_days_and_working_days_differ() -> None:
    assert quantities("15个工作日") != quantities("15日")


CATALOG = """\
[[file]]
path = "policy/file.md"
kind = "policy"
title = "暖冬救助怎么申请"
topics = ["社会救助"]
checked_on = 2026-11-25

[[file.source]]
title = "关于做好暖冬救助工作的通知"
issued = 2021-05-01
locators = ["二、（二）"]

[[file.source]]
title = "暖冬救助办法"
issued = 2020-01-01
effective = 2020-03-01
locators = ["第二条第一款", "第二条第二款", "第三条第（一）项", "第三条第（三）项", "第三条之一"]
"""


def test_the_catalog_names_the_version_and_the_articles(corpus: Path, laws: Path) -> None:
    (corpus / "policy" / "file.md").write_text(DIGEST, encoding="utf-8")
    text = catalog(corpus, read_laws(laws, TODAY))
    assert text.endswith(f"\n\n{CATALOG}")
    assert tomllib.loads(text)["file"][0]["checked_on"] == TODAY


def test_a_missing_folder_is_said_in_chinese(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="找不到参考文本文件夹"):
        run(corpus, tmp_path / "none")


def test_the_command_prints_place_and_reason_and_fails(
    corpus: Path, laws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(corpus, laws, cited("救助金会打到银行卡里。"))
    command.print_report(run(corpus, laws, day=TODAY), Console(highlight=False))
    first, last = capsys.readouterr().out.strip().splitlines()
    assert "policy/file.md:19" in first and "没有引用依据" in first
    assert last == "文件 1 篇，句子 6 句，核对引用 6 处，要改 1 处，提醒 0 处。"


@pytest.mark.parametrize(("text", "code"), [(DIGEST, 0), (cited("救助金会打到银行卡里。"), 1)])
def test_the_command_writes_the_catalog_and_exits_by_the_problems(
    corpus: Path, laws: Path, text: str, code: int
) -> None:
    (corpus / "policy" / "file.md").write_text(text, encoding="utf-8")
    app = typer.Typer()
    app.command()(command.main)
    result = CliRunner().invoke(app, ["--corpus", str(corpus), "--laws", str(laws), "--write-catalog"])
    assert result.exit_code == code
    assert (corpus / "catalog.toml").read_text(encoding="utf-8").startswith("# The starter corpus")


@pytest.mark.shared
@pytest.mark.skipif(not command.LAWS.is_dir(), reason="needs ../shared/corpus/laws")
def test_the_kept_catalog_is_current() -> None:
    kept = (command.CORPUS / "catalog.toml").read_text(encoding="utf-8")
    assert kept == catalog(command.CORPUS, read_laws(command.LAWS, date.today()))
