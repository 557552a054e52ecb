"""The commands about files, from the plan to the purge, as they are typed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.tui import cli
from twinsift.tui.status import Status

KEEPER, EDITED = b"the picture" * 9, b"an edited copy" * 9
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def photos(tmp_path: Path) -> Iterator[Path]:
    """A group, decided: a picture that is kept, its copy, and an edited one with a sidecar."""
    folder = tmp_path / "photos"
    folder.mkdir()
    data = {"keep.jpg": KEEPER, "copy.jpg": KEEPER, "edit.jpg": EDITED}
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        with catalog.transaction() as connection:
            connection.execute(
                "INSERT INTO root VALUES (1, ?, 'normal', 0.0, NULL)", (bytes(folder),)
            )
            for name, content in data.items():
                path = folder / name
                path.write_bytes(content)
                seen = path.stat()
                connection.execute(
                    "INSERT OR IGNORE INTO content (digest, size) VALUES (?, ?)",
                    (blake3(content).digest(), len(content)),
                )
                connection.execute(
                    "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, content_id)"
                    " SELECT 1, ?, ?, ?, ?, ?, id FROM content WHERE digest = ?",
                    (
                        os.fsencode(name),
                        *(seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino),
                        blake3(content).digest(),
                    ),
                )
            connection.execute(
                "INSERT INTO duplicate_group (id, method, kind, verdict, similarity,"
                " representative_id) VALUES ('g', 'evidence', 'duplicate', 'tone edited', 0.9, 1)"
            )
            connection.executemany(
                "INSERT INTO group_member VALUES ('evidence', 'duplicate', 'g', ?)", [(1,), (2,)]
            )
        choices = [Choice(1, 1, Verb.KEEP), Choice(2, 1, Verb.TRASH), Choice(3, 2, Verb.TRASH)]
        decide(catalog, "g", choices)
    (folder / "edit.xmp").write_bytes(b"edits")
    yield folder


@pytest.fixture
def run(photos: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the catalog; its status and what it wrote."""

    def run(*words: str) -> tuple[int, str, str]:
        status = cli.main([*words, "--catalog", str(photos.parent / "catalog.sqlite")])
        written = capsys.readouterr()
        return status, written.out, written.err

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


ALL = ["copy.jpg", "edit.jpg", "edit.xmp", "keep.jpg"]


def test_written_rehearsed_applied_restored_and_purged(photos: Path, run: Run) -> None:
    place = photos.parent / "plan.jsonl"
    status, out, _ = run("plan", "--write", str(place))
    assert (status, out) == (Status.DONE, f"2 files in {place}\n")
    assert run("plan", "--write", str(place))[0] == Status.WRONG_USE

    status, out, _ = run("apply", "--plan", str(place), "--dry-run")
    assert status == Status.DONE
    assert "to the trash: 2 files" in out
    assert f"goes along: {photos / 'edit.xmp'}" in out
    assert "in all 3 files" in out
    assert "nothing was touched" in out
    assert names(photos) == ALL

    status, out, _ = run("apply", "--plan", str(place), "--yes")
    assert status == Status.DONE
    assert "done: 3 files" in out
    assert names(photos) == ["keep.jpg"]

    status, out, _ = run("restore", str(photos))
    assert (status, out) == (Status.DONE, "brought back 3 files\n")
    assert names(photos) == ALL

    assert run("apply", "--yes")[0] == Status.DONE
    status, _, err = run("purge")
    assert status == Status.WRONG_USE
    assert "add --confirm-purge 3" in err
    status, out, _ = run("purge", "--older-than", "1")
    assert (status, out) == (Status.DONE, "nothing of that is in the trash\n")
    assert run("purge", "--confirm-purge", "2")[0] == Status.SOME_FAILED
    status, out, _ = run("purge", "--confirm-purge", "3")
    assert status == Status.DONE
    assert "purged 3 files; freed " in out
    assert names(photos) == ["keep.jpg"]
    assert run("undo")[0] == Status.SOME_FAILED


def test_a_wrong_line_of_a_plan_is_named(photos: Path, run: Run) -> None:
    place = photos.parent / "plan.jsonl"
    run("plan", "--write", str(place))
    place.write_text(place.read_text().replace('"verb": "trash"', '"verb": "burn"', 1))
    status, out, err = run("apply", "--plan", str(place), "--yes")
    assert (status, out) == (Status.WRONG_USE, "")
    assert f'{place}, line 2: "verb" is not one of trash, move' in err
    assert names(photos) == ALL


def test_a_rehearsal_tells_what_would_be_left_alone(photos: Path, run: Run) -> None:
    (photos / "edit.jpg").write_bytes(EDITED[::-1])
    status, out, _ = run("apply", "--dry-run")
    assert status == Status.SOME_FAILED
    assert "to the trash: 1 file" in out
    assert "edit.jpg: has changed since it was indexed" in out


def test_links_in_place_of_copies(photos: Path, run: Run) -> None:
    status, out, _ = run("apply", "--link", "hard", "--yes", "--fast-check")
    assert status == Status.DONE
    assert "replaced by a hard link: 1 file" in out
    assert (photos / "copy.jpg").samefile(photos / "keep.jpg")
    assert run("undo")[0] == Status.DONE
    assert not (photos / "copy.jpg").samefile(photos / "keep.jpg")
    assert names(photos) == ALL
    status, out, _ = run("undo", "--list")
    assert "3 undone" in out


def test_restore_without_any_catalog(photos: Path, run: Run, tmp_path: Path) -> None:
    run("apply", "--yes")
    (tmp_path / "catalog.sqlite").unlink()
    status, out, err = run("restore", str(photos / ".twinsift-trash"))
    assert (status, out) == (Status.DONE, "brought back 3 files\n")
    assert "going by the record alone" in err
    assert names(photos) == ALL
    assert not (tmp_path / "catalog.sqlite").exists()
