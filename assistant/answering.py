"""From a question to a cited answer: search, weigh the evidence, write, check the citations, say what to mind.

`answer` reads top-down; `stream` gives the same answer while a language model is still writing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from assistant import notices
from assistant.citations import check
from assistant.composing import extractive
from assistant.composing.language_model import write
from assistant.evidence import Calibration, Evidence, builtin_calibration, weigh
from assistant.language_model import LanguageModel
from assistant.named import look_up
from assistant.safety import cards_for, fits
from kb.errors import LanguageModelError
from kb.knowledge_base import KnowledgeBase, SearchResult
from kb.models import Answer, Asker

_HITS = 30
_NEAREST = 3
MAX_QUESTION = 500


class Assistant:
    """Answers questions from a knowledge base, with a language model's words where a site has one."""

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        language_model: LanguageModel | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        """Answer from `knowledge_base`; without `language_model` in verbatim sentences.

        `calibration` is the site's own way to weigh evidence; without it the built-in one is used.
        """
        self._knowledge_base, self._language_model = knowledge_base, language_model
        self._calibration = calibration or builtin_calibration()

    @property
    def calibration(self) -> Calibration:
        """How the evidence is weighed, for a page that explains it."""
        return self._calibration

    def answer(self, question: str, asker: Asker) -> Answer:
        """The complete answer. Raises IndexOutdated or StoreError when nothing can be searched."""
        *_, last = self.stream(question, asker)
        return last

    def stream(self, question: str, asker: Asker) -> Iterator[Answer]:
        """The answer as it grows, what to do in danger first; the last one is complete."""
        question = " ".join(question.split())[:MAX_QUESTION]
        cards = cards_for(question)
        if cards:
            yield Answer(question, cards, complete=False)
        yield from (_safe(replace(answer, cards=cards)) for answer in self._searched(question, asker))

    def _searched(self, question: str, asker: Asker) -> Iterator[Answer]:
        found = self._knowledge_base.search(question, asker, _HITS)
        extracted = self._extracted(question, found, asker)
        if self._language_model is None or not extracted.found:
            yield extracted
        else:
            yield from self._written(extracted, found, self._language_model)

    def _extracted(self, question: str, found: SearchResult, asker: Asker) -> Answer:
        """The answer in verbatim sentences, or that nothing was found."""
        knowledge_base, elsewhere = self._knowledge_base, asker.region != found.asker.region
        asker = found.asker
        place = (notices.of_region(asker.region),) if elsewhere else ()
        named = look_up(question, knowledge_base, asker)
        evidence = weigh(found, self._calibration)
        given = named.hits or found.judged  # named by the question, or judged by a person to answer it
        if not given and (named.missing or not evidence.enough):
            return _not_found(question, found, evidence, (*place, *named.missing))
        statements, citations = extractive.compose(
            question,
            found,
            given,
            lambda texts, to=None: knowledge_base.similarity(to or question, texts),
            lambda reference: knowledge_base.article(reference.title, reference.article, asker),
        )
        if not statements:
            return _not_found(question, found, evidence, (*place, *named.missing))
        touches = evidence.verdict == "touches" and not given
        said = (*place, *_only_touches(touches), *named.missing, *notices.for_answer(citations, found, asker))
        looked_for = _looked_for(found)
        return check(
            Answer(
                question,
                statements=statements,
                citations=citations,
                notices=said,
                looked_for=looked_for,
                advice=notices.WHOM_TO_ASK if touches else "",
                touches=touches,
                confidence=evidence.confidence,
                signs=evidence.signs,
            )
        )

    @staticmethod
    def _written(extracted: Answer, found: SearchResult, model: LanguageModel) -> Iterator[Answer]:
        """The same sources in the model's words; the extracted answer if the model fails."""
        try:
            for written in write(extracted, found, model):
                yield check(written) if written.complete else written
        except LanguageModelError as error:
            yield replace(extracted, notices=(*extracted.notices, notices.without_model(error)))


def _safe(answer: Answer) -> Answer:
    """The answer without sentences that must not stand below its cards, and without sources no longer cited."""
    kept = tuple(each for each in answer.statements if fits(answer.cards, each.text))
    return check(replace(answer, statements=kept)) if len(kept) < len(answer.statements) else answer


def _only_touches(touches: bool) -> tuple[str, ...]:
    return (notices.ONLY_TOUCHES,) if touches else ()


def _not_found(question: str, found: SearchResult, evidence: Evidence, said: tuple[str, ...]) -> Answer:
    titles = dict.fromkeys(hit.document.title for hit in (*found.hits, *found.left_out))
    return Answer(
        question,
        nearest=tuple(titles)[:_NEAREST],
        looked_for=_looked_for(found),
        notices=(*said, *notices.for_nothing_found(found)),
        advice=notices.WHOM_TO_ASK,
        found=False,
        confidence=evidence.confidence,
        signs=evidence.signs,
    )


def _looked_for(found: SearchResult) -> tuple[str, ...]:
    """The question's content words with the official terms that were searched along."""
    words = (word for each in found.query.words for word in (each.word, *sorted(each.counterparts)[:2]))
    return tuple(dict.fromkeys(words))[:12]
