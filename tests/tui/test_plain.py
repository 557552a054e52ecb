"""Lines are wrapped at spaces on a terminal, and left as they are elsewhere."""

from __future__ import annotations

import os

import pytest
from twinsift.tui import plain

LONG = "  ok  strict: about 3 false pairs of a million at most, /a/folder/longer-than-a-line"


def test_a_terminal_gets_whole_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((31, 24)))
    plain.tell(LONG, indent=6)
    lines = capsys.readouterr().out.splitlines()
    assert [word for line in lines for word in line.split()] == LONG.split()
    assert all(len(line) <= 30 for line in lines[:-1])
    assert all(line.startswith("      ") for line in lines[1:])


def test_a_pipe_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    plain.tell(LONG, indent=6)
    assert capsys.readouterr().out == LONG + "\n"
