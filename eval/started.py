"""How long the product takes from a standing start: `shegong ask` and the page of `shegong serve`, in processes of their own."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

_PROGRAM = (sys.executable, "-c", "from assistant.cli import main; main()")
_LONGEST_SECONDS = 180.0


def cold_ask_seconds(data_folder: Path, questions: Sequence[str]) -> float:
    """Median time of `shegong ask QUESTION`, program start included."""
    times = []
    for question in questions:
        started = time.perf_counter()
        subprocess.run([*_PROGRAM, "ask", question], env=_environment(data_folder), capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def page_ready_seconds(data_folder: Path) -> float | None:
    """Time from `shegong serve` until its page answers; None where it does not come up."""
    port = _free_port()
    started = time.perf_counter()
    server = subprocess.Popen(
        [*_PROGRAM, "serve", "--port", str(port)],
        env=_environment(data_folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while server.poll() is None and time.perf_counter() - started < _LONGEST_SECONDS:
            if _answers(f"http://127.0.0.1:{port}/"):
                return time.perf_counter() - started
            time.sleep(0.05)
        return None
    finally:
        server.terminate()
        server.wait(timeout=20)


def _environment(data_folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHEGONG_")}
    return kept | {"SHEGONG_DATA_FOLDER": str(data_folder), "PYTHONIOENCODING": "utf-8"}


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
