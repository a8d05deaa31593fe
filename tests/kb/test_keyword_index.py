"""The keyword index: the contract of all indexes, then what is its own."""

import math
from collections.abc import Iterator

import pytest

from kb.chinese import search_words
from kb.errors import StoreError
from kb.keyword_index import FIELD_WEIGHTS, KeywordEntry, KeywordIndex
from tests.contracts import IndexContract

EVERYTHING = 100


class KeywordTexts:
    """A keyword index as the contract needs it: one document per key."""

    def __init__(self, folder):
        self.folder = folder
        self.index = KeywordIndex(folder)

    def add(self, texts):
        self.index.add(KeywordEntry(key, f"d{key}", ["全文"], [], search_words(text)) for key, text in texts.items())
        self.index.commit()

    def remove(self, keys):
        self.index.remove(f"d{key}" for key in keys)
        self.index.commit()

    def find(self, text, limit, among):
        found = self.index.search(dict.fromkeys(search_words(text), 1.0), EVERYTHING)
        return [(key, score) for key, score in found if key in among][:limit]

    def keys(self):
        return [key for key, _ in self.index.search({"全文": 1.0}, EVERYTHING)]

    def opened_again(self):
        return KeywordTexts(self.folder)

    def reload(self):
        self.index.reload()

    def close(self):
        self.index.close()

    def damage(self, folder):
        (self.folder / "meta.json").write_text("{rubbish")


class TestKeywordIndex(IndexContract):
    @pytest.fixture
    def index(self, tmp_path) -> Iterator[KeywordTexts]:
        index = KeywordTexts(tmp_path / "keyword")
        yield index
        index.close()


@pytest.fixture
def index(tmp_path) -> Iterator[KeywordIndex]:
    index = KeywordIndex(tmp_path / "keyword")
    yield index
    index.close()


def add(index, *texts, title=(), headings=(), first=1):
    index.add(KeywordEntry(key, f"d{key}", title, headings, text) for key, text in enumerate(texts, first))
    index.commit()


def test_what_is_not_committed_is_not_found_and_gone_after_closing(index, tmp_path):
    index.add([KeywordEntry(1, "d", ["低保"], [], ["低保"])])
    assert index.search({"低保": 1.0}, 5) == []
    index.close()
    assert KeywordIndex(tmp_path / "keyword").search({"低保": 1.0}, 5) == []


def test_a_document_goes_with_all_its_passages(index):
    index.add(KeywordEntry(key, "d", [], [], ["低保"]) for key in (1, 2, 3))
    index.add([KeywordEntry(4, "other", [], [], ["低保"])])
    index.commit()
    index.remove(["d"])
    index.commit()
    assert [key for key, _ in index.search({"低保": 1.0}, 5)] == [4]


def test_the_score_is_the_weighted_sum_over_the_fields(index):
    index.add([KeywordEntry(1, "a", ["低保"], ["低保"], ["低保"]), KeywordEntry(2, "b", [], [], ["低保"])])
    index.commit()
    scores = dict(index.search({"低保": 1.0}, 5))
    assert scores[1] > scores[2] > 0
    assert dict(index.search({"低保": 0.5}, 5)) == pytest.approx({key: score / 2 for key, score in scores.items()})
    assert FIELD_WEIGHTS["text"] == 1.0


def test_a_rare_word_counts_more_than_a_common_one(index):
    add(index, ["低保", "申请"], ["申请"], ["申请"], ["申请"])
    assert index.search({"低保": 1.0, "申请": 1.0}, 1)[0][0] == 1
    assert index.rarity("低保") > index.rarity("申请") > 0


def test_rarity_is_the_inverse_document_frequency(index):
    add(index, ["低保"], ["低保"], ["特困"])
    assert index.rarity("低保") == pytest.approx(math.log(1 + (3 - 2 + 0.5) / (2 + 0.5)))
    assert index.rarity("没有") == pytest.approx(math.log(1 + (3 + 0.5) / 0.5))


def test_a_short_passage_wins_over_a_long_one_with_the_same_word(index):
    add(index, ["低保", *["其他"] * 300], ["低保", "其他"])
    assert [key for key, _ in index.search({"低保": 1.0}, 5)] == [2, 1]


@pytest.mark.parametrize("word", ["低保:(", '"', "AND", "*", "a b", "\\", "+低保"])
def test_signs_of_a_query_language_are_words_like_any(index, word):
    add(index, ["低保"])
    assert index.search({word: 1.0}, 5) == []


def test_no_words_find_nothing(index):
    add(index, ["低保"])
    assert index.search({}, 5) == []


def test_a_large_key_reads_back(index):
    index.add([KeywordEntry(2**40, "d", [], [], ["低保"])])
    index.commit()
    assert index.search({"低保": 1.0}, 5)[0][0] == 2**40


def test_a_second_writer_is_refused_with_a_chinese_message(index, tmp_path):
    add(index, ["低保"])
    with pytest.raises(StoreError, match="关键词索引无法写入"):
        KeywordIndex(tmp_path / "keyword").add([KeywordEntry(2, "d", [], [], ["低保"])])


def test_a_closed_index_can_be_written_again(index):
    add(index, ["低保"])
    index.close()
    add(index, ["特困"], first=2)
    assert [key for key, _ in index.search({"特困": 1.0}, 5)] == [2]


def test_files_of_a_killed_commit_do_not_stop_the_next_one(index, tmp_path):
    """A commit names the file of deletions after its number, which a killed one has used without counting it."""
    folder = tmp_path / "keyword"
    add(index, *[["低保"]] * 5)
    index.close()
    before = (folder / "meta.json").read_bytes()
    index.remove(["d1"])
    index.commit()
    index.close()
    (folder / "meta.json").write_bytes(before)  # as if killed just before the commit counted
    again = KeywordIndex(folder)
    again.remove(["d1"])
    again.commit()
    assert sorted(key for key, _ in again.search({"低保": 1.0}, 5)) == [2, 3, 4, 5]
    again.close()
