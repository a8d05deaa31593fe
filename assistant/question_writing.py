"""A language model writes the questions that people might ask about passages; a person reviews them afterwards.

Off unless a site sets it on. A batch of passages is asked about, checked and kept in one step, with the passages it was
about, so that a run can be stopped at any moment and goes on where it was. Whatever the model does, taking documents in is
over by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.language_model import LanguageModel, language_model_for, without_thinking
from ingest.pipeline import Progress, quiet
from kb.errors import LanguageModelError, StoreBusy
from kb.knowledge_base import KnowledgeBase
from kb.models import Passage, Status
from kb.places import bare, telling_words
from kb.questions import Draft, personal_number
from kb.settings import Settings

_PROMPT = Path(__file__).resolve().parent / "prompts" / "questions.md"
_AT_ONCE = 4  # passages in a prompt: more, and small models mix them up
_SHORTEST_PASSAGE = 30  # characters below which a passage is a heading or a definition of a word
_LONGEST_PASSAGE = 1500
_MOST_WRITTEN = 6000  # characters of an answer after which a model is taken to run in circles
_BARREN = 3  # batches in a row without one usable question: then it is the model, not the passages
_SHORTEST, _LONGEST = 5, 50  # letters of a question; the prompt asks for 6 to 40
_CHINESE_SHARE = 0.7
_COPIED_SHARE = 0.6  # of a question in one run of the passage's own words
_CHINESE = re.compile(r"[㐀-鿿]")
_POINTS_BACK = re.compile(r"上文|上述|本条|本办法|(?<!基)本法|本条例|该办法|该条|这段|该段|本段|资料中|资料里|文中|材料中")
_LINE = re.compile(r"^[^\w\n]*(\d{1,2})[^\w\n]+(.+?)\s*$", re.MULTILINE)
_HOLDING = (Status.IN_FORCE, Status.UNCHECKED, Status.NOT_YET)

Titled = tuple[str, Passage]


@dataclass(frozen=True)
class Written:
    """What a run did: passages asked about, questions kept, questions refused because they were unfit or held already."""

    passages: int = 0
    kept: int = 0
    refused: int = 0


def writer_for(settings: Settings, knowledge_base: KnowledgeBase) -> QuestionWriter | None:
    """The writer of the settings, or None where a site has no language model."""
    model = language_model_for(settings.llm)
    lock = settings.data_folder / "questions.lock"
    return QuestionWriter(knowledge_base, model, settings.questions.per_passage, lock) if model else None


@dataclass(frozen=True)
class QuestionWriter:
    """Lets `model` write up to `per_passage` questions for every passage that has none from a model yet."""

    knowledge_base: KnowledgeBase
    model: LanguageModel
    per_passage: int
    lock: Path

    def run(
        self,
        *,
        only_new: bool = False,
        limit: int | None = None,
        stopped: Callable[[], bool] = lambda: False,
        progress: Progress = quiet,
    ) -> Written:
        """Write for the passages left, those of the newest documents first, `limit` of them at most.

        With `only_new` for documents taken in since writing was first set on. Raises LanguageModelError, StoreBusy when
        another process is writing, StoreError; what was kept before stays.
        """
        with self._alone():
            return self._write(self._passages_left(only_new)[:limit], stopped, progress)

    def _write(self, left: Sequence[Titled], stopped: Callable[[], bool], progress: Progress) -> Written:
        done, barren = Written(), list[Titled]()
        for at in range(0, len(left), _AT_ONCE):
            batch = left[at : at + _AT_ONCE]
            text = self._answer(batch, stopped)
            if stopped():
                break
            drafts, refused = self._checked(text, batch)
            barren += batch
            if drafts:
                kept = self.knowledge_base.questions.add_generated(drafts, self.model.name, barren)
                refused += len(drafts) - len(kept)
                done = Written(done.passages + len(barren), done.kept + len(kept), done.refused + refused)
                barren = []
            elif len(barren) >= _BARREN * _AT_ONCE:
                raise LanguageModelError("模型没有写出能用的问题")
            progress(min(at + _AT_ONCE, len(left)), len(left), batch[-1][0])
        if done.passages and barren:  # the model has shown that it can: there was nothing to ask about these
            self.knowledge_base.questions.add_generated([], self.model.name, barren)
            done = replace(done, passages=done.passages + len(barren))
        return done

    def _passages_left(self, only_new: bool) -> list[Titled]:
        """(title, passage) of what no model has written for yet, in texts that hold or will."""
        knowledge_base, today = self.knowledge_base, date.today()
        since = knowledge_base.questions.new_from(knowledge_base.newest_passage()) if only_new else 0
        titled = (
            (summary.title, passage)
            for summary in knowledge_base.summaries_since(since)
            if knowledge_base.status(summary.id, today) in _HOLDING
            for passage in knowledge_base.passages(summary.id)
            if len(bare(passage.text)) >= _SHORTEST_PASSAGE
        )
        return knowledge_base.questions.unwritten(titled)

    def _answer(self, batch: Sequence[Titled], stopped: Callable[[], bool]) -> str:
        text = ""
        for piece in self.model.stream(_instruction(), _prompt(batch, self.per_passage)):
            text += piece
            if len(text) > _MOST_WRITTEN or stopped():
                break
        return without_thinking(text)

    def _checked(self, text: str, batch: Sequence[Titled]) -> tuple[list[Draft], int]:
        """The usable questions of an answer, `per_passage` for each passage at most, and how many were not."""
        drafts: dict[str, Draft] = {}
        counts = [0] * len(batch)
        written = [(int(number) - 1, question.strip(" \"“”*")) for number, question in _LINE.findall(text)]
        for at, question in written:
            if 0 <= at < len(batch) and counts[at] < self.per_passage and bare(question) not in drafts:
                title, passage = batch[at]
                if fits(question, passage):
                    drafts[bare(question)] = Draft(question, title, self._place(passage))
                    counts[at] += 1
        return list(drafts.values()), len(written) - len(drafts)

    def _place(self, passage: Passage) -> str:
        """Words rather than the article: a renumbered law must not turn a question to another article."""
        return telling_words(passage, self.knowledge_base.passages(passage.document_id))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = FileLock(self.lock, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreBusy("另一个程序正在拟问题。请等它完成后再试一次。") from error
        try:
            yield
        finally:
            lock.release()


def fits(question: str, passage: Passage) -> bool:
    """Whether a model's question may be kept: Chinese, of fit length, understood alone, no copy, no personal numbers."""
    words = bare(question)
    if not _SHORTEST <= len(words) <= _LONGEST or len(_CHINESE.findall(words)) < _CHINESE_SHARE * len(words):
        return False
    if personal_number(question) or _POINTS_BACK.search(question):
        return False
    copied = SequenceMatcher(None, words, bare(passage.text), autojunk=False).find_longest_match().size
    return copied <= _COPIED_SHARE * len(words)


@lru_cache(maxsize=1)
def _instruction() -> str:
    return _PROMPT.read_text(encoding="utf-8")


def _prompt(batch: Sequence[Titled], per_passage: int) -> str:
    listed = "\n\n".join(
        f"[{number}] 《{title}》{passage.locator}\n{passage.text.strip()[:_LONGEST_PASSAGE]}"
        for number, (title, passage) in enumerate(batch, 1)
    )
    return f"资料：\n\n{listed}\n\n每段写 {per_passage} 个问题。"
