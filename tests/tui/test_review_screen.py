"""Review of a group by its keys: each decides at once, goes on, and can be undone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from textual.pilot import Pilot
from twinsift.catalog.review import load_group
from twinsift.catalog.settings import FileSettings, ScreenSettings, Settings
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.chips import Chips
from twinsift.tui.folder_picker import FolderPicker
from twinsift.tui.groups_screen import GroupsScreen
from twinsift.tui.pace import Pace
from twinsift.tui.panes import FactsPane, FilePane
from twinsift.tui.review_screen import ReviewScreen

from .conftest import PHOTOS, Library, MakeApp, Picture, settled

Driver = Pilot[int]
SEA, SEA_COPY = b"2018/sea.jpg", b"old disk/sea.jpg"
HUT, HUT_EDITED = b"2021/hut.jpg", b"2021/hut_edited.jpg"


@pytest.fixture
async def pilot(filled: Library, make_app: MakeApp) -> AsyncIterator[Driver]:
    async with make_app().run_test(size=(80, 24)) as running:
        await settled(running)
        await running.press("enter")
        await settled(running)
        yield running


def review(pilot: Driver) -> ReviewScreen:
    assert isinstance(pilot.app.screen, ReviewScreen)
    return pilot.app.screen


def shown(pilot: Driver) -> bytes:
    """The ★ file of the group that is shown, below its root."""
    detail = review(pilot).detail
    assert detail is not None
    return os.path.relpath(detail.members[0].path, PHOTOS)


def message(pilot: Driver) -> str:
    return pilot.app.screen.query_one("MessageLine").text  # type: ignore[attr-defined]


def pane_lines(pilot: Driver) -> list[list[str]]:
    return [
        [pane.render_line(y).text for y in range(pane.size.height)]
        for pane in pilot.app.screen.query(FilePane)
        if pane.display
    ]


def facts_lines(pilot: Driver) -> list[str]:
    facts = pilot.app.screen.query_one(FactsPane)
    return [facts.render_line(y).text.rstrip() for y in range(facts.size.height)]


async def test_enter_keeps_the_star_trashes_the_rest_and_goes_on(
    pilot: Driver, filled: Library
) -> None:
    await pilot.press("enter")
    assert filled.decisions() == {SEA: "keep", SEA_COPY: "trash"}
    assert shown(pilot) == HUT
    assert "sea.jpg kept" in message(pilot)


async def test_a_digit_keeps_that_file(pilot: Driver, filled: Library) -> None:
    await pilot.press("2")
    assert filled.decisions() == {SEA: "trash", SEA_COPY: "keep"}
    assert shown(pilot) == HUT


async def test_a_digit_without_its_file_does_nothing(pilot: Driver, filled: Library) -> None:
    await pilot.press("7")
    assert filled.decisions() == {}
    assert shown(pilot) == SEA
    assert "no file 7" in message(pilot)


async def test_keep_all(pilot: Driver, filled: Library) -> None:
    await pilot.press("a")
    assert filled.decisions() == {SEA: "keep", SEA_COPY: "keep"}
    assert shown(pilot) == HUT


async def test_not_duplicates_takes_the_group_away(pilot: Driver, filled: Library) -> None:
    await pilot.press("s", "x")
    assert shown(pilot) == b"2019/Rome/IMG_2041.JPG"
    assert filled.fact("SELECT count(*) FROM distinct_pair") == 1
    assert filled.fact("SELECT count(*) FROM duplicate_group WHERE kind = 'duplicate'") == 3
    await pilot.press("u")
    await settled(pilot)
    assert shown(pilot) == HUT


async def test_skip_leaves_it_open_and_comes_round(pilot: Driver, filled: Library) -> None:
    seen = []
    for _ in range(4):
        await pilot.press("s")
        seen.append(shown(pilot))
    assert seen == [HUT, b"2019/Rome/IMG_2041.JPG", b"2020/garden/DSC01234.png", SEA]
    assert filled.decisions() == {}


async def test_undo_returns_to_the_group_it_undoes(pilot: Driver, filled: Library) -> None:
    await pilot.press("enter", "enter", "s")
    await pilot.press("u")
    assert shown(pilot) == HUT
    assert filled.decisions() == {SEA: "keep", SEA_COPY: "trash"}
    await pilot.press("u")
    assert shown(pilot) == SEA
    assert filled.decisions() == {}
    await pilot.press("U")
    assert shown(pilot) == SEA
    assert filled.decisions() == {SEA: "keep", SEA_COPY: "trash"}


async def test_decisions_survive_a_restart(filled: Library, make_app: MakeApp) -> None:
    for keys in (["enter", "enter"], ["u"]):
        async with make_app().run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            await pilot.press(*keys)
            await settled(pilot)
        assert filled.decisions() == ({SEA: "keep", SEA_COPY: "trash"} if keys[0] != "u" else {})


async def test_marking_by_hand_then_enter_goes_on_as_marked(pilot: Driver, filled: Library) -> None:
    await pilot.press("k", "j", "j", "j")
    assert shown(pilot) == b"2020/garden/DSC01234.png"
    await pilot.press("l", "d", "l", "d", "d")
    verbs = {os.path.basename(path): verb for path, verb in filled.decisions().items()}
    assert verbs == {
        b"DSC01234.png": "keep", b"garden-1.jpg": "keep", b"garden-2.jpg": "trash",
        b"garden-3.jpg": "keep", b"garden-4.jpg": "keep",
    }  # fmt: skip
    await pilot.press("enter")
    assert shown(pilot) == SEA
    assert {os.path.basename(p): v for p, v in filled.decisions().items()} == verbs


async def test_marks_made_by_hand_stand_when_the_group_is_opened_again(
    pilot: Driver, filled: Library
) -> None:
    await pilot.press("k", "j", "j", "j")
    many = shown(pilot)
    await pilot.press("l", "d", "enter", "s", "q")  # the second goes
    for _ in range(3):
        await pilot.press("enter")
        if shown(pilot) == many:
            break
        await pilot.press("q", "j")
    await pilot.press("D")
    await settled(pilot)
    assert shown(pilot) == many
    before = filled.decisions(), filled.fact("SELECT count(*) FROM step")
    assert sorted(before[0].values()) == ["keep"] * 4 + ["trash"]
    await pilot.press("enter")
    assert (filled.decisions(), filled.fact("SELECT count(*) FROM step")) == before
    assert "as marked" in message(pilot)
    assert shown(pilot) != many


async def test_a_file_that_joined_a_group_decided_by_hand_overwrites_no_mark(
    library: Library, make_app: MakeApp
) -> None:
    library.group([Picture(b"a.jpg", size=9_000_000), Picture(b"b.jpg"), Picture(b"c.jpg")])
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "2")
        with library.catalog.transaction() as connection:
            connection.execute(
                "DELETE FROM decision WHERE file_id = (SELECT id FROM file WHERE path = ?)",
                (b"c.jpg",),
            )
        await pilot.press("question_mark", "q", "enter")
        assert library.decisions() == {b"a.jpg": "trash", b"b.jpg": "keep"}
        assert "2 files decided otherwise · 1 keeps ★ alone" in message(pilot)
        await pilot.press("1")
        assert library.decisions() == {b"a.jpg": "keep", b"b.jpg": "trash", b"c.jpg": "trash"}


async def test_deciding_the_same_again_is_no_step(pilot: Driver, filled: Library) -> None:
    for key in ("enter", "1", "a", "a", "c", "c"):
        await pilot.press(key)
        await pilot.press("k")
        while shown(pilot) != SEA:
            await pilot.press("k")
    assert filled.fact("SELECT count(*) FROM step") == 3
    await pilot.press("u", "u")
    assert filled.decisions() == {SEA: "keep", SEA_COPY: "trash"}


async def test_marks_made_by_hand_arent_repeated_and_nothing_older_is(
    pilot: Driver, filled: Library
) -> None:
    await pilot.press("s", "x", "d")
    before = filled.decisions()
    await pilot.press("enter", "full_stop")
    assert filled.decisions() == before
    assert filled.fact("SELECT count(*) FROM duplicate_group WHERE kind = 'duplicate'") == 3
    assert "can't be repeated" in message(pilot)


async def test_the_last_kept_file_cant_be_marked(pilot: Driver, filled: Library) -> None:
    await pilot.press("d", "h", "d")
    assert filled.decisions() == {SEA: "keep", SEA_COPY: "trash"}
    assert "keep at least one" in message(pilot)


async def test_clear_forgets(pilot: Driver, filled: Library) -> None:
    await pilot.press("enter", "k", "c")
    assert shown(pilot) == SEA
    assert filled.decisions() == {}


async def test_repeat_does_the_same_again(pilot: Driver, filled: Library) -> None:
    await pilot.press("full_stop")
    assert "nothing to repeat" in message(pilot)
    await pilot.press("2", "full_stop")
    assert filled.decisions() == {
        SEA: "trash", SEA_COPY: "keep", HUT: "trash", HUT_EDITED: "keep"
    }  # fmt: skip
    assert shown(pilot) == b"2019/Rome/IMG_2041.JPG"


async def test_move_asks_once_for_the_folder(
    filled: Library, make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = tmp_path_factory.mktemp("target")
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "m")
        assert isinstance(pilot.app.screen, FolderPicker)
        line = pilot.app.screen.query_one("Input")
        line.value = str(target)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await settled(pilot)
        assert filled.decisions() == {SEA: "keep", SEA_COPY: "move"}
        await pilot.press("m")
        assert filled.decisions()[HUT_EDITED] == "move"
        await pilot.press("M")
        assert isinstance(pilot.app.screen, FolderPicker)  # M asks again
    found = filled.fact("SELECT DISTINCT target FROM decision WHERE verb = 'move'")
    assert found == os.fsencode(target)


async def test_move_goes_to_the_folder_of_the_settings(filled: Library, make_app: MakeApp) -> None:
    settings = Settings(
        screen=ScreenSettings(colours="truecolor"), files=FileSettings(move_to="/somewhere")
    )
    async with make_app(settings).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "m")
        assert filled.decisions() == {SEA: "keep", SEA_COPY: "move"}


async def test_reference_folders_are_kept_whatever_is_pressed(
    library: Library, make_app: MakeApp
) -> None:
    library.root(b"/archive", "reference")
    library.group([Picture(b"a.jpg", size=9_000_000), Picture(b"b.jpg", root=b"/archive")])
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "2")
        assert library.decisions() == {b"a.jpg": "keep", b"b.jpg": "keep"}


async def test_after_the_last_group_it_says_where_to_go(pilot: Driver) -> None:
    await pilot.press("enter", "enter", "enter", "enter")
    assert "P shows the plan" in message(pilot)


async def test_the_file_cursor_stops_at_the_ends(pilot: Driver) -> None:
    for key, at in (("l", 1), ("h", 0), ("left", 0), ("right", 1)):
        await pilot.press(key)
        assert review(pilot).cursor == at


async def test_star_stays_while_the_others_scroll(pilot: Driver) -> None:
    await pilot.press("k", "k", "j", "j", "j")
    assert shown(pilot) == b"2020/garden/DSC01234.png"
    seen = []
    for _ in range(4):
        seen.append(review(pilot).columns())
        await pilot.press("l")
    assert seen == [[0, 1], [0, 2], [0, 3], [0, 4]]


@pytest.mark.parametrize(("width", "panes"), [(50, 2), (80, 2), (120, 3), (160, 4)])
async def test_panes_by_width(filled: Library, make_app: MakeApp, width: int, panes: int) -> None:
    async with make_app().run_test(size=(width, 24)) as pilot:
        await settled(pilot)
        await pilot.press("G", "enter")
        await settled(pilot)
        assert len(pane_lines(pilot)) == panes
        assert review(pilot).columns() == list(range(panes))


async def test_what_is_told_of_each_file(pilot: Driver) -> None:
    await pilot.press("j", "j")
    await settled(pilot)
    star, other = pane_lines(pilot)
    assert star[0].startswith(" 1 ★ IMG_2041.JPG")
    assert star[-1].startswith(" ★ most pixels (4000×3000)")
    assert other[0].startswith("›2   IMG_2041 (1).jpg")
    assert other[-1].startswith(" cropped · 93 % alike")
    assert sum("▀" in line or "▌" in line for line in star) > 8
    lines = facts_lines(pilot)
    assert "4000×3000 ▲" in lines[0]
    assert "2048×1536" in lines[0]
    assert "~/Photos/2019/Rome" in lines[2]
    assert " ".join(" ".join(lines[3:]).split()) == (
        "1 and 2: mirrored crop, 52 % of the area; 143 matching points; SSIM 0.93 where they"
        " overlap; pHash 14 of 64 bits apart."
    )


async def test_progress_and_pace_are_told(pilot: Driver) -> None:
    now = 0.0

    def clock() -> float:
        return now

    app = pilot.app
    assert isinstance(app, TwinsiftApp)
    app.desk.pace = Pace(clock)
    for _ in range(6):
        app.desk.pace.decided()
        now += 600.0 if now == 0.0 else 90.0  # the first one: a walk round the block
    await pilot.press("enter")
    where = pilot.app.screen.query_one("TitleBar").where  # type: ignore[attr-defined]
    assert where.endswith("2 of 4 · 1 decided, about 4 min left")
    await pilot.resize_terminal(80, 24)
    await settled(pilot)
    pilot.app.screen.refresh_where()  # type: ignore[attr-defined]
    narrow = pilot.app.screen.query_one("TitleBar").where  # type: ignore[attr-defined]
    assert narrow.split(" ")[0] == where.split(" ")[0]
    assert len(narrow) <= 80 - 21


async def test_the_weakest_link_of_many_files_is_named(pilot: Driver) -> None:
    await pilot.press("k", "j", "j", "j")
    chips = pilot.app.screen.query_one(Chips)
    assert " ".join(chips.render_line(0).text.split()) == (
        "5 files: 1★ 2 3 4 5 weakest link 1–5: resized, 95 % alike"
    )


async def test_without_pictures_the_facts_have_the_room(filled: Library, make_app: MakeApp) -> None:
    settings = Settings(screen=ScreenSettings(pictures="none", colours="256"))
    async with make_app(settings).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("G", "enter")
        await settled(pilot)
        assert [len(lines) for lines in pane_lines(pilot)] == [2, 2]
        assert any(line.split()[:1] == ["format"] for line in facts_lines(pilot))


async def test_a_group_that_vanished_is_passed_over(pilot: Driver, filled: Library) -> None:
    with filled.catalog.transaction() as connection:
        connection.execute("DELETE FROM duplicate_group WHERE verdict = 'tone or colour edited'")
    await pilot.press("enter")
    assert shown(pilot) == b"2019/Rome/IMG_2041.JPG"


async def test_a_file_that_changed_meanwhile_is_refused(pilot: Driver, filled: Library) -> None:
    with filled.catalog.transaction() as connection:
        connection.execute("UPDATE file SET present = 0 WHERE path = ?", (SEA_COPY,))
    await pilot.press("enter")
    assert filled.decisions() == {}
    assert "has changed since it was shown" in message(pilot)


async def test_near_shots_are_reviewed_alike(pilot: Driver, filled: Library) -> None:
    await pilot.press("q", "n", "enter")
    await settled(pilot)
    assert shown(pilot) in (b"2022/jump 1.jpg", b"2022/jump 2.jpg")
    await pilot.press("1")
    assert sorted(filled.decisions().values()) == ["keep", "trash"]


async def test_names_that_would_steer_the_terminal_are_neutralised(
    library: Library, make_app: MakeApp
) -> None:
    library.group([Picture(b"a[red]\x1b[31m.jpg"), Picture(b"b\xff\xe2\x80\xae.jpg")])
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        drawn = "".join(line for lines in pane_lines(pilot) for line in lines)
        assert "a[red]\\x1b[31m.jpg" in drawn
        assert "b\\xff\\u202e.jpg" in drawn
        assert "\x1b" not in drawn


async def test_a_damaged_preview_is_told(library: Library, make_app: MakeApp) -> None:
    group = library.group([Picture(b"a.jpg"), Picture(b"b.jpg")])
    detail = load_group(library.catalog, group)
    assert detail is not None
    with library.catalog.transaction() as connection:
        connection.execute(
            "INSERT INTO preview VALUES (?, ?)", (detail.members[0].content_id, b"junk")
        )
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        drawn = ["".join(lines) for lines in pane_lines(pilot)]
        assert "the stored picture is damaged" in drawn[0]
        assert "no picture" in drawn[1]


async def test_q_returns_to_the_list_on_the_group_last_seen(pilot: Driver) -> None:
    await pilot.press("s", "s", "q")
    await settled(pilot)
    assert isinstance(pilot.app.screen, GroupsScreen)
    assert isinstance(pilot.app, TwinsiftApp)
    current = pilot.app.triage.current
    assert current is not None
    assert current.name == b"IMG_2041.JPG"
