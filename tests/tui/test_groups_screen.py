"""The groups list by its keys."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.pilot import Pilot
from twinsift.catalog import listing
from twinsift.catalog.group_table import GroupTable
from twinsift.catalog.listing import list_groups, note_first
from twinsift.catalog.progress import Progress
from twinsift.catalog.steps import undo
from twinsift.models.evidence import Verdict
from twinsift.tui import feed
from twinsift.tui.app import TwinsiftApp, WorkTold
from twinsift.tui.bars import MessageLine
from twinsift.tui.dialogs import Confirm
from twinsift.tui.group_list import GroupList
from twinsift.tui.groups_screen import GroupsScreen
from twinsift.tui.help_screen import HelpScreen
from twinsift.tui.review_screen import ReviewScreen
from twinsift.tui.work import WorkState

from .conftest import Library, MakeApp, Picture, settled

Driver = Pilot[int]


@pytest.fixture
async def pilot(filled: Library, make_app: MakeApp) -> AsyncIterator[Driver]:
    async with make_app().run_test(size=(80, 24)) as running:
        await settled(running)
        yield running


def app(pilot: Driver) -> TwinsiftApp:
    assert isinstance(pilot.app, TwinsiftApp)
    return pilot.app


def rows(pilot: Driver) -> list[str]:
    """The list as it is drawn."""
    groups = pilot.app.screen.query_one(GroupList)
    return [groups.render_line(y).text.rstrip() for y in range(groups.row_count())]


def message(pilot: Driver) -> str:
    return pilot.app.screen.query_one("MessageLine").text  # type: ignore[attr-defined]


async def test_each_group_has_a_row(pilot: Driver) -> None:
    assert [row.split()[-2:] for row in rows(pilot)] == [
        ["sea.jpg", "~/Photos/2018"],
        ["hut.jpg", "~/Photos/2021"],
        ["IMG_2041.JPG", "~/Photos/2019/Rome"],
        ["DSC01234.png", "~/Photos/2020/garden"],
    ]
    assert rows(pilot)[0].startswith("› · identical   100 %     2   2.1 MB")


async def test_motions_and_counts(pilot: Driver) -> None:
    groups = pilot.app.screen.query_one(GroupList)
    seen = []
    for keys in ("j", "2 j", "k", "g", "G", "2 G", "9 j", "ctrl+u", "down", "up"):
        await pilot.press(*keys.split())
        seen.append(groups.cursor)
    assert seen == [1, 3, 2, 0, 3, 1, 3, 0, 1, 0]


async def test_enter_reviews_and_q_comes_back(pilot: Driver) -> None:
    await pilot.press("j", "enter")
    await settled(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, ReviewScreen)
    assert screen.detail is not None
    assert screen.detail.members[0].path.endswith(b"hut.jpg")
    await pilot.press("q")
    assert isinstance(pilot.app.screen, GroupsScreen)


async def test_sort_goes_round(pilot: Driver) -> None:
    await pilot.press("s")
    assert rows(pilot)[0].split()[1:3] == ["·", "cropped"] or "cropped" in rows(pilot)[0]
    await pilot.press("s")
    assert "DSC01234.png" in rows(pilot)[0]
    await pilot.press("s", "s")
    assert "sea.jpg" in rows(pilot)[0]


async def test_sorting_keeps_the_cursor_on_its_group(pilot: Driver) -> None:
    await pilot.press("j", "s")
    current = app(pilot).triage.current
    assert current is not None
    assert current.name == b"hut.jpg"
    groups = pilot.app.screen.query_one(GroupList)
    assert "hut.jpg" in groups.render_line(groups.cursor).text


async def test_filter_by_name_and_back(pilot: Driver) -> None:
    await pilot.press("slash", *"ROME", "enter")
    assert len(rows(pilot)) == 1
    assert "IMG_2041" in rows(pilot)[0]
    await pilot.press("slash", *["backspace"] * 4, "enter")
    assert len(rows(pilot)) == 4


async def test_a_filter_that_was_cancelled_changes_nothing(pilot: Driver) -> None:
    await pilot.press("slash", *"xyz")
    await pilot.pause(0.1)
    assert len(rows(pilot)) == 0
    await pilot.press("ctrl+c")
    assert len(rows(pilot)) == 4
    assert pilot.app.focused is pilot.app.screen.query_one(GroupList)


async def test_the_list_follows_each_letter(pilot: Driver) -> None:
    await pilot.press("j", "slash", *"hu")
    await pilot.pause(0.1)
    assert len(rows(pilot)) == 1
    assert "with “hu”" in str(pilot.app.screen.query_one("#summary").render())
    await pilot.press("backspace", "backspace", *"edited", "enter")
    assert [row.split()[2] for row in rows(pilot)] == ["tone"]


async def test_verdicts_one_after_the_other(pilot: Driver) -> None:
    await pilot.press("t")
    assert app(pilot).triage.verdict is Verdict.IDENTICAL_FILE
    assert len(rows(pilot)) == 1


async def test_marks_and_ranges(pilot: Driver) -> None:
    await pilot.press("space", "j", "v", "j", "v")
    marked = [
        group.name for group in app(pilot).triage.shown if group.id in app(pilot).triage.marks
    ]
    assert marked == [b"sea.jpg", b"IMG_2041.JPG", b"DSC01234.png"]
    assert "●" in rows(pilot)[0]


async def test_accept_all_after_the_totals(pilot: Driver, filled: Library) -> None:
    await pilot.press("A")
    await settled(pilot)
    assert isinstance(pilot.app.screen, Confirm)
    assert "keep 4 files, trash 7 files" in str(pilot.app.screen.query_one(".text").render())
    assert filled.decisions() == {}
    await pilot.press("y")
    await settled(pilot)
    decided = filled.decisions()
    assert sorted(path for path, verb in decided.items() if verb == "keep") == [
        b"2018/sea.jpg", b"2019/Rome/IMG_2041.JPG", b"2020/garden/DSC01234.png", b"2021/hut.jpg"
    ]  # fmt: skip
    assert len(decided) == 11
    assert all("✓" in row for row in rows(pilot))
    await pilot.press("u")
    await settled(pilot)
    assert filled.decisions() == {}
    assert not any("✓" in row for row in rows(pilot))


async def test_accept_can_be_left(pilot: Driver, filled: Library) -> None:
    for answer in ("n", "q", "escape"):
        await pilot.press("A")
        await settled(pilot)
        await pilot.press(answer)
        assert isinstance(pilot.app.screen, GroupsScreen)
    assert filled.decisions() == {}


async def test_accept_takes_only_the_marked(pilot: Driver, filled: Library) -> None:
    await pilot.press("j", "space", "A")
    await settled(pilot)
    await pilot.press("y")
    await settled(pilot)
    assert filled.decisions() == {b"2021/hut.jpg": "keep", b"2021/hut_edited.jpg": "trash"}


async def test_near_shots_are_never_accepted_in_bulk(pilot: Driver, filled: Library) -> None:
    await pilot.press("n")
    assert len(rows(pilot)) == 1
    await pilot.press("A")
    await settled(pilot)
    assert isinstance(pilot.app.screen, GroupsScreen)
    assert "near shots" in message(pilot)
    assert filled.decisions() == {}


async def test_not_duplicates_leaves_for_good_and_comes_back(
    pilot: Driver, filled: Library
) -> None:
    await pilot.press("j", "x")
    await settled(pilot)
    assert len(rows(pilot)) == 3
    assert not any("hut.jpg" in row for row in rows(pilot))
    assert filled.fact("SELECT count(*) FROM distinct_pair") == 1
    await pilot.press("u")
    await settled(pilot)
    assert len(rows(pilot)) == 4
    current = app(pilot).triage.current
    assert current is not None
    assert current.name == b"hut.jpg"


async def test_identical_files_cant_be_told_apart(pilot: Driver) -> None:
    await pilot.press("x")
    assert "identical byte for byte" in message(pilot)


async def test_decided_groups_can_be_hidden(pilot: Driver) -> None:
    await pilot.press("enter", "enter", "q", "o")
    await settled(pilot)
    assert len(rows(pilot)) == 3
    await pilot.press("o")
    assert len(rows(pilot)) == 4


async def test_groups_that_arrive_leave_cursor_and_screen_line_alone(
    pilot: Driver, filled: Library
) -> None:
    await pilot.press("j", "j")
    for number in range(40):
        size = 9_000_000 if number % 2 else 90  # half of them come above the cursor
        filled.group(
            [
                Picture(b"new/a%d.jpg" % number, size=size),
                Picture(b"new/b%d.jpg" % number, size=size),
            ]
        )
    note_first(filled.catalog)
    groups = pilot.app.screen.query_one(GroupList)
    line = groups.cursor - groups.scroll_offset.y
    for _ in range(100):
        await pilot.pause(0.05)
        if len(app(pilot).triage.shown) == 44:
            break
    await settled(pilot)
    current = app(pilot).triage.current
    assert current is not None
    assert current.name == b"IMG_2041.JPG"
    assert groups.cursor == 22
    assert groups.cursor - groups.scroll_offset.y == line


async def test_the_first_groups_are_shown_before_the_rest(
    filled: Library, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_FIRST", 2)
    note_first(filled.catalog)
    go_on = threading.Event()

    def slow(*args: Any, **more: Any) -> GroupTable:
        go_on.wait(10)
        return list_groups(*args, **more)

    monkeypatch.setattr(feed, "list_groups", slow)
    async with make_app().run_test(size=(80, 24)) as pilot:
        for _ in range(100):
            await pilot.pause(0.02)
            if app(pilot).feed.has_loaded:
                break
        assert ["sea.jpg" in rows(pilot)[0], "hut.jpg" in rows(pilot)[1]] == [True, True]
        assert len(rows(pilot)) == 2
        assert "reading 2 more" in str(pilot.app.screen.query_one("#summary").render())
        await pilot.press("A")
        assert "still being read" in message(pilot)
        await pilot.press("j")
        go_on.set()
        await settled(pilot)
        assert len(rows(pilot)) == 4
        current = app(pilot).triage.current
        assert current is not None
        assert current.name == b"hut.jpg"


async def test_what_the_indexer_writes_alone_reads_no_list_again(
    pilot: Driver, filled: Library
) -> None:
    before = app(pilot).feed.readings
    filled.file(Picture(b"new/alone.jpg"))
    await pilot.pause(1.3)
    assert app(pilot).feed.readings == before
    note_first(filled.catalog)
    for _ in range(100):
        await pilot.pause(0.05)
        if app(pilot).feed.readings > before:
            return
    pytest.fail("the list was not read again")


async def test_help_lists_the_keys_of_the_screen(pilot: Driver) -> None:
    await pilot.press("question_mark")
    assert isinstance(pilot.app.screen, HelpScreen)
    await pilot.press("j", "space", "q")
    assert isinstance(pilot.app.screen, GroupsScreen)


async def test_q_leaves_with_status_0(pilot: Driver) -> None:
    await pilot.press("q")
    await pilot.pause()
    assert pilot.app.return_value == 0


async def test_undo_with_nothing_done_says_so(pilot: Driver) -> None:
    await pilot.press("u")
    assert "nothing to undo" in message(pilot)
    await pilot.press("U")
    assert "nothing to redo" in message(pilot)


async def test_a_decision_made_elsewhere_arrives(pilot: Driver, filled: Library) -> None:
    await pilot.press("enter", "enter", "q")
    await settled(pilot)
    assert undo(filled.catalog) is not None
    for _ in range(100):
        await pilot.pause(0.05)
        if not any("✓" in row for row in rows(pilot)):
            break
    assert not any("✓" in row for row in rows(pilot))


async def test_a_reading_overtaken_by_a_decision_doesnt_take_it_back(
    pilot: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is read while the person decides: the old state must not come after the new one."""
    read, decided = threading.Event(), threading.Event()

    def slow(*args: Any, **more: Any) -> GroupTable:
        groups = list_groups(*args, **more)
        read.set()
        decided.wait(10)
        return groups

    monkeypatch.setattr(feed, "list_groups", slow)
    app(pilot).reload_groups()
    await asyncio.to_thread(read.wait, 10)
    await pilot.press("enter", "enter")
    decided.set()
    await settled(pilot)
    await settled(pilot)
    assert app(pilot).triage.progress() == (1, 4)


