"""The triage in lines: the same decisions by the same letters, piped and on a dumb terminal."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from twinsift.catalog import steps
from twinsift.catalog.database import Catalog
from twinsift.catalog.listing import note_first
from twinsift.tui.dialogue import Dialogue
from twinsift.tui.dialogue_commands import COMMANDS, understood
from twinsift.tui.keymap import KEYS
from twinsift.tui.status import Status

from .conftest import SETTINGS, Library, Picture

Talk = Callable[..., str]


@pytest.fixture
def talk(
    filled: Library, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Talk:
    """Give lines to a dialogue as from a pipe; returns what was said."""

    def give(*lines: str, status: int = Status.DONE) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        ended = Dialogue(filled.catalog, SETTINGS, asks=False).run()
        said = capsys.readouterr().out
        assert ended == status, said
        return said

    return give


def test_the_letters_are_those_of_the_screens() -> None:
    for command in COMMANDS:
        if not command.row:
            continue
        place, _, name = command.row.partition(".")
        key = next(key for key in KEYS[place] if key.id == name)
        told = command.letter.split(",")[0]
        enter = command.row == "review.accept"  # a line ends with Enter: alone it decides nothing
        assert told in (*key.shown.split(), key.shown[0]) or enter, command


def test_every_command_is_in_the_help_and_does_something(talk: Talk) -> None:
    said = talk("?")
    for command in COMMANDS:
        assert f"\n{f'{command.letter} {command.argument}'.strip():<12} {command.word}" in said
    letters = [command.letter for command in COMMANDS if command.letter != "1, 2, …"]
    assert "no such command" not in talk(*letters, status=Status.SOME_FAILED)


def test_the_first_group_is_said_in_full(talk: Talk) -> None:
    said = talk()
    assert "4 groups, 0 decided, frees up to" in said
    assert "Group 1 of 4: identical file, 100 % alike, 2 files, frees 2.1 MB" in said
    assert "\n1: ~/Photos/2018/sea.jpg; 4000 by 3000 JPEG; quality 92; 2.1 MB" in said
    assert "suggested to be kept: " in said
    assert said.endswith("0 of 4 groups decided; decisions are kept\n")


def test_decisions_and_their_undo(talk: Talk, filled: Library) -> None:
    said = talk("y", "2", "u", "2", "a")
    assert "sea.jpg kept, the rest to the trash" in said
    assert "undone: the decision about this group" in said
    assert "3 of 4 groups decided" in said
    decided = filled.decisions()
    assert decided[b"2018/sea.jpg"] == "keep"
    assert decided[b"2021/hut.jpg"] == "trash"
    assert decided[b"2021/hut_edited.jpg"] == "keep"
    assert {decided[b"2019/Rome/IMG_2041.JPG"], decided[b"backup/from phone/IMG_2041 (1).jpg"]} == {
        "keep"
    }


def test_an_empty_line_decides_nothing(talk: Talk, filled: Library) -> None:
    assert talk("", "").count("Group 1 of 4") == 3
    assert filled.decisions() == {}


def test_yes_leaves_marks_by_hand_as_they_are(talk: Talk, filled: Library) -> None:
    said = talk("d 1", "y", "a", "k", "y", "q")
    assert said.count("as marked") == 2
    decided = filled.decisions()
    assert (decided[b"2018/sea.jpg"], decided[b"old disk/sea.jpg"]) == ("trash", "keep")
    assert decided[b"2021/hut.jpg"] == decided[b"2021/hut_edited.jpg"] == "keep"


def test_words_do_as_letters_do(talk: Talk, filled: Library) -> None:
    talk("yes", "Skip", "go 4", "mark 2", "back", "distinct", "quit", "all")
    decided = filled.decisions()
    assert decided[b"2018/sea.jpg"] == "keep"
    assert decided[b"export/web/garden-1.jpg"] == "trash"
    assert filled.fact("SELECT count(*) FROM distinct_pair") == 1
    assert b"2021/hut.jpg" not in decided


def test_what_is_not_understood_is_said_and_told_by_the_status(talk: Talk) -> None:
    said = talk("frobnicate", "7", "d", "G 99", "m", status=Status.SOME_FAILED)
    assert "frobnicate: no such command; ? lists them" in said
    assert "there is no file 7 in this group" in said
    assert "a number from 1 to 2" in said
    assert "name it once: m FOLDER" in said


def test_filters_and_near_shots(talk: Talk) -> None:
    said = talk("/rome", "/ ", "t", "n", "A", "n", status=Status.SOME_FAILED)
    assert "1 group, 0 decided" in said
    assert "only with rome" in said
    assert "only identical file" in said
    assert "1 group of near shots" in said
    assert "near shots are never decided in bulk" in said


def test_accepting_all_wants_the_word(talk: Talk, filled: Library) -> None:
    said = talk("A", "no", "A", "yes")
    assert said.count("4 groups: keep 4 files, trash 7 files") == 2
    assert "nothing was done" in said
    assert len(filled.decisions()) == 11


def test_groups_that_arrive_are_told(
    filled: Library, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Typed(io.StringIO):
        def readline(self, *_: Any) -> str:
            if not lines:
                filled.group([Picture(b"new/a.jpg"), Picture(b"new/b.jpg")])
                note_first(filled.catalog)
            lines.append("")
            return "l\n" if len(lines) < 3 else ""

    lines: list[str] = []
    monkeypatch.setattr(sys, "stdin", Typed(""))
    assert Dialogue(filled.catalog, SETTINGS, asks=False).run() == Status.DONE
    assert "1 new group" in capsys.readouterr().out


def test_names_are_printed_safely(
    library: Library, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library.group([Picture(b"a\x1b]0;owned\x07\xff.jpg"), Picture(b"b\n.jpg")])
    monkeypatch.setattr(sys, "stdin", io.StringIO("l\ni\ny\n"))
    Dialogue(library.catalog, SETTINGS, asks=False).run()
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\x07" not in said


@pytest.fixture
def photos(tmp_path: Path, photograph: Callable[..., Image.Image]) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(2):
        picture = photograph(number, 160, 120)
        picture.save(folder / f"p{number}.png")
        picture.save(folder / f"p{number} copy.bmp")
    return folder


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


@pytest.mark.slow
def test_on_a_dumb_terminal_from_index_to_restore(photos: Path, tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    command = Path(sys.executable).with_name("twinsift")
    catalog = tmp_path / "catalog.sqlite"
    environment = {**os.environ, "TERM": "dumb"}
    child = pexpect.spawn(
        str(command), ["--catalog", str(catalog), str(photos)], env=environment, encoding="utf-8",
        timeout=90, echo=False, dimensions=(24, 200),
    )  # fmt: skip
    said = io.StringIO()
    child.logfile_read = said
    child.expect("2 groups, 0 decided")
    child.expect("> ")
    before = _names(photos)
    for line, answer in (("y", "kept"), ("y", "no open group is left"), ("P", "in all 2 files")):
        child.sendline(line)
        child.expect(answer)
    assert _names(photos) == before
    child.sendline("!")
    child.expect("type yes to go on")
    child.sendline("yes")
    child.expect("done: 2 files")
    assert len(_names(photos)) == 2
    child.sendline("R")
    child.expect("brought back 2 files")
    assert _names(photos) == before
    child.expect("\n> ")  # before it, Ctrl-C would stop the work, not the dialogue
    child.sendintr()
    child.expect("left; decisions are kept")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == Status.INTERRUPTED
    assert "\x1b" not in said.getvalue()
    with Catalog.open(catalog) as opened:
        assert steps.undo(opened) is None
    again = pexpect.spawn(
        str(command), ["review", "--plain", "--catalog", str(catalog)], encoding="utf-8",
        timeout=60, echo=False,
    )  # fmt: skip
    again.expect("> ")
    time.sleep(0.1)
    again.sendeof()
    again.expect("decisions are kept")
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == Status.DONE


def test_what_a_line_asks_for() -> None:
    asked = {
        "y": ("y", ""), "YES": ("y", ""), "/sea side": ("/", "sea side"), "m  /x ": ("m", "/x"),
        "keep": None, "nonsense": None, "1, 2, …": None,
    }  # fmt: skip
    assert {line: understood(line) for line in asked} == asked
