"""The groups as listed: filters, order, marks, and a cursor that stays on its group."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.catalog.group_table import GroupSummary
from twinsift.models.evidence import Verdict
from twinsift.tui.triage import Sort, Totals, Triage


def group(number: int, **more: object) -> GroupSummary:
    base = GroupSummary(
        id=f"{number:04}",
        kind="duplicate",
        verdict=Verdict.RESIZED,
        similarity=0.9,
        files=2,
        reclaim=1000 - number,
        folder=b"/photos/%d" % (number % 3),
        name=b"picture-%d.jpg" % number,
        decided=0,
    )
    return replace(base, **more)


@pytest.fixture
def triage() -> Triage:
    made = Triage()
    made.load(group(n) for n in range(10))
    return made


def ids(triage: Triage) -> list[str]:
    return [shown.id for shown in triage.shown]


def test_most_reclaimable_first(triage: Triage) -> None:
    assert ids(triage) == [f"{n:04}" for n in range(10)]


def test_each_order(triage: Triage) -> None:
    triage.load(
        [
            group(1, similarity=0.9, files=2, reclaim=5, folder=b"/b"),
            group(2, similarity=0.7, files=3, reclaim=9, folder=b"/c"),
            group(3, similarity=0.8, files=9, reclaim=1, folder=b"/a"),
        ]
    )
    found = {}
    for _ in Sort:
        found[triage.sort] = ids(triage)
        triage.next_sort()
    assert found == {
        Sort.RECLAIM: ["0002", "0001", "0003"],
        Sort.SIMILARITY: ["0002", "0003", "0001"],
        Sort.FILES: ["0003", "0002", "0001"],
        Sort.FOLDER: ["0003", "0001", "0002"],
    }
    assert triage.sort is Sort.RECLAIM


def test_new_groups_leave_the_cursor_on_its_group(triage: Triage) -> None:
    triage.go_to("0004")
    triage.load([group(100, reclaim=99_999), *(group(n) for n in range(10))])
    assert triage.current is not None
    assert triage.current.id == "0004"
    assert triage.row == 5


def test_a_vanished_group_leaves_the_cursor_at_its_row(triage: Triage) -> None:
    triage.go_to("0004")
    triage.remove("0004")
    assert triage.current is not None
    assert triage.current.id == "0005"


def test_removing_above_moves_the_row_with_the_group(triage: Triage) -> None:
    triage.go_to("0004")
    triage.remove("0001")
    assert triage.current is not None
    assert triage.current.id == "0004"


def test_removing_the_last_one_leaves_no_cursor() -> None:
    triage = Triage()
    triage.load([group(1)])
    triage.remove("0001")
    assert triage.current is None
    assert not triage.next_open()


def test_near_shots_are_another_list(triage: Triage) -> None:
    near = Triage("near")
    near.load([group(1, kind="near"), group(2)])
    assert ids(near) == ["0001"]


def test_filter_by_text_looks_at_folder_name_and_verdict(triage: Triage) -> None:
    triage.load([group(1, name=b"Caf\xc3\xa9.JPG"), group(2, folder=b"/Rome"), group(3)])
    for text, found in (
        ("café", ["0001"]),
        ("ROME", ["0002"]),
        ("resized", ["0001", "0002", "0003"]),
    ):
        triage.text = text
        triage.arrange()
        assert ids(triage) == found


def test_verdicts_in_turn(triage: Triage) -> None:
    triage.load([group(1, verdict=Verdict.CROPPED), group(2, verdict=Verdict.RESIZED)])
    seen = []
    for _ in range(3):
        triage.next_verdict()
        seen.append((triage.verdict, ids(triage)))
    assert seen == [
        (Verdict.RESIZED, ["0002"]),
        (Verdict.CROPPED, ["0001"]),
        (None, ["0001", "0002"]),
    ]


def test_a_verdict_that_left_doesnt_hide_everything(triage: Triage) -> None:
    triage.verdict = Verdict.FRAMED
    triage.next_verdict()
    assert triage.verdict is Verdict.RESIZED


def test_next_open_goes_round(triage: Triage) -> None:
    for number in (1, 2, 3, 5, 6, 7, 8, 9):
        triage.update(f"{number:04}", decided=2, freed=0)
    triage.go_to("0004")
    assert triage.upcoming() is not None
    assert triage.next_open()
    assert triage.row == 0
    triage.update("0000", decided=2, freed=0)
    assert triage.next_open()
    assert triage.row == 4
    triage.update("0004", decided=2, freed=0)
    assert not triage.next_open()
    assert triage.upcoming() is None


def test_the_only_open_group_isnt_its_own_next(triage: Triage) -> None:
    triage.load([group(1), group(2, decided=2)])
    triage.go_to("0001")
    assert triage.upcoming() is None


def test_decided_groups_keep_their_row_until_arranged(triage: Triage) -> None:
    triage.open_only = True
    triage.arrange()
    triage.update("0000", decided=2, freed=0)
    assert ids(triage)[0] == "0000"
    triage.arrange()
    assert ids(triage)[0] == "0001"


def test_totals_follow_updates(triage: Triage) -> None:
    triage.update("0000", decided=2, freed=700)
    triage.update("0001", decided=1, freed=9)
    assert triage.totals() == Totals(10, 1, sum(1000 - n for n in range(1, 10)), 700)
    assert triage.progress() == (1, 10)
    triage.update("0000", decided=0, freed=0)
    assert triage.progress() == (0, 10)


def test_what_is_decided_while_the_list_is_read_stays(triage: Triage) -> None:
    triage.update("0003", decided=2, freed=0)
    triage.reading_begins()
    triage.update("0001", decided=2, freed=0)
    triage.remove("0002")
    triage.load(group(n) for n in range(10))
    assert [shown.id for shown in triage.shown if shown.is_decided] == ["0001"]
    assert "0002" not in ids(triage)
    triage.reading_begins()
    triage.load(group(n) for n in range(10))
    assert "0002" in ids(triage)
    assert triage.progress() == (0, 10)


def test_marks_outlive_a_reload_but_not_their_group(triage: Triage) -> None:
    triage.toggle_mark("0003")
    triage.mark_rows(7, 5)
    triage.load(group(n) for n in range(7))
    assert triage.marks == {"0003", "0005", "0006"}
    triage.toggle_mark("0003")
    assert triage.open_ids() == triage.marked_ids() == ["0005", "0006"]
    triage.update("0005", decided=2, freed=0)
    assert triage.open_ids() == ["0006"]
    triage.unmark()
    assert len(triage.open_ids()) == 6
    assert not triage.marks


def test_show_drops_the_filter_that_hides(triage: Triage) -> None:
    triage.text = "picture-3"
    triage.arrange()
    assert triage.show("0008")
    assert triage.text == ""
    assert not triage.show("gone")


@given(
    st.lists(
        st.tuples(st.sampled_from(["load", "remove", "sort", "step", "next"]), st.integers(0, 12))
    )
)
def test_rows_and_ids_agree_whatever_happens(steps: list[tuple[str, int]]) -> None:
    triage = Triage()
    triage.load(group(n) for n in range(8))
    for what, number in steps:
        if what == "load":
            triage.load(group(n) for n in range(number, number + 5))
        elif what == "remove":
            triage.remove(f"{number:04}")
        elif what == "sort":
            triage.next_sort()
        elif what == "step":
            triage.step(number - 6)
        else:
            triage.next_open()
        for row, shown in enumerate(triage.shown):
            here = triage.row
            assert triage.go_to(shown.id)
            assert triage.row == row
            triage.row = here
        assert (triage.current is None) == (not triage.shown)
        totals = triage.totals()
        assert totals.reclaim == sum(g.reclaim for g in triage.shown if not g.is_decided)
        assert totals.freed == sum(g.freed for g in triage.shown if g.is_decided)
        assert totals.reclaim + totals.freed == sum(g.frees for g in triage.shown)
