"""What went wrong in other tools, and what this one promises: each story of the design, by name.

Where a test elsewhere tells the story already, it is named here, and this file sees to it that it
is still there; the others are told here.
"""

from __future__ import annotations

import ast
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_library import COPY, KEEPER, Library, contents_below, marked
from twinsift.catalog import fileops, upkeep
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.planning import build
from twinsift.catalog.settings import Settings
from twinsift.tui.status import Status

TESTS = Path(__file__).resolve().parent.parent
TOLD_ELSEWHERE = {
    "linking failed after the original was removed": (
        "catalog/test_replacement.py::test_linking_failed_after_the_exchange",
        "catalog/test_replacement.py::test_the_original_is_there_until_the_link_is_verified",
    ),
    "a symlink counted as a copy and its target deleted": (
        "catalog/test_walk.py::test_links_to_files_are_never_followed_and_links_to_folders_on_request",
        "catalog/test_preflight.py::test_the_keeper_is_a_symbolic_link_to_the_file",
    ),
    "the same file reached through two mounts, so both copies were one": (
        "catalog/test_preflight.py::test_one_file_seen_through_two_mounts_is_no_copy",
    ),
    "two deletions, one in each of two windows, removed all copies": (
        "catalog/test_crashes.py::test_overlapping_plans_at_once_never_lose_the_last_copy",
        "catalog/test_preflight.py::test_a_plan_that_removes_its_own_keeper_is_refused",
    ),
    "a renumbered file hit a stale cache entry and matched an unrelated picture": (
        "catalog/test_index_changes.py::test_two_files_that_changed_places_are_told_apart",
        "catalog/test_index_changes.py::test_a_changed_file_is_read_again_and_keeps_its_row",
    ),
    "move flattened names and overwrote same-named files": (
        "catalog/test_plan.py::test_a_move_keeps_the_structure_and_resolves_clashes",
        "catalog/test_apply.py::test_nothing_is_overwritten",
    ),
    "exit code 0 after a failed delete": (
        "test_whole_program.py::test_a_changed_file_is_refused_and_the_rest_goes_on",
    ),
    "a header that claims 65,500² pixels allocated terabytes": (
        "models/test_decode.py"
        "::test_headers_that_claim_too_much_are_refused_before_anything_is_allocated",
    ),
    "an overnight scan lost at 98 %": (
        "catalog/test_indexer.py::test_killed_at_any_moment_the_next_run_goes_on_from_there",
        "test_whole_program.py::test_a_killed_index_goes_on",
    ),
    # The promises themselves.
    "file and keeper are looked at again; the rest goes on after a refusal": (
        "catalog/test_preflight.py::test_the_keeper_has_changed",
        "catalog/test_apply.py::test_the_rest_goes_on_after_a_refusal",
    ),
    "the intent is durable before the touch, killed anywhere nothing is lost": (
        "catalog/test_durability.py::test_trash",
        "catalog/test_crashes.py::test_killed_before_every_call_nothing_is_lost",
    ),
    "removal is a rename to a trash that restores itself": (
        "catalog/test_apply.py::test_trash_and_undo",
        "catalog/test_restoring.py::test_without_a_catalog",
    ),
    "deletion is typed, and final": (
        "catalog/test_apply.py::test_delete_needs_its_own_confirmation_and_is_final",
        "test_whole_program.py::test_consent_is_asked_on_a_terminal",
    ),
    "across file systems a copy is verified, and keeps its attributes": (
        "catalog/test_apply.py::test_across_file_systems_all_is_kept",
        "catalog/test_durability.py::test_between_file_systems",
    ),
    "a reference folder is never touched": (
        "catalog/test_plan.py::test_a_reference_file_is_not_touched_by_another_of_its_names",
        "catalog/test_plan.py::test_a_reference_folder_reached_by_a_symbolic_link_is_not_touched",
    ),
    "the last copy of a group can't be removed": (
        "catalog/test_decisions.py::test_the_last_file_of_a_group_is_refused",
        "catalog/test_restoring.py::test_without_the_keeper_nothing_goes",
    ),
    "companions travel together": (
        "catalog/test_companions.py::test_all_go_and_come_back_together",
    ),
}


