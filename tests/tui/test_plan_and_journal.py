"""From decisions to files and back: plan, apply, journal, undo, on real files."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from twinsift.tui.bars import KeyBar
from twinsift.tui.busy import BusyScreen
from twinsift.tui.dialogs import Confirm, TypedConfirm
from twinsift.tui.groups_screen import GroupsScreen
from twinsift.tui.journal_screen import BatchList, JournalScreen
from twinsift.tui.plan_list import Heading, PlanList
from twinsift.tui.plan_screen import PlanScreen
from twinsift.tui.report_screen import ReportScreen
from twinsift.tui.review_screen import ReviewScreen

from .conftest import Library, MakeApp, Picture, settled

Driver = Pilot[int]


@pytest.fixture
def photos(library: Library, tmp_path: Path) -> Path:
    """Two groups of real files: three equal ones, and one with an edited copy."""
    folder = tmp_path / "photos"
    root = os.fsencode(folder)
    library.group(
        [Picture(name, data=b"sea" * 4000, root=root) for name in (b"sea.jpg", b"old/sea.jpg")]
        + [Picture(b"old/sea 2.jpg", data=b"sea" * 4000, root=root)]
    )
    library.group(
        [
            Picture(b"hut.jpg", data=b"hut" * 3000, root=root),
            Picture(b"hut small.jpg", width=100, data=b"small" * 10, root=root),
        ]
    )
    return folder


@pytest.fixture
async def pilot(photos: Path, make_app: MakeApp) -> AsyncIterator[Driver]:
    """The plan screen, with everything decided by the suggestion."""
    async with make_app().run_test(size=(80, 24)) as running:
        await settled(running)
        await running.press("A")
        await settled(running)
        await running.press("y", "P")
        await settled(running)
        assert isinstance(running.app.screen, PlanScreen)
        yield running


def files(folder: Path) -> list[str]:
    """The files that are there, without the trash."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".twinsift-trash" not in path.parts
    )


def rows(pilot: Driver) -> list[str]:
    listed = pilot.app.screen.query_one(PlanList)
    return [listed.render_line(y).text.rstrip() for y in range(listed.row_count())]


def text(pilot: Driver, selector: str) -> str:
    return str(pilot.app.screen.query_one(selector).render())


def message(pilot: Driver) -> str:
    return pilot.app.screen.query_one("MessageLine").text  # type: ignore[attr-defined]


BEFORE = ["hut small.jpg", "hut.jpg", "old/sea 2.jpg", "old/sea.jpg", "sea.jpg"]
AFTER = ["hut.jpg", "sea.jpg"]


async def until_applied(pilot: Driver) -> None:
    """Wait until the dialog that does it has closed, and the screen below has caught up."""
    for _ in range(400):
        if not isinstance(pilot.app.screen, BusyScreen):
            break
        await pilot.pause(0.02)
    await settled(pilot)


async def test_every_file_with_what_stays_for_it(pilot: Driver, photos: Path) -> None:
    drawn = rows(pilot)
    assert drawn[0].startswith(" ›To the trash · 3 files · 24.1 KB")
    assert len(drawn) == 4
    assert all("✗" in row and "stays: " in row for row in drawn[1:])
    assert "3 files · frees 24.1 KB" in text(pilot, "#summary")
    assert files(photos) == BEFORE


async def test_apply_trashes_and_the_journal_brings_back(pilot: Driver, photos: Path) -> None:
    await pilot.press("exclamation_mark")
    assert isinstance(pilot.app.screen, Confirm)
    assert files(photos) == BEFORE
    await pilot.press("y")
    await until_applied(pilot)
    assert files(photos) == AFTER
    assert "3 files done" in message(pilot)
    assert rows(pilot) == []

    await pilot.press("J")
    await settled(pilot)
    assert isinstance(pilot.app.screen, JournalScreen)
    listed = pilot.app.screen.query_one(BatchList)
    assert "applied" in listed.render_line(0).text
    assert "can be undone" in listed.render_line(0).text
    await pilot.press("enter")
    assert isinstance(pilot.app.screen, ReportScreen)
    await pilot.press("q", "u", "y")
    await until_applied(pilot)
    assert files(photos) == BEFORE
    assert "3 files put back" in message(pilot)
    assert "shows the journal" not in message(pilot)  # one is in it
    assert (photos / "old" / "sea.jpg").read_bytes() == b"sea" * 4000
    await pilot.press("J", "g")
    labels = pilot.app.screen.query_one(KeyBar).labels()
    assert labels["undo_batch"] == ""
    await pilot.press("u")
    assert "nothing of this batch can be put back" in message(pilot)


async def test_no_is_no(pilot: Driver, photos: Path) -> None:
    for answer in ("n", "q", "escape"):
        await pilot.press("exclamation_mark", answer)
        assert isinstance(pilot.app.screen, PlanScreen)
    assert files(photos) == BEFORE


