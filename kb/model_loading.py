"""Loading a site's own model through sentence-transformers: from its folder, without network, saying in Chinese what fails.

The library keeps quiet meanwhile, except that its report of missing weights becomes an error: it would fill them with
random numbers, other ones at every start.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kb.errors import ModelError
from kb.model_folder import ModelFolder

MOST_TOKENS = 1024  # title, headings and text of the longest passage; more would cost memory by its square
TEXTS_AT_ONCE = 16
_MISSING = re.compile(r"^(\S+)\s*\|\s*MISSING", re.MULTILINE)
_REPORTS = "transformers.modeling_utils"


def load(folder: ModelFolder, kind: str, **options: Any) -> Any:
    """The folder as `kind`, SentenceTransformer or CrossEncoder, on the CPU in single precision.

    Raises ModelError where it is damaged or would run code of its own.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import sentence_transformers

    options |= {"device": "cpu", "trust_remote_code": False, "local_files_only": True}
    with _reported() as reports:
        try:
            # Half precision, as many large models are stored, is several times slower on most processors.
            model = getattr(sentence_transformers, kind)(str(folder.path), model_kwargs={"dtype": "float32"}, **options)
        except Exception as error:  # the libraries raise OSError, ValueError, KeyError, RuntimeError and their own
            raise _reason(folder, error) from error
    missing = [name for report in reports for name in _MISSING.findall(report) if "pooler" not in name]
    if missing:
        raise folder.damaged(f"权重文件和 config.json 不是同一个模型的，缺少 {missing[0]} 等 {len(missing)} 项")
    _limit_length(model, folder)
    return model


def _limit_length(model: Any, folder: ModelFolder) -> None:
    if folder.config:  # static embeddings have none and take texts of any length
        limits = (model.max_seq_length, folder.longest, MOST_TOKENS)
        model.max_seq_length = min(int(limit) for limit in limits if limit and limit > 0)


def _reason(folder: ModelFolder, error: Exception) -> ModelError:
    if "auto_map" in folder.config:
        return ModelError(
            f"模型 {folder.name} 要运行它自带的程序代码才能使用，为了安全不予支持。请换一个模型，如 BAAI/bge-small-zh-v1.5。"
        )
    return folder.damaged(f"文件不完整、已损坏或不受支持（{type(error).__name__}）")


class _Reports(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def _reported() -> Iterator[list[str]]:
    """What transformers reports about the weights meanwhile, in place of showing it and a progress bar in English."""
    from transformers.utils import logging as library_logging

    logger, handler = logging.getLogger(_REPORTS), _Reports()
    bar, propagate = library_logging.is_progress_bar_enabled(), logger.propagate
    library_logging.disable_progress_bar()
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield handler.texts
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
        if bar:
            library_logging.enable_progress_bar()
