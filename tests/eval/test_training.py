"""The data that the shipped models are trained on, and what is kept from them to measure with."""

import json
from pathlib import Path

import numpy as np
import pytest

from eval import ablation, refusal
from eval.training.ranking import Example, fit, is_right, keep
from eval.training.reference_texts import ReferenceTexts
from eval.training.spoken import QUESTIONS, Kept, SpokenQuestion, kept_for, own_questions
from kb.features import FEATURES, Candidate
from kb.fusion import Fused
from kb.models import Asker, Document, Facts, Passage

LAW = "# 暖冬救助条例\n\n第一条　为了过冬，制定本条例。\n\n第二条　应当书面申请，十五日内办结。\n"
NOTICE = "# 关于做好过冬工作的通知\n\n一、逐户走访。对独居老人每周至少走访一次。\n"


@pytest.fixture
def texts(tmp_path: Path) -> ReferenceTexts:
    near, far = tmp_path / "near", tmp_path / "far" / "laws"
    near.mkdir(), far.mkdir(parents=True)
    (near / "通知.md").write_text(NOTICE, encoding="utf-8")
    (far / "暖冬救助条例(2020-01-01).md").write_text(LAW, encoding="utf-8")
    (far / "_index.md").write_text("", encoding="utf-8")
    return ReferenceTexts(near, tmp_path / "far")


def test_a_question_finds_its_article_in_either_collection(texts):
    assert texts.passage("暖冬救助条例", "第二条", "") == "暖冬救助条例 第二条 应当书面申请，十五日内办结。"
    assert "每周至少走访一次" in texts.passage("关于做好过冬工作的通知", "", "独居老人每周至少走访")
    assert texts.title_of("通知.md") == "关于做好过冬工作的通知"


def test_a_place_that_is_not_there_gives_nothing(texts):
    assert texts.passage("暖冬救助条例", "第九十条", "") == "" == texts.passage("没有的条例", "第一条", "一句话")


def test_the_kept_questions_can_be_read_and_are_written_once():
    questions = list(own_questions())
    assert len(questions) > 12_000
    assert len({question.text for question in questions}) > 0.999 * len(questions)
    assert all(question.title and (question.article or question.phrase) for question in questions)


def test_no_kept_question_is_a_judged_one():
    judged = Path(refusal.__file__).parent / "judged"
    asked = {json.loads(line)["q"] for name in ("questions", "refusal") for line in (judged / f"{name}.jsonl").open(encoding="utf-8")}
    assert not asked & {question.text for question in own_questions()}


def test_kept_questions_hold_no_phone_or_identity_numbers():
    import re

    for file in QUESTIONS.glob("*.jsonl"):
        assert not re.search(r"1[3-9]\d{9}|\d{17}[\dXx]", file.read_text(encoding="utf-8")), file.name


def test_what_is_kept_back_depends_on_title_and_words_alone():
    questions = [SpokenQuestion(f"问题{n}", f"办法{n % 40}", "第一条", "") for n in range(2000)]
    kinds = [question.kept for question in questions]
    new_texts = {q.title for q in questions if q.kept is Kept.NEW_TEXT}
    assert not new_texts & {q.title for q in questions if q.kept is not Kept.NEW_TEXT}
    assert 0.1 < kinds.count(Kept.NEW_TEXT) / 2000 < 0.45 and 0.03 < kinds.count(Kept.NEW_QUESTION) / 2000 < 0.15
    assert kept_for("中华人民共和国老年人权益保障法", "问") == kept_for("老年人权益保障法", "问")


def test_a_candidate_is_right_by_article_or_phrase():
    document = Document("x", "policy", Facts(title="暖冬救助条例"), "", "")
    passage = Passage("p", "x", "第二条　应当书面申请。", ("第二条",), "第二条", None, 0, 11)
    candidate = Candidate(Fused(1, 1.0, {}), passage, document)
    assert is_right(candidate, SpokenQuestion("", "暖冬救助条例", "第二条", ""))
    assert is_right(candidate, SpokenQuestion("", "暖冬救助条例", "", "应当书面"))
    assert not is_right(candidate, SpokenQuestion("", "暖冬救助条例", "第三条", ""))
    assert not is_right(candidate, SpokenQuestion("", "别的条例", "", "应当书面"))


def examples(count: int) -> list[Example]:
    """Questions whose right candidate has the greatest `coverage`; half of them are for the test."""
    random = np.random.default_rng(1)
    made = []
    for number in range(count):
        rows = random.random((12, len(FEATURES))).astype(np.float32)
        right = rows[:, FEATURES.index("coverage")] == rows[:, FEATURES.index("coverage")].max()
        made.append(Example("judged", str(number), rows, right, number % 2 == 1))
    return made


def test_the_ranking_learns_and_the_ablation_shows_what_from(tmp_path: Path):
    pytest.importorskip("lightgbm", exc_type=OSError)
    made = examples(200)
    trees = keep(fit([each for each in made if not each.test]), tmp_path / "ranking.json")
    assert np.mean([each.rank(trees.scores(each.rows)) == 1 for each in made if each.test]) > 0.8
    numbers = ablation.without_each(made, {"覆盖问题用词": ("coverage",), "长度": ("length",)})["judged"]
    assert numbers[ablation.ALL]["first_1"] > 0.8 > 0.4 > numbers["覆盖问题用词"]["first_1"]
    assert numbers["长度"]["first_1"] > 0.8 and numbers[ablation.ALL]["p"] == 1


def test_refusal_is_fitted_so_that_few_answerable_questions_are_refused(laws):
    held = ["取暖补助向谁申请", "取暖补助每月多少", "申请几日内办结", "每户每月不低于多少", "向乡镇人民政府提出申请吗", "补助按月发放吗"]
    empty = ["红烧肉怎么做", "世界杯谁赢了", "写一首诗", "苹果手机截屏", "明天天气", "你好呀"]
    questions = [refusal.Labelled(q, q, "answered") for q in held] + [refusal.Labelled(q, q, "none") for q in empty]
    asked = refusal.ask(laws, questions, Asker())
    calibration = refusal.fit(asked)
    numbers = refusal.shares(asked, calibration)
    assert numbers["none"]["none"] >= 80 and numbers["answered"]["none"] <= 20
    assert 0 <= calibration.touches <= calibration.answers <= 1


def test_a_site_needs_enough_questions():
    from kb.errors import QuestionFileError

    with pytest.raises(QuestionFileError, match="至少要"):
        refusal.of_site([])