async def test_a_dropped_file_stays_and_is_planned_again(pilot: Driver, photos: Path) -> None:
    await pilot.press("j", "space")
    assert "left alone this time" in rows(pilot)[1]
    assert "2 files" in text(pilot, "#summary")
    dropped = pilot.app.screen.query_one(PlanList).rows[1]
    await pilot.press("exclamation_mark", "y")
    await until_applied(pilot)
    assert not isinstance(dropped, Heading)
    left = os.path.relpath(dropped.source, os.fsencode(photos)).decode()
    assert files(photos) == sorted([*AFTER, left])
    assert len(rows(pilot)) == 2


async def test_a_whole_section_is_dropped_and_taken_back(pilot: Driver) -> None:
    await pilot.press("g", "space")
    assert sum("left alone" in row for row in rows(pilot)) == 3
    await pilot.press("exclamation_mark")
    assert isinstance(pilot.app.screen, PlanScreen)
    await pilot.press("space")
    assert not any("left alone" in row for row in rows(pilot))


async def test_deleting_for_good_has_to_be_typed(pilot: Driver, photos: Path) -> None:
    await pilot.press("g", "D")
    assert rows(pilot)[0].startswith(" ›Delete for good · 3 files")
    await pilot.press("exclamation_mark")
    assert isinstance(pilot.app.screen, TypedConfirm)
    await pilot.press("y", "enter")
    assert isinstance(pilot.app.screen, TypedConfirm)
    await pilot.press(*"delete", "space", "2", "enter")
    assert isinstance(pilot.app.screen, TypedConfirm)
    assert files(photos) == BEFORE
    await pilot.press(*"delete", "space", "3", "enter")
    await until_applied(pilot)
    assert files(photos) == AFTER
    assert not (photos / ".twinsift-trash").exists()
    await pilot.press("J", "u")
    assert "nothing of this batch can be put back" in message(pilot)


async def test_deleting_can_be_thought_better_of(pilot: Driver, photos: Path) -> None:
    await pilot.press("j", "D")
    assert rows(pilot)[0].startswith("  Delete for good · 1 file ·")
    await pilot.press("D")
    assert rows(pilot)[0].startswith("  To the trash · 3 files")
    await pilot.press("g", "D", "exclamation_mark", "ctrl+c")
    assert isinstance(pilot.app.screen, PlanScreen)
    assert files(photos) == BEFORE


async def test_a_keeper_that_is_gone_refuses_its_file(pilot: Driver, photos: Path) -> None:
    (photos / "hut.jpg").unlink()
    await pilot.press("exclamation_mark", "y")
    await until_applied(pilot)
    assert isinstance(pilot.app.screen, ReportScreen)
    assert "hut small.jpg" in files(photos)
    assert "1 left alone" in message(pilot)
    await pilot.press("q")
    assert isinstance(pilot.app.screen, PlanScreen)


async def test_a_file_that_changed_is_refused(pilot: Driver, photos: Path) -> None:
    (photos / "hut small.jpg").write_bytes(b"something else")
    await pilot.press("exclamation_mark", "y")
    await until_applied(pilot)
    assert (photos / "hut small.jpg").read_bytes() == b"something else"
    assert "old/sea.jpg" not in files(photos) or "sea.jpg" not in files(photos)


async def test_an_empty_plan_names_the_key_to_the_groups(pilot: Driver) -> None:
    await pilot.press("u")
    await settled(pilot)
    told = pilot.app.screen.query_one(PlanList).empty
    assert "{everywhere.back} brings you to them" in told
    await pilot.press("q")
    assert isinstance(pilot.app.screen, GroupsScreen)


async def test_undoing_decisions_empties_the_plan(pilot: Driver) -> None:
    await pilot.press("u")
    await settled(pilot)
    await settled(pilot)
    assert rows(pilot) == []


async def test_enter_reviews_the_group_of_a_file(pilot: Driver) -> None:
    await pilot.press("G", "enter")
    await settled(pilot)
    assert isinstance(pilot.app.screen, ReviewScreen)


async def test_moved_files_keep_their_place_below_the_target(
    photos: Path, make_app: MakeApp, tmp_path: Path
) -> None:
    target = tmp_path / "elsewhere"
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "m")
        pilot.app.screen.query_one("Input").value = str(target)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("P")
        await settled(pilot)
        assert rows(pilot)[0].startswith(" ›Move · 2 files")
        await pilot.press("exclamation_mark", "y")
        await until_applied(pilot)
    moved = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    assert len(moved) == 2
    assert all(name.endswith(("sea.jpg", "sea 2.jpg")) for name in moved)
    assert len(files(photos)) == 3


async def test_links_instead_of_identical_copies(pilot: Driver, photos: Path) -> None:
    await pilot.press("g", "H")
    await settled(pilot)
    assert [row for row in rows(pilot) if "Hard link instead · 2 files" in row]
    await pilot.press("g", "H")  # what is left for the trash is no copy byte for byte
    await settled(pilot)
    assert "same byte for byte" in message(pilot)
    await pilot.press("exclamation_mark")
    await settled(pilot)
    await pilot.press("y")
    await until_applied(pilot)
    linked = [photos / "old/sea.jpg", photos / "old/sea 2.jpg"]
    assert all(path.samefile(photos / "sea.jpg") for path in linked)
    assert files(photos) == ["hut.jpg", "old/sea 2.jpg", "old/sea.jpg", "sea.jpg"]
