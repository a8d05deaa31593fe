"""Settings: one TOML file (`shegong.toml`), overridden by environment variables such as SHEGONG_LLM__BASE_URL."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kb.errors import SettingsError
from kb.models import NATIONAL

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_FILE = "shegong.toml"
MODEL_S_OWN = "auto"


class Section(BaseModel):
    """A table of the file; an unknown key is an error, so that a typo is noticed."""

    model_config = ConfigDict(extra="forbid")


class EmbeddingSettings(Section):
    """Which model turns text into vectors: `builtin`, or the name or folder of a sentence-transformers model.

    The prompts are put before questions and passages; `auto` stands for the model's own.
    """

    model: str = "builtin"
    query_prompt: str = MODEL_S_OWN
    document_prompt: str = MODEL_S_OWN


class RerankingSettings(Section):
    """Which cross-encoder reads the best `depth` passages of a search again; no model, no reranking."""

    model: str = ""
    depth: int = Field(default=30, gt=0, le=200)


class LanguageModelSettings(Section):
    """An OpenAI-compatible endpoint; without `base_url` and `model` answers are extracts."""

    base_url: str = ""
    model: str = ""
    api_key: str = ""
    timeout_s: float = Field(default=60.0, gt=0, le=600)
    max_tokens: int = Field(default=1200, gt=0)

    @property
    def enabled(self) -> bool:
        """Whether a site has set a language model."""
        return bool(self.base_url and self.model)


class QuestionSettings(Section):
    """Whether the language model writes questions for new documents in the background, and how many for a passage."""

    write: bool = False
    per_passage: int = Field(default=3, gt=0, le=10)


class ServerSettings(Section):
    """Where the page is served."""

    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=0, le=65535)


class LimitSettings(Section):
    """Bounds on what one file may cost."""

    max_file_mb: int = Field(default=200, gt=0)


class Settings(BaseSettings):
    """All settings with their defaults; the README lists them."""

    model_config = SettingsConfigDict(env_prefix="SHEGONG_", env_nested_delimiter="__", extra="forbid")

    data_folder: Path = PROJECT / "data"
    region: str = NATIONAL
    embedding: EmbeddingSettings = EmbeddingSettings()
    reranking: RerankingSettings = RerankingSettings()
    llm: LanguageModelSettings = LanguageModelSettings()
    questions: QuestionSettings = QuestionSettings()
    server: ServerSettings = ServerSettings()
    limits: LimitSettings = LimitSettings()

    @property
    def writes_questions(self) -> bool:
        """Whether a language model shall write questions for new documents in the background."""
        return self.questions.write and self.llm.enabled

    @property
    def models_folder(self) -> Path:
        """Where `shegong model fetch` puts models, each under its name."""
        return self.data_folder / "models"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose values arrive as init arguments."""
        return env_settings, init_settings


def load_settings(file: Path | None = None) -> Settings:
    """Read `file`, else $SHEGONG_SETTINGS, else shegong.toml in the working or the project folder, else the defaults.

    Raises SettingsError with the line or key that is wrong. `data_folder` is taken relative to the file.
    """
    named = file or (Path(os.environ["SHEGONG_SETTINGS"]) if "SHEGONG_SETTINGS" in os.environ else None)
    path = named or next((p for p in (Path(DEFAULT_FILE), PROJECT / DEFAULT_FILE) if p.exists()), Path(DEFAULT_FILE))
    if not path.exists():
        if named:
            raise SettingsError(f"找不到设置文件 {path}。请检查路径，或去掉这个设置以使用默认值。")
        return _validated({}, path)
    return _validated(_read_toml(path), path)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"设置文件 {path} 的格式有误（{error}）。请改正后再启动，或先把它改名以使用默认设置。") from error
    except OSError as error:
        raise SettingsError(f"设置文件 {path} 无法读取（{error.strerror}）。请检查文件权限。") from error
    if "data_folder" in values:
        values["data_folder"] = path.parent / str(values["data_folder"])
    return values


def _validated(values: dict[str, Any], path: Path) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"设置 {key} 有误（{path}）：{_reason(first)}。请改正后再启动。") from error


def _reason(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "没有这一项设置，可能是拼写有误"
    return f"值 {error['input']!r} 不合要求（{error['msg']}）"
