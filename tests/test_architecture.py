"""What holds the parts apart: imports point one way, slow libraries wait until they are used, ruff and mypy find nothing."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SLOW = ("torch", "sentence_transformers", "transformers", "chromadb", "gradio", "llama_index", "pandas")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=PROJECT, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


def test_imports_point_one_way():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = run("-c", code)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("modules", ["kb.knowledge_base, assistant.cli", "ingest.pipeline", "assistant.answering"])
def test_slow_libraries_are_not_imported_before_they_are_used(modules):
    done = run("-c", f"import sys, {modules}; print(*[name for name in {SLOW!r} if name in sys.modules])")
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_a_question_is_answered_without_the_slow_libraries(laws):
    code = f"""
import sys
from pathlib import Path
from assistant.answering import Assistant
from kb.embedder import builtin_embedder
from kb.knowledge_base import KnowledgeBase
from kb.models import Asker
answer = Assistant(KnowledgeBase(Path(sys.argv[1]), builtin_embedder())).answer("申请取暖补助向谁提出", Asker())
assert answer.statements
print(*[name for name in {SLOW!r} if name in sys.modules])
"""
    done = run("-c", code, str(laws._folder))
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_ruff_finds_nothing():
    done = run("-m", "ruff", "check", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(300)
def test_mypy_finds_nothing():
    done = run("-m", "mypy")
    assert done.returncode == 0, done.stdout


def test_every_package_is_installed():
    """setuptools lists them by hand: a forgotten one would only be missed in a built wheel."""
    import tomllib

    listed = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    roots = ("kb", "ingest", "assistant", "eval")
    found = [init.parent for root in roots for init in (PROJECT / root).rglob("__init__.py")]
    assert sorted(listed) == sorted(folder.relative_to(PROJECT).as_posix().replace("/", ".") for folder in found)


@pytest.mark.parametrize("reach", [lambda: socket.create_connection(("192.0.2.1", 80), 1), lambda: socket.gethostbyname("example.com")])
def test_a_test_that_reaches_for_another_computer_is_stopped_and_told(reach, _no_outbound_connection):
    with pytest.raises(OSError, match="tests may not reach"):
        reach()
    assert _no_outbound_connection
    _no_outbound_connection.clear()  # else this test would fail, as any other would
