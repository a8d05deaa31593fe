"""The texts that the spoken questions point into: the laws beside the project and the project's own units and cases."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.corpus_check.digests import Locator
from eval.corpus_check.law_texts import Laws, LawText, read_document, title_key
from eval.errors import SharedMissing
from kb.errors import FileError

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
_VERSION = re.compile(r"[（(]\d{4}[-年].*$")
_LONGEST = 600  # characters of a passage that are worth embedding


@contextmanager
def reference_texts(shared: Path) -> Iterator[ReferenceTexts]:
    """The reference texts, the scale corpus unpacked for as long as they are used. Raises SharedMissing."""
    packed = shared / "corpus" / "laws_all.tar.xz"
    if not packed.exists():
        raise SharedMissing(packed)
    with TemporaryDirectory(prefix="shegong-laws-") as folder:
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
        yield ReferenceTexts(shared / "corpus" / "laws", Path(folder))


@dataclass(frozen=True)
class ReferenceTexts:
    """Texts by title, the station's own laws (`near`) before the large collection (`far`), read when first asked for."""

    near: Path
    far: Path

    def passage(self, title: str, article: str, phrase: str) -> str:
        """Title and text of the article, or of the paragraph that holds `phrase`; empty where there is none."""
        for text in self.versions(title):
            if article and (place := text.find(Locator(((0, article),)))):
                return f"{title} {place[1][:_LONGEST]}"
        lines = (line for text in self.versions(title) for line in text.document.text.split("\n"))
        own = (line for line in _own_lines(title))
        found = (line for source in (lines, own) for line in source if phrase and _bare(phrase) in _bare(line))
        line = next(found, "")
        return f"{title} {line[:_LONGEST]}" if line else ""

    def title_of(self, file: str) -> str:
        """The title of a file of `near`."""
        return self._titles.get(file, "")

    def versions(self, title: str) -> Sequence[LawText]:
        """The versions of a law, those in force first; none where neither collection has it."""
        key = title_key(title)
        if self._laws.family(key):
            return self._laws.family(key)
        return _far_family(self.far, key)

    @cached_property
    def _laws(self) -> Laws:
        return _read([path for path in sorted(self.near.rglob("*")) if path.suffix in (".md", ".htm", ".html")], self.near)

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {document.id: document.facts.title for document in self._laws.documents}


@lru_cache(maxsize=4096)
def _far_family(folder: Path, key: str) -> Sequence[LawText]:
    return _read(_files_by_title(folder).get(key, []), folder).family(key)


@lru_cache(maxsize=2)
def _files_by_title(folder: Path) -> dict[str, list[Path]]:
    """Files by the title their name begins with: reading all of them to learn their titles would take a minute."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.md")):
        found.setdefault(title_key(_VERSION.sub("", path.stem)), []).append(path)
    return found


def _read(files: Sequence[Path], folder: Path) -> Laws:
    documents = []
    for path in files:
        try:
            documents.append(read_document(path, folder))
        except FileError:
            continue  # the collection has empty files
    return Laws(documents, date.today())


@lru_cache(maxsize=256)
def _own_lines(title: str) -> tuple[str, ...]:
    """The lines of the training unit or case of that title."""
    files = (file for folder in ("training", "cases") for file in sorted((CORPUS / folder).glob("*.md")))
    texts = (file.read_text(encoding="utf-8") for file in files)
    return tuple(next((text.splitlines() for text in texts if f"title: {title}\n" in text), ()))


def _bare(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
