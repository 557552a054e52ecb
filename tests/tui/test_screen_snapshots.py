"""How the screens look, in three sizes and three numbers of colours.

After a change that is meant: `pytest tests/tui/test_screen_snapshots.py --snapshot-update`, and
look at the SVG files that differ. One program is started for each number of colours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import Input
from twinsift.catalog import planning
from twinsift.catalog.decisions import Verb
from twinsift.catalog.plan import Plan, PlanItem, Refusal
from twinsift.catalog.progress import Progress
from twinsift.catalog.query import Hit
from twinsift.catalog.settings import ScreenSettings, Settings
from twinsift.models.evidence import Verdict
from twinsift.tui import find_screen
from twinsift.tui.dialogs import Confirm, TypedConfirm
from twinsift.tui.filter_line import FilterLine
from twinsift.tui.find_screen import FindScreen
from twinsift.tui.groups_screen import GroupsScreen
from twinsift.tui.help_screen import HelpScreen
from twinsift.tui.journal_screen import JournalScreen
from twinsift.tui.keep_screen import KeepScreen
from twinsift.tui.library_screen import LibraryScreen
from twinsift.tui.plan_screen import PlanScreen
from twinsift.tui.report_screen import ReportScreen
from twinsift.tui.review_screen import ReviewScreen
from twinsift.tui.search import Found
from twinsift.tui.work import WorkState

from .conftest import Library, MakeApp, settled
from .snapshots import SIZES, Album, sized, until

STATE = WorkState(
    running=True,
    progress=Progress("read", 1204, 5000, failed=2, rate=38.0, note="Rome/IMG_2041.JPG"),
)


def item(number: int, verb: Verb, source: bytes, keeper: bytes, links: int = 1) -> PlanItem:
    return PlanItem(
        file_id=number,
        group_id="g",
        verb=verb,
        source=b"/home/ana/Photos/" + source,
        destination=None if verb is Verb.DELETE else b"/home/ana/elsewhere/" + source,
        size=1_234_567 * number,
        digest=b"",
        mtime_ns=0,
        device=1,
        inode=number,
        keeper=b"/home/ana/Photos/" + keeper,
        keeper_digest=b"",
        links=links,
    )


PLAN = Plan(
    "2019-06-01",
    (
        item(1, Verb.TRASH, b"backup/from phone/IMG_2041 (1).jpg", b"2019/Rome/IMG_2041.JPG"),
        item(2, Verb.TRASH, b"old disk/sea.jpg", b"2018/sea.jpg"),
        item(3, Verb.TRASH, b"old disk/sea link.jpg", b"2018/sea.jpg", links=2),
        item(4, Verb.MOVE, b"export/web/garden-1.jpg", b"2020/garden/DSC01234.png"),
        item(5, Verb.DELETE, b"2021/hut_edited.jpg", b"2021/hut.jpg"),
    ),
    (Refusal(b"/home/ana/Photos/2022/jump 2.jpg", "changed since it was decided"),),
)


HITS = tuple(
    Hit(number, b"/home/ana/Photos/" + path, alike, distance, verdict, size, width, height)
    for number, path, alike, distance, verdict, size, width, height in (
        (1, b"2019/Rome/IMG_2041.JPG", 1.0, 0, Verdict.IDENTICAL_FILE, 6_812_331, 4000, 3000),
        (2, b"export/web/a name that is rather long for a list.jpg", 0.974, 2, Verdict.RESIZED,
         412_000, 1600, 1200),
        (3, b"backup/from phone/IMG_2041 (1).jpg", 0.93, 14, Verdict.CROPPED, 840_112, 2048, 1536),
    )
)  # fmt: skip


def found(catalog: Any, image: Path, *_: Any) -> Found:
    return Found(image, 1, HITS, "evidence", "hits are ranked by hashes and keypoints")


def with_journal(library: Library) -> None:
    with library.catalog.transaction() as connection:
        for number, (kind, verb, state) in enumerate(
            [("apply", "trash", "undone"), ("undo", "restore", "done"), ("apply", "move", "done")]
        ):
            connection.execute(
                "INSERT INTO batch (created_at, kind, state) VALUES (?, ?, 'closed')",
                (1_559_390_400 + 3600 * number, kind),
            )
            connection.execute(
                "INSERT INTO action (batch_id, verb, source, destination, digest, size, mtime_ns,"
                " device, inode, token, state, at) VALUES (?, ?, X'61', X'62', X'00', 4200000, 0,"
                " 0, 0, '', ?, 0)",
                (number + 1, verb, state),
            )


@pytest.mark.parametrize("colours", ["truecolor", "256", "none"])
async def test_screens(
    filled: Library,
    make_app: MakeApp,
    snapshot: Any,
    colours: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(planning, "build", lambda catalog, settings: PLAN)
    monkeypatch.setattr(find_screen, "search", found)
    filled.root(b"/mnt/archive/Photos 1998-2012", "reference")
    with_journal(filled)
    (tmp_path / "x.jpg").write_bytes(b"")
    app = make_app(Settings(screen=ScreenSettings(colours=colours, pictures="none")))
    album = Album(snapshot, app)

    async def look(name: str) -> None:
        for size in SIZES:
            await sized(pilot, size)
            await settled(pilot)
            if isinstance(app.screen, LibraryScreen):
                app.screen.show_work(STATE)
                await pilot.pause()
            await album.compare(pilot, name, size)

    async def go(to: type[Screen[Any]], *keys: str) -> None:
        """Press keys one after the other, and wait for the screen that the last one leads to."""
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(app.screen, to))
        await settled(pilot)

    async with app.run_test(size=SIZES[0]) as pilot:
        await settled(pilot)
        await go(ReviewScreen, "enter")
        await go(GroupsScreen, "enter", "q")
        await pilot.press("j", "space")
        await look("groups")
        app.screen.query_one(FilterLine).cursor_blink = False
        await pilot.press("slash", *"ro")
        await pilot.pause(0.1)
        await look("filter")
        await go(Confirm, "ctrl+c", "A")
        await look("accept")
        await go(HelpScreen, "n", "question_mark")
        await look("help")
        await go(KeepScreen, "q", "K")
        await pilot.press("G", "plus")
        await look("rules")
        await go(PlanScreen, "q", "P")
        await pilot.press("j", "j", "j", "space")
        await look("plan")
        await go(TypedConfirm, "exclamation_mark")
        app.screen.query_one(Input).cursor_blink = False
        await look("delete")
        await go(JournalScreen, "ctrl+c", "J")
        await look("journal")
        await go(ReportScreen, "enter")
        await look("batch")
        await go(LibraryScreen, "q", "L")
        await look("library")
        await go(FindScreen, "F")
        assert isinstance(app.screen, FindScreen)
        app.screen.search_for(str(tmp_path / "x.jpg"))
        app.screen.query_one("AskLine").value = "~/Downloads/cat.jpg"  # type: ignore[attr-defined]
        await settled(pilot)
        await pilot.press("j", "space")
        await look("find")
    album.close()
