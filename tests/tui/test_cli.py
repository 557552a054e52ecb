"""The command line's grammar, its errors and its exit statuses."""

from __future__ import annotations

import argparse
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from twinsift.catalog import filesystem
from twinsift.catalog.errors import Interrupted, RefusedError
from twinsift.catalog.options import all_options
from twinsift.models.errors import TwinsiftError
from twinsift.tui import arguments, commands_index, targets
from twinsift.tui.cli import main
from twinsift.tui.status import Status


def parse(*words: str) -> argparse.Namespace:
    return arguments.parse(words)


class Screen:
    """What a command wrote, and its status."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def run(self, *words: str) -> int:
        try:
            status = main(words)
        except SystemExit as left:
            status = int(left.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return status


@pytest.fixture
def screen(capsys: pytest.CaptureFixture[str]) -> Screen:
    return Screen(capsys)


@pytest.mark.parametrize(
    ("words", "command", "paths"),
    [
        ((), "open", []),
        (("photos",), "open", ["photos"]),
        (("./find",), "open", ["./find"]),
        (("--catalog", "find", "photos", "more"), "open", ["photos", "more"]),
        (("--catalog=x", "--settings", "y", "index", "photos"), "index", ["photos"]),
        (("--hamming", "4", "photos"), "open", ["photos"]),
        (("--", "index"), "open", ["index"]),
        (("index",), "index", []),
        (("photos", "index"), "open", ["photos", "index"]),
    ],
)
def test_a_path_where_a_command_could_stand(
    words: tuple[str, ...], command: str, paths: list[str]
) -> None:
    parsed = parse(*words)
    assert (parsed.command, parsed.paths) == (command, paths)


def test_global_options_before_and_after_the_command() -> None:
    assert parse("--catalog", "a", "index").catalog == Path("a")
    assert parse("index", "--catalog", "a").catalog == Path("a")
    assert parse("--catalog", "a", "index", "--catalog", "b").catalog == Path("b")
    assert parse("index").catalog is None


def test_every_setting_is_a_flag_of_some_command() -> None:
    helps = [made.format_help() for made in arguments._parsers()[1].values()]
    for option in all_options():
        assert any(option.flag in text for text in helps), option.flag


def test_flags_go_before_the_file(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text("[match]\nhamming = 3\ncosine = 0.5\n[index]\nhidden = true\n")
    settings = arguments.settings_of(
        parse(
            "--settings", str(place), "photos", "--hamming", "7", "--no-hidden", "--ignore", "*.x"
        )
    )
    assert settings.match.hamming == 7
    assert settings.match.cosine == 0.5
    assert settings.index.hidden is False
    assert settings.index.ignore == ("*.x",)


@pytest.mark.parametrize("command", [(), *((name,) for name in arguments.COMMANDS)])
def test_help_is_there(screen: Screen, command: tuple[str, ...]) -> None:
    assert screen.run(*command, "--help") == 0
    assert screen.out.startswith("usage: twinsift")
    assert f"\n    {arguments.OPEN} " not in screen.out


def test_all_commands_are_listed(screen: Screen) -> None:
    screen.run("--help")
    for name in arguments.COMMANDS:
        assert f"\n    {name} " in screen.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("match", "--haming", "3"), "there is no --haming; did you mean --hamming?"),
        (("--hamming", "40", "."), "--hamming: 40 is not a whole number from 0 to 16"),
        (("--keep-order", "sise", "."), "nearest right value: size"),
        (("indx",), "indx does not exist (did you mean `twinsift index`?)"),
        (("./indx",), "./indx does not exist (give an existing folder)"),
        (("find", "nowhere.jpg", "."), "nowhere.jpg does not exist"),
        (("find", "x.jpg", ".", "--min", "101"), "'101' is not a number from 0 to 100"),
        (("find", "x.jpg", ".", "--trash", "--delete"), "not allowed with"),
        (("groups", "--method", "magic"), "invalid choice: 'magic'"),
        (("--settings", "nowhere.toml", "groups"), "there is no settings file nowhere.toml"),
        (("undo", "last"), "invalid int value: 'last'"),
        (("--catalog",), "expected one argument"),
    ],
)
def test_wrong_use(
    screen: Screen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert screen.run(*words) == Status.WRONG_USE
    assert said in screen.err
    assert screen.err.startswith("twinsift")
    assert screen.out == ""


@pytest.mark.parametrize("command", ["match", "review", "groups", "plan", "apply", "undo"])
def test_without_a_catalog_nothing_is_made(screen: Screen, tmp_path: Path, command: str) -> None:
    place = tmp_path / "catalog.sqlite"
    assert screen.run("--catalog", str(place), command) == Status.WRONG_USE
    assert "there is no catalog at" in screen.err
    assert list(tmp_path.iterdir()) == []


def test_the_interface_needs_a_terminal(screen: Screen, tmp_path: Path) -> None:
    assert screen.run("--catalog", str(tmp_path / "c"), *()) == Status.WRONG_USE
    assert "the interface needs a terminal (use --plain, or `twinsift groups`" in screen.err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Interrupted("stopped", "run it again"), Status.INTERRUPTED, "stopped (run it again)"),
        (KeyboardInterrupt(), Status.INTERRUPTED, "run the same command again"),
        (RefusedError("the last copy", "keep one"), Status.SOME_FAILED, "the last copy (keep one)"),
        (TwinsiftError("no", "so"), Status.WRONG_USE, "no (so)"),
        (sqlite3.OperationalError("disk I/O error"), Status.WRONG_USE, "disk I/O error"),
        (OSError(28, "No space left on device", "/x"), Status.WRONG_USE, "/x: No space left"),
        (MemoryError(), Status.WRONG_USE, "not enough memory"),
    ],
)
def test_errors_become_one_line_and_a_status(
    screen: Screen,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: Status,
    said: str,
) -> None:
    def fail(*_: Any) -> int:
        raise error

    monkeypatch.setattr(commands_index, "index", fail)
    assert screen.run("index") == status
    assert said in screen.err
    assert screen.err.count("\n") == 1


def test_a_defect_is_kept_in_a_file(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def fail(*_: Any) -> int:
        raise ZeroDivisionError("the very defect")

    monkeypatch.setattr(commands_index, "index", fail)
    assert screen.run("index") == Status.DEFECT
    assert "Traceback" not in screen.err
    [kept] = home.rglob("last-defect.txt")
    assert "the very defect" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0  # it may name a person's files
    assert str(kept) in screen.err


def test_a_catalog_on_a_network_disk_is_told(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    words = ("--catalog", str(tmp_path / "c"), "index", str(tmp_path / "photos"))
    assert screen.run(*words) == Status.DONE
    assert "network" not in screen.err

    def found(path: Path) -> filesystem.FileSystem:
        return filesystem.FileSystem("nfs4", "/")

    monkeypatch.setattr(filesystem, "of", found)
    assert screen.run(*words) == Status.DONE
    assert "is on a network file system" in screen.err


def test_folders_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    assert targets.folders(["photos", "~"]) == [tmp_path / "photos", home]


def test_demo_makes_a_library_and_says_how_to_go_on(screen: Screen, tmp_path: Path) -> None:
    folder = tmp_path / "some photos"
    assert screen.run("demo", str(folder)) == Status.DONE
    assert f"twinsift demo --open '{folder}'" in screen.out
    assert screen.run("demo", str(folder)) == Status.DONE
    assert "is there already" in screen.out
