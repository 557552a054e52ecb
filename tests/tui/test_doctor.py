"""The doctor: what it finds well, and what it says of each thing that isn't."""

from __future__ import annotations

import argparse
import sqlite3
from pathlib import Path

import pytest
from twinsift.catalog import filesystem, settings_file
from twinsift.catalog.database import Catalog
from twinsift.catalog.settings import IndexSettings, ScreenSettings, Settings
from twinsift.tui import arguments, doctor
from twinsift.tui.cli import main
from twinsift.tui.doctor import Finding, State


def warnings(findings: doctor.Check) -> list[Finding]:
    return [finding for finding in findings if finding.state is State.WARNING]


def parsed(*words: str) -> argparse.Namespace:
    return arguments.parse(("doctor", *words))


def test_all_is_well_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Catalog.open(tmp_path / "c").close()
    status = main(["doctor", "--catalog", str(tmp_path / "c")])
    out = capsys.readouterr().out
    assert status == 0, out
    for title in ("installation", "picture formats", "settings", "catalog", "terminal"):
        assert f"\n{title}\n" in f"\n{out}"
    assert "all is well" in out


def test_example_settings_are_nothing_but_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--example-settings"]) == 0
    place = tmp_path / "settings.toml"
    place.write_text(capsys.readouterr().out, encoding="utf-8")
    assert settings_file.load(place) == Settings()


def test_wrong_settings_are_one_finding_among_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "settings.toml"
    place.write_text("[match]\nhaming = 3\n")
    assert main(["--settings", str(place), "--catalog", str(tmp_path / "c"), "doctor"]) == 1
    out = capsys.readouterr().out
    assert "!!  " + str(place) + ": [match] haming: no such key (did you mean hamming?)" in out
    assert "1 thing to look at" in out


def test_settings_that_differ_are_listed() -> None:
    words = parsed("--hamming", "3", "--keep-order", "size")
    findings = [f.text for f in doctor.check_settings(words, arguments.settings_of(words), None)]
    assert "match.hamming = 3" in findings
    assert 'keep.order = ["size"]' in findings
    assert len(findings) == 3


def test_own_keys_are_checked_one_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[keys]\ngroups.sortt = "e"\nreview.skip = "a"\nplan.drop = "ctrl+z"\n')
    assert main(["--settings", str(place), "--catalog", str(tmp_path / "c"), "doctor"]) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if "[keys]" in line]
    assert told == [
        f"  !!  {place}: [keys] groups.sortt: there is no such action (did you mean groups.sort?)",
        f"  !!  {place}: [keys] plan.drop: ctrl+z is reserved: it goes back to the shell"
        " (take another key)",
        f"  !!  {place}: [keys]: a would be both review.keep_all and review.skip"
        " (give one of them another key)",
    ]
    place.write_text('[keys]\ngroups.sort = "e"\n')
    main(["--settings", str(place), "--catalog", str(tmp_path / "c"), "doctor"])
    assert '  --  keys.groups.sort = "e"\n' in capsys.readouterr().out


def test_no_catalog_is_no_trouble_and_none_is_made(tmp_path: Path) -> None:
    [finding] = doctor.check_catalog(tmp_path / "deep" / "c")
    assert finding.state is State.NOTE
    assert list(tmp_path.iterdir()) == []


def test_a_network_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(path: Path) -> filesystem.FileSystem:
        return filesystem.FileSystem("nfs4", "/")

    monkeypatch.setattr(filesystem, "of", found)
    [finding] = warnings(doctor.check_catalog(tmp_path / "c"))
    assert "network file system (nfs4)" in finding.text


def test_a_foreign_or_damaged_catalog(tmp_path: Path) -> None:
    other = tmp_path / "other"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    assert "of another program" in warnings(doctor.check_catalog(other))[0].text
    noise = tmp_path / "noise"
    noise.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    assert warnings(doctor.check_catalog(noise))


def test_folders_and_what_is_missing(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "c") as catalog, catalog.transaction() as connection:
        for name in ("here", "gone"):
            connection.execute(
                "INSERT INTO root (path, added_at) VALUES (?, 0)", (bytes(tmp_path / name),)
            )
    (tmp_path / "here").mkdir()
    findings = list(doctor.check_catalog(tmp_path / "c"))
    assert any(f.text == f"{tmp_path / 'here'}: normal, 0 pictures" for f in findings)
    assert [f.text for f in findings if f.state is State.WARNING] == [
        f"{tmp_path / 'gone'} is not there"
    ]


def test_a_network_file_that_is_none(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"no network")
    settings = Settings(index=IndexSettings(model=str(model)))
    [finding] = doctor.check_model(settings)
    assert finding.state is State.WARNING
    assert str(model) in finding.text
    finding, _ = doctor.check_model(Settings())
    assert finding.state is State.NOTE


def test_terminal() -> None:
    settings = Settings(screen=ScreenSettings())
    environ = {"TERM": "tmux-256color", "TMUX": "x"}
    texts = [finding.text for finding in doctor.check_terminal(settings, environ)]
    assert "TERM=tmux-256color inside tmux" in texts
    assert "tmux is taken for 256 colours" in texts
    assert "this is no terminal now; the interface needs one" in texts


def test_a_library_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PACKAGES", {"numpy": "numpy.nowhere", "no-such-package": "x"})
    broken, missing = warnings(doctor.check_installation())
    assert "numpy can't be loaded" in broken.text
    assert "no-such-package is missing" in missing.text
