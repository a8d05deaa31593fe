"""Makes the project's own environment in .venv and installs the project there; used by start.py and test.py.

Needs nothing but Python 3.11 to 3.13 with venv and pip. A folder `wheels` beside this file, if there is one, is searched
first, so that a machine without internet installs from a USB stick.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
_OLDEST, _NEWEST = (3, 11), (3, 13)


def prepare(extras: str = "") -> None:
    """Make the environment unless it is there for this pyproject.toml, these extras and this Python."""
    if not _OLDEST <= sys.version_info[:2] <= _NEWEST:
        sys.exit(f"需要 Python 3.11 到 3.13，现在是 {sys.version.split()[0]}。请安装后再运行。")
    stamp = ENVIRONMENT / f"installed{extras}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    print("第一次运行：正在准备环境，需要几分钟，请稍候……", flush=True)
    _create()
    _install(extras)
    stamp.write_text(wanted)


def run(*arguments: str, folder: Path | None = None) -> int:
    """Run Python of the environment, in `folder` or where the person is; returns its exit code."""
    try:
        return subprocess.run([str(PYTHON), *arguments], cwd=folder, env=_environment()).returncode
    except KeyboardInterrupt:
        return 130


def _create() -> None:
    try:
        venv.EnvBuilder(with_pip=True, upgrade_deps=False, symlinks=os.name != "nt").create(ENVIRONMENT)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"无法创建环境 {ENVIRONMENT}（{error}）。Debian、Ubuntu 请先安装 python3-venv，再检查磁盘空间和权限。")


def _install(extras: str) -> None:
    command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheels = ROOT / "wheels"
    if wheels.is_dir():
        command += ["--find-links", str(wheels)]
    if run(*command, "--editable", f".{extras}", folder=ROOT) != 0:
        sys.exit("安装没有完成。请检查网络和磁盘空间，然后再运行一次同样的命令，会接着装。")


def _environment() -> dict[str, str]:
    """Nothing is sent anywhere: no telemetry, no look-ups of models."""
    return {**os.environ, "HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONUTF8": "1"}
