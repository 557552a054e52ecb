"""The library: folders, roles, failures; indexing from inside with real pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from textual.pilot import Pilot
from textual.widgets import Input
from twinsift.catalog import library as folders_of
from twinsift.catalog.listing import list_groups
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.folder_picker import FolderPicker
from twinsift.tui.library_screen import FolderList, LibraryScreen
from twinsift.tui.report_screen import ReportScreen
from twinsift.tui.work import WorkState

from .conftest import Library, MakeApp, Picture, settled

NO_NETWORK = " · without a neural network; `twinsift model pull vgg16` adds one (embeddings)"

Driver = Pilot[int]


def rows(pilot: Driver) -> list[str]:
    listed = pilot.app.screen.query_one(FolderList)
    return [listed.render_line(y).text.rstrip() for y in range(listed.row_count())]


def message(pilot: Driver) -> str:
    return pilot.app.screen.query_one("MessageLine").text  # type: ignore[attr-defined]


async def until_idle(pilot: Driver) -> None:
    assert isinstance(pilot.app, TwinsiftApp)
    for _ in range(1200):
        await pilot.pause(0.05)
        if not pilot.app.work.state.running:
            break
    await settled(pilot)


async def test_folders_with_their_counts(filled: Library, make_app: MakeApp) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert isinstance(pilot.app.screen, LibraryScreen)
        assert [row.split() for row in rows(pilot)] == [
            ["›", "normal", "13", "57.5", "MB", "0", "~/Photos", "2019-06-01", "12:00"]
        ]


async def test_roles_in_turn(filled: Library, make_app: MakeApp) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        seen = []
        for _ in range(3):
            await pilot.press("r")
            seen.append(folders_of.list_folders(filled.catalog)[0].role)
        assert seen == ["reference", "excluded", "normal"]
        assert "may be moved or trashed" in message(pilot)


async def test_an_excluded_folders_groups_leave_the_list(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("r", "r")
        await settled(pilot)
        assert isinstance(pilot.app, TwinsiftApp)
        assert len(pilot.app.triage) == 0


async def test_failures_with_their_reasons(filled: Library, make_app: MakeApp) -> None:
    with filled.catalog.transaction() as connection:
        for number, error in enumerate(("not a picture", "cut off after 12 bytes")):
            connection.execute(
                "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, error)"
                " VALUES (1, ?, 1, 1, 1, ?, ?)",
                (b"bad %d\x1b.jpg" % number, number, error),
            )
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ReportScreen)
        listed = pilot.app.screen.query_one("_Lines")
        drawn = [listed.render_line(y).text.strip() for y in range(3)]  # type: ignore[attr-defined]
        assert drawn == ["›! ~/Photos/bad 1\\x1b.jpg", "cut off after 12 bytes", ""]
        await pilot.press("q")
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_pausing_nothing_says_so(library: Library, make_app: MakeApp) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("p")
        assert "nothing goes on" in message(pilot)


@pytest.mark.slow
async def test_a_folder_is_added_indexed_and_its_duplicates_shown(
    library: Library,
    make_app: MakeApp,
    photograph: Callable[..., Image.Image],
    tmp_path: Path,
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    picture = photograph(1)
    picture.save(photos / "one.jpg", quality=95)
    picture.resize((320, 240)).save(photos / "small.jpg", quality=90)
    photograph(2).save(photos / "other.jpg")
    (photos / "broken.jpg").write_bytes((photos / "other.jpg").read_bytes()[:300])
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("a")
        assert isinstance(pilot.app.screen, FolderPicker)
        pilot.app.screen.query_one(Input).value = str(photos)
        await pilot.press("enter")
        await until_idle(pilot)
        assert isinstance(pilot.app, TwinsiftApp)
        state = pilot.app.work.state
        assert state.finished == (
            "3 pictures · 1 group · 1 file can't be read: see the library" + NO_NETWORK
        )
        assert "3" in rows(pilot)[0].split()
        await pilot.press("enter")
        await settled(pilot)
        current = pilot.app.triage.current
        assert current is not None
        assert (current.name, current.files) == (b"one.jpg", 2)


@pytest.mark.slow
async def test_leaving_while_indexing_asks_and_then_goes_on_next_time(
    library: Library,
    make_app: MakeApp,
    photograph: Callable[..., Image.Image],
    tmp_path: Path,
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    photograph(1, 64, 48).save(photos / "one.png")
    photograph(1, 64, 48).save(photos / "two.bmp")
    async with make_app(index_on_start=[photos]).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        await pilot.press("p")
        await pilot.press("q")
        await pilot.pause()
        await pilot.press("n")
        assert pilot.app.return_value is None
        await pilot.press("q")
        await pilot.pause()
        await pilot.press("y")
        for _ in range(400):
            await pilot.pause(0.05)
            if pilot.app.return_value is not None:
                break
        assert pilot.app.return_value == 0
    async with make_app(index_on_start=[photos]).run_test(size=(80, 24)) as pilot:
        await until_idle(pilot)
        assert isinstance(pilot.app, TwinsiftApp)
        assert pilot.app.work.state.finished == "2 pictures · 1 group" + NO_NETWORK


async def test_progress_is_drawn_with_rate_and_time_left(
    filled: Library, make_app: MakeApp
) -> None:
    from twinsift.catalog.progress import Progress

    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, LibraryScreen)
        told = Progress("reading pictures", 1200, 4800, failed=3, rate=40.0, note="a\x1b.jpg")
        screen.show_work(WorkState(running=True, progress=told))
        await pilot.pause()
        drawn = str(screen.query_one("#progress").render())
        assert "reading pictures" in drawn
        assert "25%" in drawn
        assert "1,200 of 4,800 · 1:30 left · 40/s · 3 unreadable" in drawn
        assert "\x1b" not in drawn


async def test_what_a_stopped_indexing_left_is_told(filled: Library, make_app: MakeApp) -> None:
    with filled.catalog.transaction() as connection:
        connection.executemany(
            "INSERT INTO file (root_id, path, size, mtime_ns, device, inode)"
            " VALUES ((SELECT min(id) FROM root), ?, 9, 0, 1, ?)",
            [(b"later/%d.jpg" % number, 9000 + number) for number in range(3)],
        )
    for width in (80, 50):
        async with make_app(start="library").run_test(size=(width, 16)) as pilot:
            await settled(pilot)
            screen = pilot.app.screen
            assert isinstance(screen, LibraryScreen)
            assert "3 to read" in _row(screen)
            told = str(screen.query_one("#progress").render())
            assert "3 files are not read yet · I goes on" in told


async def test_the_counts_grow_while_pictures_are_read(filled: Library, make_app: MakeApp) -> None:
    async with make_app(start="library").run_test(size=(80, 16)) as pilot:
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, LibraryScreen)
        before = screen.query_one(FolderList).folders[0].pictures
        filled.file(Picture(b"just/read.jpg"))
        screen._read_at = 0.0  # a second and more has gone by
        screen.show_work(WorkState(running=True))
        assert screen.query_one(FolderList).folders[0].pictures == before + 1
        assert f"{before + 1:,}" in _row(screen)


def _row(screen: LibraryScreen) -> str:
    return screen.query_one(FolderList).render_line(0).text


@pytest.mark.slow
async def test_groups_that_come_while_one_triages_move_nothing(
    library: Library,
    make_app: MakeApp,
    photograph: Callable[..., Image.Image],
    tmp_path: Path,
) -> None:
    """Indexing and matching as they are: larger copies come, and stand above those that were."""
    for folder, seeds, width in (("small", (1, 2, 3), 64), ("large", (4, 5, 6, 7), 200)):
        (tmp_path / folder).mkdir()
        for seed in seeds:
            picture = photograph(seed, width, width * 3 // 4)
            picture.save(tmp_path / folder / f"{seed}.png")
            picture.save(tmp_path / folder / f"{seed}.bmp")
    async with make_app(index_on_start=[tmp_path / "small"]).run_test(size=(80, 24)) as pilot:
        assert isinstance(pilot.app, TwinsiftApp)
        await until_idle(pilot)
        await pilot.press("G", "k", "enter", "enter", "q", "k")  # one is decided meanwhile
        triage = pilot.app.triage
        here = triage.current
        assert here is not None
        assert triage.progress() == (1, 3)
        pilot.app.index([tmp_path / "large"])
        await pilot.press("j", "k")
        await until_idle(pilot)
        assert triage.current == here
        assert triage.row >= 4
        groups = list(list_groups(library.catalog))
        assert triage.progress() == (1, len(groups)) == (1, 7)
        totals = triage.totals()
        assert (totals.groups, totals.decided) == (7, 1)
        assert totals.reclaim + totals.freed == sum(group.frees for group in groups)
