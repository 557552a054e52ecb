"""The README says what the program does: its commands parse, its settings load, its files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from twinsift.catalog import settings_file
from twinsift.tui import arguments, keymap

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMAND_LINES = re.findall(r"^    (twinsift .*?)(?:\s{3,}.*)?$", README, re.MULTILINE)


def test_every_command_is_shown() -> None:
    shown = {shlex.split(line)[1] for line in COMMAND_LINES}
    assert shown >= set(arguments.COMMANDS)


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_command_lines_parse(line: str) -> None:
    arguments.parse(shlex.split(line)[1:])


def test_settings_load(tmp_path: Path) -> None:
    [sample] = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    place = tmp_path / "settings.toml"
    place.write_text(sample, encoding="utf-8")
    settings_file.load(place)


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_links_lead_somewhere(text: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (REPOSITORY / target).exists(), target


def test_scripts_and_modules_named_exist() -> None:
    for name in re.findall(r"(?:scripts|tui|catalog|models|tests)/\w[\w/]*(?:\.py)?", CONTRIBUTING):
        assert (REPOSITORY / name).exists(), name


def test_keys_are_those_of_the_interface() -> None:
    table = README.split("| where | key |")[1].split("\n\n")[0]
    place = ""
    for row in table.splitlines()[2:]:
        where, keys = (cell.strip() for cell in row.split("|")[1:3])
        place = re.sub(r" .*", "", where) or place
        known = {
            part
            for row in (*keymap.KEYS[place], *keymap.KEYS["everywhere"])
            for part in (*row.shown.split(), row.shown)
        }
        for key in re.findall(r"`([^`]+)`", where + keys):
            assert key in known or f"{key}–9" in known or key == "9", (place, key)
