"""Errors of the evaluation package, with a message for the person at the terminal."""

from collections.abc import Sequence
from pathlib import Path

from kb.errors import ShegongError


class SharedMissing(ShegongError):
    """The judged data beside the project is not there."""

    def __init__(self, wanted: Path) -> None:
        """Say which file or folder of the shared data is missing, by name only."""
        super().__init__(
            f"找不到评测数据 {wanted.name}。评测数据不随软件发布，请把 shared 文件夹放在项目文件夹旁边，"
            "或用 --shared 指明它的位置。"
        )


class NoHeldOutModel(ShegongError):
    """The model for measuring has not been trained here."""

    def __init__(self) -> None:
        """Say how to train it."""
        super().__init__("还没有评测用的留出模型。请先运行 python -m eval train-heldout（约十几分钟），再来评测。")


class UnknownRun(ShegongError):
    """No kept run has the name, or several begin with it."""

    def __init__(self, wanted: str, instead: Sequence[str]) -> None:
        """List the runs that may have been meant."""
        listed = "\n".join(f"  {name}" for name in instead) or "  （这里还没有保存过评测）"
        super().__init__(f"没有唯一叫“{wanted}”的评测。请写全名，或它独有的一段：\n{listed}")


class NothingInCommon(ShegongError):
    """Two runs share no question or no way of searching."""

    def __init__(self, before: str, after: str) -> None:
        """Name the two runs."""
        super().__init__(f"{before} 与 {after} 没有共同的问题，无法比较。请选用同一套题目的两次评测。")


class NothingToDraw(ShegongError):
    """No run has been kept in the folder."""

    def __init__(self) -> None:
        """Say what to run first."""
        super().__init__("这里还没有可以画图的评测。请先运行 python -m eval retrieval、answers 或 site。")


class PlotsNotInstalled(ShegongError):
    """The drawing library is not installed."""

    def __init__(self) -> None:
        """Say how to install it."""
        super().__init__("画图要用 matplotlib，还没有安装。请在项目文件夹里用项目环境运行 python -m pip install -e \".[eval]\"")