@pytest.mark.parametrize("story", TOLD_ELSEWHERE)
def test_a_story_that_is_told_elsewhere(story: str) -> None:
    for place in TOLD_ELSEWHERE[story]:
        file, _, name = place.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in names, place


def group_of_two(library: Library, keep: int, remove: int, verb: Verb = Verb.TRASH) -> None:
    choices = [Choice(keep, library.content_of(keep), Verb.KEEP)]
    choices.append(Choice(remove, library.content_of(remove), verb))
    decide(library.catalog, library.group([keep, remove]), choices)


def run(*command: str) -> None:
    """A command of the system, or a skip where it is missing or forbidden."""
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip(f"needs `{command[0]}` and the right to use it")


@pytest.fixture
def bind_mount(library: Library) -> Iterator[Path]:
    """The library's folder, seen at a second place."""
    folder = library.folder / "mounted"
    folder.mkdir()
    run("mount", "--bind", str(library.photos), str(folder))
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE, Verb.SYMLINK, Verb.HARDLINK])
def test_a_bind_mount_shows_no_second_copy(library: Library, bind_mount: Path, verb: Verb) -> None:
    root = library.root(bind_mount)
    copy = library.file("a.jpg", KEEPER)
    group_of_two(library, library.row(b"a.jpg", KEEPER, root), copy, verb)
    plan = build(library.catalog, Settings())
    assert apply_plan(library.catalog, plan, delete_confirmed=True).done == 0
    assert [refusal.reason for refusal in plan.refusals if "same file" in refusal.reason]
    assert (library.photos / "a.jpg").read_bytes() == KEEPER
    assert not (library.photos / "a.jpg").is_symlink()


@pytest.fixture
def folding(tmp_path: Path) -> Iterator[Path]:
    """A folder of a file system on which `Downloads` and `downloads` are one name."""
    image, top = tmp_path / "ext4.img", tmp_path / "ext4"
    top.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    run("mkfs.ext4", "-q", "-O", "casefold", str(image))
    run("mount", "-o", "loop", str(image), str(top))
    try:
        (top / "folded").mkdir()
        run("chattr", "+F", str(top / "folded"))
        yield top / "folded"
    finally:
        subprocess.run(["umount", "-l", str(top)], check=True)


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE, Verb.HARDLINK])
def test_downloads_and_downloads_are_one_folder(folding: Path, verb: Verb) -> None:
    (folding / "lib").mkdir()
    with Library.create(folding / "lib") as library:
        copy = library.file("Downloads/a.jpg", COPY)
        other = library.row(b"downloads/a.jpg", COPY)
        group_of_two(library, other, copy, verb)
        plan = build(library.catalog, Settings())
        assert plan.items == ()
        assert "same file as the one that is kept" in plan.refusals[0].reason
        assert (library.photos / "Downloads/a.jpg").read_bytes() == COPY


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE, Verb.HARDLINK])
@pytest.mark.parametrize(
    ("one", "other"),
    [("Downloads", "downloads"), ("Caf\u00e9", "Cafe\u0301")],
    ids=["letters' case", "composed and decomposed"],
)
def test_one_folder_by_two_names_as_any_file_system_can_show_it(
    library: Library, verb: Verb, one: str, other: str
) -> None:
    """Where no file system can be made that folds letters' case, or normalises Unicode as HFS+."""
    copy = library.file(f"{one}/a.jpg", COPY)
    folder = library.photos / other
    folder.mkdir()
    run("mount", "--bind", str(library.photos / one), str(folder))
    try:
        group_of_two(library, library.row(f"{other}/a.jpg".encode(), COPY), copy, verb)
        plan = build(library.catalog, Settings())
        assert plan.items == ()
        assert "same file as the one that is kept" in plan.refusals[0].reason
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_name_in_other_letters_is_taken_where_letters_case_tells_nothing_apart(
    folding: Path,
) -> None:
    (folding / "lib").mkdir()
    with Library.create(folding / "lib") as library:
        (library.folder / "moved").mkdir()
        (library.folder / "moved/COPY.JPG").write_bytes(b"somebody else's")
        keep, copy = library.file("keep.jpg", KEEPER), library.file("copy.jpg", COPY)
        target = bytes(library.folder / "moved")
        choice = Choice(copy, library.content_of(copy), Verb.MOVE, target)
        decide(library.catalog, library.group([keep, copy]), [choice])
        assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 1
        found = set(contents_below(library.folder / "moved").values())
        assert found == {b"somebody else's", COPY}


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.MOVE, Verb.DELETE])
def test_moved_to_trash_on_a_drive_where_nothing_happened(
    library: Library, monkeypatch: pytest.MonkeyPatch, verb: Verb
) -> None:
    """The drive says that it renamed the file, and didn't."""
    plan, copy = marked(library, verb, library.folder / "moved" if verb is Verb.MOVE else None)
    before = contents_below(library.photos)
    monkeypatch.setattr(fileops, "rename_exclusively", lambda *_: None)
    outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
    assert (outcome.done, outcome.failed) == (0, 1)
    after = contents_below(library.photos)
    assert {p: d for p, d in after.items() if p.name != "record.jsonl"} == before
    assert library.is_present(copy)


