"""Reading question and passage together, to put the best candidates of the search into a better order.

Slower than comparing vectors by far, so only the first few candidates are read. Off unless a site names a model.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kb.model_folder import ModelFolder, find_model
from kb.model_loading import TEXTS_AT_ONCE, load
from kb.settings import Settings

Scores = npt.NDArray[np.float32]

# The form that Qwen3-Reranker was trained on (its model card), whose files carry a chat's form instead. It ends in an
# empty line, written out because Jinja drops the last line end of a template.
_QWEN3_FORM = """\
<|im_start|>system
Judge whether the Document meets the requirements based on the Query and the Instruct provided. \
Note that the answer can only be "yes" or "no".<|im_end|>
<|im_start|>user
<Instruct>: Given a web search query, retrieve relevant passages that answer the query
<Query>: {{ messages | selectattr("role", "eq", "query") | map(attribute="content") | first }}
<Document>: {{ messages | selectattr("role", "eq", "document") | map(attribute="content") | first }}<|im_end|>
<|im_start|>assistant
<think>

</think>{{ "\n\n" }}"""


class Reranker(Protocol):
    """Tells how well passages answer a question."""

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        """A number for each passage, shape (len(passages),): the higher, the better. Only their order means anything."""


class CrossEncoderReranker:
    """A cross-encoder: bge-reranker and other classifiers with one label, or Qwen3-Reranker's yes-or-no answer."""

    def __init__(self, folder: ModelFolder) -> None:
        """Check the model's files; it is loaded with the first question. Raises ModelError."""
        folder.check("reranker")
        self._folder = folder
        self._one_at_a_time = threading.Lock()  # a tokenizer shared by threads fails with "Already borrowed"

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        """The model's own numbers before any sigmoid, which would make the best ones equal. Raises ModelError."""
        if not passages:
            return np.zeros(0, dtype=np.float32)
        with self._one_at_a_time:
            found = self._model.predict(
                [(question, passage) for passage in passages], batch_size=TEXTS_AT_ONCE, show_progress_bar=False
            )
        return np.asarray(found, dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        from torch.nn import Identity

        causal_without_form = self._folder.architecture.endswith("ForCausalLM") and not self._folder.modules
        form = {"processor_kwargs": {"chat_template": _QWEN3_FORM}} if causal_without_form else {}
        model = load(self._folder, "CrossEncoder", activation_fn=Identity(), **form)
        if model.num_labels != 1:
            raise self._folder.damaged(f"它把一对文字分成 {model.num_labels} 类，而重排模型只给一个分数")
        return model


def reranker_for(settings: Settings) -> Reranker | None:
    """The re-ranker that the setting `reranking.model` names; None when it names none."""
    name = settings.reranking.model
    return CrossEncoderReranker(find_model(name, settings.models_folder)) if name else None
