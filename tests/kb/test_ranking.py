"""The learned ranking: features that mean what they say, trees read as they were kept."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kb.embedder import builtin_embedder
from kb.errors import ModelError
from kb.features import FEATURES, Candidate, features
from kb.fusion import Fused
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker, Document, Facts, Passage
from kb.ranking import Trees, builtin_trees, kept_trees, read_trees
from tests.conftest import ANHUI
from tests.fakes import entry, publish


def candidate(text: str, *, title: str = "暖冬救助条例", score: float = 0.5, vector: float = 0.3, **facts: object) -> Candidate:
    known = Facts(title=title, **facts)
    passage = Passage(text[:4], title, text, ("第二条",), "第二条", None, 0, len(text))
    return Candidate(Fused(1, score, {"vector": vector}), passage, Document(title, "policy", known, "", ""))


def rows(knowledge_base: KnowledgeBase, question: str, *candidates: Candidate) -> dict[str, np.ndarray]:
    query, _ = knowledge_base.candidates(question, Asker())
    found = features(query, candidates, builtin_embedder())
    assert found.shape == (len(candidates), len(FEATURES)) and np.isfinite(found).all()
    return dict(zip(FEATURES, found.T, strict=True))


def test_a_passage_that_says_the_question_covers_it_and_is_near(laws):
    found = rows(
        laws,
        "取暖补助向谁申请",
        candidate("申请取暖补助，应当向乡镇人民政府提出书面申请。"),
        candidate("违反本条例的，处以罚款。"),
    )
    for name in ("coverage", "bigrams", "late", "wanted"):
        assert found[name][0] > found[name][1], name


def test_where_a_text_is_from_is_seen(laws):
    found = rows(
        laws, "补助", candidate("补助。", level="法律"), candidate("补助。", level="地方性法规", region=ANHUI)
    )
    assert list(found["level"]) == [1, 7] and list(found["local"]) == [0, 1]


def test_no_candidates_and_no_words_are_no_error(laws):
    rows(laws, "取暖")
    rows(laws, "？！", candidate("……"))


def test_a_purpose_clause_is_told_apart(laws):
    found = rows(laws, "补助", candidate("为了帮助困难家庭过冬，制定本条例。"), candidate("补助按月发放。"))
    assert list(found["purpose"]) == [1, 0]


# --- trees ------------------------------------------------------------------------------------------------------


def kept(*trees: list[list[float]]) -> str:
    return json.dumps({"features": FEATURES, "trees": trees})


def test_rows_go_down_the_trees_and_the_leaves_add_up(tmp_path: Path):
    file = tmp_path / "trees.json"
    first = [[0, 0.5, 1, 2], [1.0], [1, 3.0, 3, 4], [2.0], [4.0]]
    file.write_text(kept(first, [[10.0]]), encoding="utf-8")
    trees = read_trees(file)
    table = np.zeros((3, len(FEATURES)), dtype=np.float32)
    table[1, 0], table[2, :2] = 0.6, (0.6, 3.5)
    assert trees.scores(table).tolist() == [11.0, 12.0, 14.0]


def test_lightgbms_trees_are_kept_exactly(tmp_path: Path):
    lightgbm = pytest.importorskip("lightgbm", exc_type=OSError)
    random = np.random.default_rng(0)
    table = random.normal(size=(400, len(FEATURES))).astype(np.float32)
    labels = table[:, 0] + table[:, 3] ** 2 > 1
    model = lightgbm.train({"objective": "binary", "verbose": -1, "num_leaves": 7}, lightgbm.Dataset(table, labels), 20)
    file = tmp_path / "trees.json"
    file.write_text(kept(*kept_trees(model.dump_model())), encoding="utf-8")
    assert np.allclose(read_trees(file).scores(table), model.predict(table, raw_score=True), atol=1e-3)


@pytest.mark.parametrize("content", ["", "{}", '{"features": ["x"], "trees": [[[1.0]]]}', '{"features": 1, "trees": 2}'])
def test_damaged_trees_are_said(tmp_path: Path, content: str):
    file = tmp_path / "trees.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="排序模型"):
        read_trees(file)


def test_the_trees_that_ship_fit_the_program():
    trees = builtin_trees()
    assert isinstance(trees, Trees) and trees.depth < 20
    assert np.isfinite(trees.scores(np.zeros((2, len(FEATURES)), dtype=np.float32))).all()


def test_search_puts_the_best_candidates_in_the_order_of_the_trees(laws):
    hits = laws.search("取暖补助每月多少钱", Asker()).hits
    ranks = [hit.found_by["ranking"] for hit in hits]
    assert ranks == sorted(ranks, reverse=True) and [hit.score for hit in hits] == sorted((h.score for h in hits), reverse=True)


def test_a_text_that_is_named_but_may_not_be_shown_stays_away(laws):
    for question, kinds in (("送煤下乡办法怎么规定补助", frozenset()), ("暖冬救助条例里怎么申请", frozenset({"training"}))):
        hits = laws.search(question, Asker(kinds=kinds)).hits
        assert not {"送煤下乡办法", "暖冬救助条例"} & {h.document.facts.title for h in hits if kinds or "送煤" in h.document.facts.title}


def test_a_repealed_text_named_by_its_number_stays_away(empty):
    old = entry("旧办法", "补助按月发放。", number="民发〔2001〕7号", repealed=date(2010, 1, 1))
    publish(empty, old, entry("新办法", "补助按季发放。"))
    assert {hit.document.facts.title for hit in empty.search("民发〔2001〕7号里补助怎么发放", Asker()).hits} == {"新办法"}


def test_texts_that_a_question_names_come_first(laws):
    hits = laws.search("暖冬救助条例里怎么申请", Asker()).hits
    assert hits[0].document.facts.title == "暖冬救助条例"
