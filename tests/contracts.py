"""What every index over passages promises, whatever it is made of: add, find, remove, reopen.

A suite subclasses `IndexContract` and gives the fixture `index`. Keys that are no longer published may still lie in an
index; the caller's mask (`among`) keeps them out, as in the knowledge base.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from kb.errors import StoreError

TEXTS = {
    3: "低保由乡镇人民政府受理",
    4: "特困人员由县级民政部门认定",
    5: "护林员补贴按季度发放",
    6: "放河灯应当避开航道",
}


class AnyIndex(Protocol):
    """An index as the contract needs it."""

    def add(self, texts: Mapping[int, str]) -> None:
        """Add texts by key and write them to disk."""

    def remove(self, keys: Collection[int]) -> None:
        """Forget keys."""

    def find(self, text: str, limit: int, among: Collection[int]) -> list[tuple[int, float]]:
        """The best (key, score) whose key is `among` the published ones."""

    def keys(self) -> list[int]:
        """Every key it holds, as often as it holds it."""

    def opened_again(self) -> AnyIndex:
        """The same folder, opened as another process would."""

    def reload(self) -> None:
        """See what another has written."""

    def close(self) -> None:
        """Give back what it holds."""

    def damage(self, folder: Path) -> None:
        """Break the files in `folder`."""


class IndexContract:
    def test_an_empty_index_finds_nothing(self, index: AnyIndex) -> None:
        assert index.find("低保", 5, TEXTS) == []

    @pytest.mark.parametrize("key", TEXTS)
    def test_a_text_is_best_for_its_own_words(self, index: AnyIndex, key: int) -> None:
        index.add(TEXTS)
        assert index.find(TEXTS[key], 3, TEXTS)[0][0] == key

    def test_hits_come_best_first_each_once_and_no_more_than_asked_for(self, index: AnyIndex) -> None:
        index.add(TEXTS)
        found = index.find("低保由乡镇人民政府受理，特困人员由县级民政部门认定", 2, TEXTS)
        scores = [score for _, score in found]
        assert {key for key, _ in found} == {3, 4}
        assert scores == sorted(scores, reverse=True)

    def test_nothing_is_found_for_a_limit_of_zero_words(self, index: AnyIndex) -> None:
        index.add(TEXTS)
        assert all(score == 0 for _, score in index.find("", 5, TEXTS))

    def test_what_is_not_published_is_not_found(self, index: AnyIndex) -> None:
        index.add(TEXTS)
        assert 3 not in [key for key, _ in index.find(TEXTS[3], 5, among={4, 5, 6})]

    def test_what_was_added_is_there_after_opening_again(self, index: AnyIndex) -> None:
        index.add(TEXTS)
        index.close()
        again = index.opened_again()
        assert sorted(again.keys()) == sorted(TEXTS)
        assert again.find(TEXTS[5], 1, TEXTS)[0][0] == 5

    def test_a_reader_sees_what_a_writer_adds_after_reloading(self, index: AnyIndex) -> None:
        index.add({3: TEXTS[3]})
        reader = index.opened_again()
        index.add({6: TEXTS[6]})
        reader.reload()
        assert [key for key, _ in reader.find(TEXTS[6], 1, TEXTS)] == [6]

    def test_what_was_removed_is_gone_also_after_opening_again(self, index: AnyIndex) -> None:
        index.add(TEXTS)
        index.remove({3, 4})
        assert sorted(index.keys()) == [5, 6]
        index.close()
        assert sorted(index.opened_again().keys()) == [5, 6]

    def test_removing_twice_or_what_never_was_changes_nothing(self, index: AnyIndex) -> None:
        index.add(TEXTS)
        index.remove({3})
        index.remove({3, 999})
        assert sorted(index.keys()) == [4, 5, 6]

    def test_adding_goes_on_after_removing(self, index: AnyIndex) -> None:
        index.add(TEXTS)
        index.remove({3})
        index.add({7: TEXTS[3]})
        assert sorted(index.keys()) == [4, 5, 6, 7]
        assert index.find(TEXTS[3], 1, {4, 5, 6, 7})[0][0] == 7

    def test_a_damaged_index_asks_for_a_rebuild(self, index: AnyIndex, tmp_path: Path) -> None:
        index.add(TEXTS)
        index.close()
        index.damage(tmp_path)
        with pytest.raises(StoreError, match="shegong reindex"):
            index.opened_again().add({8: "新的一段"})
