"""The kill check itself: a few rounds find nothing wrong, and it does see what is wrong."""

import random

import pytest

from eval import kill
from eval.kill import Step
from kb.catalog import Catalog
from kb.embedder import MODEL_FOLDER
from kb.keyword_index import KeywordIndex
from kb.knowledge_base import KnowledgeBase

VERSIONS = {"k1": 1, "k2": 1}


def test_six_kills_lose_nothing(tmp_path):
    report = kill.run(6, seed=5, folder=tmp_path)
    assert report.problems == [] and sum(report.kills.values()) == 6
    assert report.numbers()["kills"] == 6 and not list(tmp_path.iterdir())


def test_a_step_may_be_seen_old_or_new_or_between_its_batches():
    step = Step("replace", {f"k{number}": 2 for number in range(10)})
    before = dict.fromkeys(step.changes, 1)
    stages = list(step.stages(before))
    assert [sum(version == 2 for version in stage.values()) for stage in stages] == [0, 7, 10]
    assert list(Step("remove", {"k1": 2}).stages(VERSIONS)) == [VERSIONS, {"k2": 1}]
    assert list(Step("reindex").stages(VERSIONS)) == [VERSIONS]


def test_operations_are_drawn_from_what_is_there(tmp_path):
    session = kill._Session(tmp_path, random.Random(1))
    assert session._choose().kind == "ingest"
    session._versions = {f"k{number}": 1 for number in range(kill._MOST_DOCUMENTS)}
    assert {session._choose().kind for _ in range(50)} == {"replace", "remove", "reindex"}


@pytest.fixture
def data(tmp_path):
    """A data folder that shows VERSIONS, beside the files."""
    (tmp_path / "model").symlink_to(MODEL_FOLDER)
    (tmp_path / "1" / "files").mkdir(parents=True)
    for name, version in VERSIONS.items():
        kill._write(tmp_path / "1" / "files", name, version)
    kill._perform(tmp_path / "1" / "data", tmp_path / "1" / "files", Step("ingest", VERSIONS))
    return tmp_path / "1" / "data"


def problems(data, versions=VERSIONS):
    return kill._all_problems(data, data.parent / "files", versions, clean=True)


def test_a_sound_folder_has_no_problems(data):
    assert problems(data) == []


def spoil_passage(data, catalog):
    with catalog.writing() as connection:
        connection.exec_driver_sql("UPDATE passages SET text = text || '多' WHERE key = 3")


def lose_passage(data, catalog):
    with catalog.writing() as connection:
        connection.exec_driver_sql("DELETE FROM passages WHERE key = 3")


def lose_source(data, catalog):
    with catalog.writing() as connection:
        connection.exec_driver_sql("DELETE FROM sources WHERE source = 'k1'")


def leave_staged(data, catalog):
    with catalog.writing() as connection:
        connection.exec_driver_sql("INSERT INTO documents VALUES ('x', 'staged', 'training', '{}', '', '[]', 0)")


def lose_from_tantivy(data, catalog):
    index = KeywordIndex(data / catalog.value("index_folder") / "keyword")
    index.remove([catalog.summaries()[0].id])
    index.commit()
    index.close()


def double_vectors(data, catalog):
    folder = data / catalog.value("index_folder") / "vectors"
    for name in ("vectors.f32", "keys.i64"):
        (folder / name).write_bytes((folder / name).read_bytes() * 2)


def mix_up_vectors(data, catalog):
    file = data / catalog.value("index_folder") / "vectors" / "keys.i64"
    content = file.read_bytes()
    file.write_bytes(content[8:16] + content[:8] + content[16:])


def leave_half_an_index(data, catalog):
    (data / "index-0badcafe").mkdir()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (spoil_passage, "passages are not those taken in"),
        (lose_passage, "passages are not those taken in"),
        (lose_source, "sources do not name"),
        (leave_staged, "leftover"),
        (lose_from_tantivy, "tantivy"),
        (double_vectors, "vectors.f32"),
        (mix_up_vectors, "not those of their texts"),
        (leave_half_an_index, "half-built"),
    ],
)
def test_damage_is_seen(data, damage, says):
    catalog = Catalog.in_folder(data)
    damage(data, catalog)
    catalog.close()
    assert any(says in problem for problem in problems(data))


def test_a_mix_of_versions_is_seen(data):
    files = data.parent / "files"
    for name in VERSIONS:
        kill._write(files, name, 2)
    kill._perform(data, files, Step("replace", {"k1": 2}))
    step = Step("replace", {"k1": 2, "k2": 2})
    with pytest.raises(AssertionError, match="mix of versions"):
        kill._matching(data, files, list(step.stages(VERSIONS)))
    knowledge_base = KnowledgeBase(data, kill._embedder(data))
    assert len(knowledge_base.summaries()) == 2
    knowledge_base.close()