async def test_places_in_turn(pilot: Driver) -> None:
    seen = []
    for key in ("tab", "tab", "tab", "tab", "tab", "L", "F", "P", "J", "q"):
        await pilot.press(key)
        await settled(pilot)
        seen.append(pilot.app.current_mode)
    assert seen == [
        "find", "plan", "journal", "library", "groups",
        "library", "find", "plan", "journal", "groups",
    ]  # fmt: skip


async def test_the_palette_runs_the_screens_commands(pilot: Driver) -> None:
    await pilot.press("colon")
    await pilot.pause(0.1)
    await pilot.press(*"near")
    await pilot.pause(0.5)
    await pilot.press("enter")
    await pilot.pause(0.2)
    assert app(pilot).triage.kind == "near"


async def test_a_reading_that_comes_after_leaving_is_let_go(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        left = app(pilot)
    reading = left.feed._prepared(list_groups(filled.catalog, kind=None), 0)
    left.feed._take(left.feed.readings, reading, 0.0)  # would look for widgets that are gone


async def test_work_that_ended_under_another_screen_is_no_longer_told(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        going_on = WorkState(True, progress=Progress("comparing candidates", 1792, 2209, 0, 0.0))
        pilot.app.post_message(WorkTold(going_on))
        await pilot.pause()
        line = pilot.app.screen.query_one(MessageLine)
        assert line.work == ("comparing candidates 1,792/2,209",)
        await pilot.press("enter")
        pilot.app.post_message(WorkTold(WorkState(finished="20 groups")))
        await settled(pilot)
        await pilot.press("q")
        await settled(pilot)
        assert pilot.app.screen.query_one(MessageLine) is line
        assert line.work == ()


async def test_no_groups_are_counted_before_any_were_looked_for(
    library: Library, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TwinsiftApp, "is_busy", property(lambda _: True))
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "no group yet" in str(pilot.app.screen.query_one("#summary").render())


async def test_what_is_decided_frees_what_the_plan_says(filled: Library, make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "2", "a", "q")  # of the first group 2.1 MB go
        await settled(pilot)
        drawn = str(pilot.app.screen.query_one("#summary").render())
        assert "2 decided free 2.1 MB" in drawn
        assert "MB more" in drawn
        listed = pilot.app.screen.query_one(GroupList)
        assert "2.1 MB" in listed.render_line(0).text
        assert " 0 B " in listed.render_line(1).text


async def test_a_view_is_closed_when_one_goes_to_another_place(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "D")
        await pilot.press("question_mark", "q")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert pilot.app.screen.view is not None
        await pilot.press("L", "tab")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert pilot.app.screen.view is None
