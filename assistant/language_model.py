"""A language model behind an OpenAI-compatible endpoint, through LlamaIndex. The only file that knows LlamaIndex LLMs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from kb.errors import LanguageModelError
from kb.settings import LanguageModelSettings


class LanguageModel(Protocol):
    """Writes text that goes on from a prompt."""

    @property
    def name(self) -> str:
        """The model's name as the reader sees it."""

    def stream(self, instruction: str, prompt: str) -> Iterator[str]:
        """Pieces of the model's answer as they come. Raises LanguageModelError."""


_THINKING = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)


def without_thinking(text: str) -> str:
    """What a model writes without the thoughts that some models write before it."""
    return _THINKING.sub("", text)


def language_model_for(settings: LanguageModelSettings) -> LanguageModel | None:
    """The model the settings name, or None where a site has none."""
    return OpenAILikeModel(settings) if settings.enabled else None


class OpenAILikeModel:
    """DeepSeek, Qwen, GLM, Ollama, vLLM: whatever speaks the OpenAI chat protocol."""

    def __init__(self, settings: LanguageModelSettings) -> None:
        """Remember where the endpoint is; nothing is contacted before the first question."""
        self._settings = settings

    @property
    def name(self) -> str:
        """The model's name as set."""
        return self._settings.model

    def stream(self, instruction: str, prompt: str) -> Iterator[str]:
        """Pieces of the answer as they come; every failure of the endpoint becomes a LanguageModelError."""
        from llama_index.core.llms import ChatMessage, MessageRole
        from llama_index.llms.openai_like import OpenAILike

        settings = self._settings
        model = OpenAILike(
            model=settings.model,
            api_base=settings.base_url,
            api_key=settings.api_key or "none",
            is_chat_model=True,
            temperature=0.1,
            max_tokens=settings.max_tokens,
            timeout=settings.timeout_s,
            max_retries=0,
        )
        messages = [ChatMessage(role=MessageRole.SYSTEM, content=instruction), ChatMessage(role=MessageRole.USER, content=prompt)]
        try:
            for piece in model.stream_chat(messages):
                if piece.delta:
                    yield piece.delta
        except Exception as error:  # openai, httpx, json and LlamaIndex each raise their own
            raise LanguageModelError(_reason(error)) from error


def _reason(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name:
        return "等待超时"
    if "Connect" in name or "Connection" in name:
        return "连不上模型服务"
    if "Authentication" in name or "PermissionDenied" in name or isinstance(error, UnicodeEncodeError):
        return "模型服务拒绝了密钥"
    if status := getattr(error, "status_code", None):
        return f"模型服务出错，状态码 {status}"
    return "模型服务返回了看不懂的内容"