def test_two_windows_that_each_keep_another_copy(library: Library) -> None:
    """Three copies; one window keeps the first, another, with its own catalog, the second."""
    with Library.create(make(library.folder / "other")) as other:
        for window, kept in ((library, 0), (other, 1)):
            root = window.root(library.photos) if window is other else 1
            names = ("a.jpg", "b.jpg", "c.jpg")
            files = [window.file(name, name.encode(), root) for name in names]
            choices = [
                Choice(i, window.content_of(i), Verb.KEEP if n == kept else Verb.DELETE)
                for n, i in enumerate(files)
            ]
            decide(window.catalog, window.group(files), choices)
        plans = [build(window.catalog, Settings()) for window in (library, other)]
        assert apply_plan(library.catalog, plans[0], delete_confirmed=True).done == 2
        assert apply_plan(other.catalog, plans[1], delete_confirmed=True).done == 0
    assert (library.photos / "a.jpg").read_bytes() == b"a.jpg"


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_results_are_keyed_by_the_whole_path(library: Library) -> None:
    """Three files of one name in three folders: only the one that was meant goes."""
    files = [library.file(f"{folder}/img.jpg", folder.encode()) for folder in "xyz"]
    group_of_two(library, files[0], files[1])
    (item,) = build(library.catalog, Settings()).items
    assert item.source == bytes(library.photos / "y/img.jpg")
    assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 1
    assert sorted(p.parent.name for p in library.photos.glob("?/img.jpg")) == ["x", "z"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_an_interrupted_write_does_not_corrupt_the_catalog(library: Library) -> None:
    for _ in range(5):
        child = os.fork()
        if child == 0:
            connection = sqlite3.connect(library.catalog.path)
            while True:
                connection.execute("INSERT INTO content (digest, size) VALUES (randomblob(32), 1)")
                connection.execute("UPDATE content SET error = hex(randomblob(2000))")
                connection.commit()
        while library.catalog.connection.execute("SELECT count(*) FROM content").fetchone()[0] < 5:
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with Library.reopen(library.folder) as reopened:
            assert upkeep.faults(reopened.catalog) == []
            with reopened.catalog.transaction() as connection:
                connection.execute("DELETE FROM content")


def test_what_failed_shows_in_the_exit_status(
    library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deletion that the disk refuses, by the command line."""
    from twinsift.tui import cli

    marked(library, Verb.DELETE)

    def refuse(path: bytes) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(fileops.os, "unlink", refuse)
    command = ["apply", "--catalog", str(library.catalog.path), "--yes", "--confirm-delete", "1"]
    assert cli.main(command) == Status.SOME_FAILED
    assert "operation not permitted" in capsys.readouterr().out
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY
