"""Errors of the evaluation package, with a message for the person at the terminal."""

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
