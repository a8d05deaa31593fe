"""Errors that a person reads.

    ShegongError
    ├── SettingsError          the settings file or a setting is wrong
    ├── FileError              one file could not be taken in; the rest of the batch goes on
    │   ├── FileMissing        path does not exist or may not be read
    │   ├── EmptyFile          no bytes, or no text after cleaning
    │   ├── UnknownFormat      not a format that can be read
    │   ├── DamagedFile        truncated or broken inside
    │   ├── EncryptedFile      needs a password
    │   ├── NeedsOcr           pages are pictures without a text layer
    │   └── FileTooLarge       over the limit in the settings
    ├── StoreError             the data folder can not be used (disk full, permission, damaged)
    │   └── StoreBusy          another process is writing
    ├── IndexOutdated          index and settings disagree (another embedding model, another dictionary): reindex
    ├── ModelError             an embedding or re-ranking model can not be loaded, used or downloaded
    ├── LanguageModelError     the language model endpoint failed
    ├── QuestionError          a question can not be kept as the site's own
    └── QuestionFileError      a table of questions can not be read or written
        └── QuestionRowsError  rows of it are wrong

Every message is one plain Chinese sentence or two: what happened, and what to do.
"""

from collections.abc import Mapping, Sequence

_PROBLEMS_SHOWN = 20


class ShegongError(Exception):
    """Base of all errors whose message is meant for the person at the screen (Chinese)."""


class SettingsError(ShegongError):
    """The settings file or one setting is wrong."""


class FileError(ShegongError):
    """One file could not be taken in."""


class FileMissing(FileError):
    """The path does not exist or may not be read."""


class EmptyFile(FileError):
    """No bytes, or no text after cleaning."""


class UnknownFormat(FileError):
    """Not a format that can be read."""


class DamagedFile(FileError):
    """Truncated or broken inside."""


class EncryptedFile(FileError):
    """Needs a password."""


class NeedsOcr(FileError):
    """Pages are pictures without a text layer."""


class FileTooLarge(FileError):
    """Over the limit in the settings."""


class StoreError(ShegongError):
    """The data folder can not be used."""


class StoreBusy(StoreError):
    """Another process is writing to the data folder."""


class IndexOutdated(ShegongError):
    """The indexes were made with another model or dictionary than the settings name."""


class ModelError(ShegongError):
    """An embedding or re-ranking model can not be loaded, used or downloaded."""


class LanguageModelError(ShegongError):
    """The language model endpoint failed or answered rubbish."""


class QuestionError(ShegongError):
    """A question can not be kept as one of the site's own."""


class QuestionFileError(ShegongError):
    """A table of questions can not be read or written."""


class QuestionRowsError(QuestionFileError):
    """Rows of a table of questions are wrong."""

    def __init__(self, problems: Mapping[str, Sequence[int]]) -> None:
        """List what has to be changed, each with the rows that it is about."""
        lines = [f"  第 {'、'.join(map(str, rows))} 行：{problem}" for problem, rows in problems.items()]
        more = f"\n  另有 {len(lines) - _PROBLEMS_SHOWN} 处。" if len(lines) > _PROBLEMS_SHOWN else ""
        super().__init__("题目文件要先改这几处：\n" + "\n".join(lines[:_PROBLEMS_SHOWN]) + more)
