"""Names and metadata that would steer the terminal, break a query or a file: all stay mere text."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from twinsift.catalog import plan_file, upkeep
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import decide, keep_only
from twinsift.catalog.listing import list_groups
from twinsift.catalog.review import load_group
from twinsift.models import decode
from twinsift.tui import cli

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")

FOLDER = b"\x1b[31mred\x07\n'; DROP TABLE file; --"
NAMES = (
    b"\x1b]0;owned\x07.jpg",
    "\u202egpj.\u009b2J.jpg".encode(),
    b"\xff\x1bc\r[bold]x.jpg",
    b"'); DELETE FROM root; --%s?1.jpg",
)
CAMERA = "Lumo\x1b[2J\u202e'; DROP TABLE content; --"


@pytest.fixture
def library(tmp_path: Path, photograph: Callable[..., Image.Image]) -> Path:
    """Four copies of one picture with hostile names, one with a sidecar, in a hostile folder."""
    folder = Path(os.fsdecode(os.path.join(bytes(tmp_path), FOLDER)))
    folder.mkdir()
    exif = Image.Exif()
    exif[0x010F], exif[0x010E] = CAMERA, "\x1b[31mdescription\n"
    for number, name in enumerate(NAMES):
        place = folder / os.fsdecode(name)
        photograph(1, 320, 240).save(place, "JPEG", quality=90 - 5 * number, exif=exif)
    (folder / os.fsdecode(NAMES[0])).with_suffix(".xmp").write_text("edits")
    (folder / "broken\x1b[5m.jpg").write_bytes(b"\xff\xd8\xff\x1b[31mno picture")
    return folder


@pytest.mark.slow
def test_no_command_lets_them_out(
    library: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def here(*_: object) -> None:
        raise AssertionError("a foreign file is decoded in this process")

    monkeypatch.setattr(decode, "reduced", here)  # the workers are interpreters of their own
    catalog = tmp_path / "c\x1b[7m.sqlite"
    plan = tmp_path / "plan\x1b[7m.jsonl"

    def run(*words: str | Path) -> str:
        with suppress(SystemExit):  # argparse's way of telling a wrong use
            cli.main([*map(str, words), "--catalog", str(catalog)])
        out, err = capfd.readouterr()
        bad = {c for c in out + err if c != "\n" and not c.isprintable()}
        assert not bad, (words, bad, out + err)
        assert "Traceback" not in err
        return out

    run("index", library, "--workers", "1")
    run("match")
    run("groups")
    (group,) = map(json.loads, run("groups", "--json").splitlines())
    assert len(group["files"]) == len(NAMES)
    assert {os.fsencode(Path(f["path"]).name) for f in group["files"]} == set(NAMES)
    with Catalog.open(catalog) as opened:
        (summary,) = list_groups(opened)
        detail = load_group(opened, summary.id)
        assert detail is not None

        decide(opened, detail.id, keep_only(detail, {detail.keeper.file_id}))
        assert all(c.isprintable() for m in detail.members for c in m.camera or "")
    run("plan")
    run("plan", "--json")
    run("plan", "--write", plan)
    assert all(c == "\n" or " " <= c <= "~" for c in plan.read_text("utf-8"))
    with Catalog.open(catalog) as opened:
        assert {os.path.basename(i.source) for i in plan_file.read(plan, opened).items} < set(NAMES)
    run("apply", "--plan", plan, "--dry-run")
    run("find", library / os.fsdecode(NAMES[1]), library, "--workers", "1")
    run("find", library / "missing\x1b[31m.jpg", library)
    before = {path.name: path.read_bytes() for path in library.iterdir() if path.is_file()}
    run("apply", "--yes")
    assert len([p for p in library.iterdir() if p.suffix == ".jpg"]) == 2  # ★ and the broken one
    record = next(library.glob(".twinsift-trash/*/record.jsonl")).read_text("utf-8")
    assert all(c == "\n" or " " <= c <= "~" for c in record)
    run("undo", "--list")
    run("purge", "--confirm-purge", "77")
    run("undo")
    run("apply", "--yes")
    run("restore", library)
    assert {p.name: p.read_bytes() for p in library.iterdir() if p.is_file()} == before
    run("catalog", "check")
    run("catalog", "backup", tmp_path / "b\x1b[7m.sqlite")
    run("doctor")
    run("index", tmp_path / "missing\x1b[31m")
    run("nonsense\x1b[31m", "--what\x1b[31m")
    run("apply", "--plan", tmp_path / "missing\x1b[31m")
    with Catalog.open(catalog) as opened:
        assert upkeep.faults(opened) == []


@pytest.mark.parametrize(
    "text",
    [
        'match.hamming = "8; DROP TABLE file"',
        '[files]\ntrash = "\\u001b]0;owned\\u0007"\n[match]\nhamming = "\\u001b[31m"',
        '[index]\n"\\u001b[31m" = 1',
        '"\\u001b[31m" = 1',
        '[index]\nignore = ["\\u001b[31m", 3]',
        '[keys]\n"review.keep_all" = "\\u001b[31m"',
        '[index]\nmodel = "../../\\u001b[31m"',
        "[index]\nignore = \x1b[31m",
        "[index]\r\x1b[31m\x00",
    ],
)
def test_settings_are_values_and_never_more(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A setting of another kind is refused, and one that is text reaches no query and no screen."""
    place = tmp_path / "settings.toml"
    place.write_text(text)
    catalog = tmp_path / "c.sqlite"
    cli.main(["doctor", "--settings", str(place), "--catalog", str(catalog)])
    cli.main(["groups", "--settings", str(place), "--catalog", str(catalog)])
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert all(c == "\n" or c.isprintable() for c in out + err), out + err
