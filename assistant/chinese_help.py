"""Chinese help and usage errors for the command line, which Typer writes in English."""

from __future__ import annotations

from typing import Any

import typer.rich_utils
from typer.core import TyperCommand, TyperGroup

typer.rich_utils.ARGUMENTS_PANEL_TITLE = "参数"
typer.rich_utils.OPTIONS_PANEL_TITLE = "选项"
typer.rich_utils.COMMANDS_PANEL_TITLE = "命令"
typer.rich_utils.DEFAULT_STRING = "[默认：{}]"
typer.rich_utils.REQUIRED_LONG_STRING = "[必填]"

_USAGE = {"Usage:": "用法：", "[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 [参数]…", "...": "…"}
_ERRORS = {
    "MissingParameter": "缺少参数",
    "NoSuchOption": "没有这个选项",
    "NoSuchCommand": "没有这个命令",
    "BadParameter": "参数不合要求",
    "BadOptionUsage": "选项的用法不对",
    "BadArgumentUsage": "参数的用法不对",
}


def _chinese_usage(usage: str) -> str:
    for english, chinese in _USAGE.items():
        usage = usage.replace(english, chinese)
    return usage


class ChineseCommand(TyperCommand):
    """A command whose help is Chinese throughout."""

    def get_usage(self, ctx: Any) -> str:
        """The usage line in Chinese."""
        return _chinese_usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        """--help, explained in Chinese."""
        return _chinese_help_option(super().get_help_option(ctx))


class ChineseGroup(TyperGroup):
    """A group of commands whose help is Chinese throughout."""

    def get_usage(self, ctx: Any) -> str:
        """The usage line in Chinese."""
        return _chinese_usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        """--help, explained in Chinese."""
        return _chinese_help_option(super().get_help_option(ctx))


def _chinese_help_option(option: Any) -> Any:
    if option is not None:
        option.help = "显示这份帮助。"
    return option


def usage_error(error: Exception, program: str = "shegong") -> str:
    """A usage error of the command line `program` as one Chinese sentence."""
    kind = next((name for cls in type(error).__mro__ if (name := _ERRORS.get(cls.__name__))), "命令用法有误")
    option = getattr(error, "option_name", None) or _parameter_name(error)
    what = f" {option}" if option else f"（{getattr(error, 'message', error)}）"
    return f"{kind}{what}。用 {program} --help 查看全部命令，用 {program} 命令 --help 查看一条命令的用法。"


def _parameter_name(error: Exception) -> str:
    parameter = getattr(error, "param", None)
    return str(getattr(parameter, "metavar", None) or getattr(parameter, "name", "") or "")
