"""The child that parses one PDF: writes a JSON list of page texts to standard output; exit 3 means a password is needed."""

from __future__ import annotations

import json
import logging
import sys

from ingest.readers.pdf import MEMORY_LIMIT_BYTES, garbled

_NEEDS_PASSWORD = 3


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no rlimits; the time limit of the parent still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))


def _with_pypdf(path: str) -> list[str]:
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        sys.exit(_NEEDS_PASSWORD)
    pages = []
    for page in reader.pages:
        try:
            pages.append(page.extract_text())
        except Exception:  # one broken page must not cost the others
            pages.append("")
    return pages


def _with_pdfium(path: str) -> list[str]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            sys.exit(_NEEDS_PASSWORD)
        raise
    pages = []
    for number in range(len(document)):
        try:
            pages.append(document[number].get_textpage().get_text_bounded().replace("\r\n", "\n"))
        except pypdfium2.PdfiumError:
            pages.append("")
    return pages


def _worth(pages: list[str]) -> int:
    text = "".join(pages)
    return 0 if garbled(text) else len("".join(text.split()))


def main(path: str) -> None:
    """Try pypdf, and pdfium where its text is missing or garbled; the better one goes out."""
    logging.disable(logging.CRITICAL)
    _limit_memory()
    candidates: list[list[str]] = []
    for extract in (_with_pypdf, _with_pdfium):
        try:
            pages = extract(path)
        except Exception:  # every library failure means: try the next
            continue
        candidates.append(pages)
        if _worth(pages) > 20 * len(pages):
            break
    if not candidates:
        sys.exit(1)
    print(json.dumps(max(candidates, key=_worth)))


if __name__ == "__main__":
    main(sys.argv[1])
