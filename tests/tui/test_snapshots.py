"""How the screens look, at the smallest, the usual and a wide window.

After a change that is meant: `pytest tests/tui/test_snapshots.py --snapshot-update`, and look at
the SVG files that differ before committing them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twinsift.catalog import planning
from twinsift.catalog.decisions import Verb
from twinsift.catalog.plan import Plan, PlanItem, Refusal
from twinsift.catalog.progress import Progress
from twinsift.catalog.settings import ScreenSettings, Settings
from twinsift.tui.library_screen import LibraryScreen
from twinsift.tui.work import WorkState

from .conftest import Library, MakeApp, settled

SIZES = pytest.mark.parametrize(
    "size", [(50, 16), (80, 24), (132, 40)], ids=["50x16", "80x24", "132x40"]
)
Compare = Callable[..., bool]


def after(*keys: str) -> Callable[[Any], Any]:
    """Press keys one by one; '_' waits until pictures and lists are there."""

    async def run(pilot: Any) -> None:
        await settled(pilot)
        for key in keys:
            await (settled(pilot) if key == "_" else pilot.press(key))
        await settled(pilot)

    return run


@SIZES
def test_groups(
    snap_compare: Compare, filled: Library, make_app: MakeApp, size: tuple[int, int]
) -> None:
    keys = ("enter", "enter", "q", "j", "space", "_")
    assert snap_compare(make_app(), terminal_size=size, run_before=after(*keys))


@SIZES
def test_review(
    snap_compare: Compare, filled: Library, make_app: MakeApp, size: tuple[int, int]
) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after("2", "G", "enter"))


@SIZES
def test_review_of_many_files(
    snap_compare: Compare, filled: Library, make_app: MakeApp, size: tuple[int, int]
) -> None:
    keys = ("G", "enter", "l", "d", "l", "_")
    assert snap_compare(make_app(), terminal_size=size, run_before=after(*keys))


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


@SIZES
def test_plan(
    snap_compare: Compare,
    filled: Library,
    make_app: MakeApp,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planning, "build", lambda catalog, settings: PLAN)
    keys = ("P", "_", "j", "j", "j", "space", "_")
    assert snap_compare(make_app(), terminal_size=size, run_before=after(*keys))


@SIZES
def test_journal(
    snap_compare: Compare, filled: Library, make_app: MakeApp, size: tuple[int, int]
) -> None:
    with filled.catalog.transaction() as connection:
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
    assert snap_compare(make_app(), terminal_size=size, run_before=after("J", "_"))


@SIZES
def test_library(
    snap_compare: Compare, filled: Library, make_app: MakeApp, size: tuple[int, int]
) -> None:
    filled.root(b"/mnt/archive/Photos 1998-2012", "reference")

    async def run(pilot: Any) -> None:
        await settled(pilot)
        assert isinstance(pilot.app.screen, LibraryScreen)
        told = Progress("read", 1204, 5000, failed=2, rate=38.0, note="Rome/IMG_2041.JPG")
        state = WorkState(running=True, progress=told)
        pilot.app.screen.show_work(state)
        pilot.app.screen.tell_work(state.words())
        await pilot.pause()

    assert snap_compare(make_app(start="library"), terminal_size=size, run_before=run)


def test_empty_library(snap_compare: Compare, library: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(start="library"), run_before=after())


def test_no_groups(snap_compare: Compare, library: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(), run_before=after())


def test_help(snap_compare: Compare, filled: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(), run_before=after("enter", "_", "question_mark"))


def test_accept(snap_compare: Compare, filled: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(), run_before=after("A", "_"))


def test_all_facts(snap_compare: Compare, filled: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(), run_before=after("j", "j", "enter", "_", "i"))


def test_one_picture(snap_compare: Compare, filled: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(), run_before=after("j", "j", "enter", "_", "z", "_"))


@pytest.mark.parametrize("colours", ["256", "16", "none"])
@pytest.mark.parametrize("place", ["groups", "review"])
def test_fewer_colours(
    snap_compare: Compare, filled: Library, make_app: MakeApp, colours: str, place: str
) -> None:
    app = make_app(Settings(screen=ScreenSettings(colours=colours)))
    keys = ("space", "j") if place == "groups" else ("2", "G", "enter")
    assert snap_compare(app, run_before=after(*keys))
