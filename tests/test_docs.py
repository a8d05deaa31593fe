"""The README under test: every command, option, setting and format it names exists, and the other way round."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from assistant.cli import app as shegong
from eval.__main__ import app as evaluation
from ingest.readers import SUFFIXES
from kb.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(shegong).commands
MEASUREMENTS = typer.main.get_command(evaluation).commands
USES = re.findall(r"python3 start\.py ([a-z]+)([^`\n]*)", README)


def options(command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")}


@pytest.mark.parametrize(("name", "rest"), USES)
def test_every_command_and_option_of_the_readme_exists(name, rest):
    assert name in COMMANDS
    command = COMMANDS[name]
    if hasattr(command, "commands"):
        command = command.commands[rest.split()[0]]
    assert set(re.findall(r"--[a-z-]+", rest)) <= options(command)


def test_every_command_stands_in_the_readme():
    assert set(COMMANDS) == {name for name, _ in USES}
    for name, command in COMMANDS.items():
        assert set(getattr(command, "commands", ())) <= {rest.split()[0] for use, rest in USES if use == name and rest.split()}


def test_every_measurement_of_the_readme_exists_and_the_other_way_round():
    named = set(re.findall(r"`python -m eval ([a-z-]+)`", README))
    assert named == set(MEASUREMENTS)


def test_the_settings_example_is_valid_and_names_every_setting_with_its_default():
    example = tomllib.loads(re.search(r"```toml\n(.*?)```", README, re.DOTALL).group(1))
    settings = Settings()
    assert set(example) == set(Settings.model_fields)
    for table in ("embedding", "reranking", "llm", "questions", "server", "limits"):
        assert example[table] == getattr(settings, table).model_dump()
    Settings(**example)


def test_the_formats_of_the_readme_are_those_that_can_be_read():
    named = re.search(r"收录文件或整个文件夹（([^）]*)）", README).group(1)
    assert set(named.split("、")) == {"Markdown", "TXT", "HTML", "PDF", "DOCX"}
    assert set(SUFFIXES) == {".md", ".markdown", ".txt", ".html", ".htm", ".pdf", ".docx"}


def test_the_pictures_and_files_of_the_readme_exist():
    for link in re.findall(r"\]\(([^)h][^)]*)\)", README):
        assert (ROOT / link).is_file(), link
    for name in re.findall(r"`((?:corpus|assistant|kb|ingest|eval)/[\w./]+)`", README):
        assert (ROOT / name).exists(), name


def test_the_two_commands_are_files_that_need_nothing_of_ours_to_start():
    for script in ("start.py", "test.py", "bootstrap.py"):
        source = (ROOT / script).read_text(encoding="utf-8")
        imported = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
        assert imported <= {"__future__", "hashlib", "os", "subprocess", "sys", "venv", "pathlib", "bootstrap"}
