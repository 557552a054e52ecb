"""Decisions: what they refuse, and that every step can be undone and redone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from file_library import Library
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twinsift.catalog.decisions import Choice, Verb, accept, clear, decide, keep_only, mark_distinct
from twinsift.catalog.errors import RefusedError
from twinsift.catalog.review import GroupDetail, Member
from twinsift.catalog.steps import Step, redo, undo
from twinsift.models.evidence import Evidence, Verdict


def choose(library: Library, group: str, **verbs: Verb) -> Step:
    """Decide by file names without extension."""
    names = {library.path_of(i).stem: i for i in _file_ids(library)}
    choices = [
        Choice(names[name], library.content_of(names[name]), verb) for name, verb in verbs.items()
    ]
    step = decide(library.catalog, group, choices)
    assert step is not None
    return step


def _file_ids(library: Library) -> list[int]:
    return [row[0] for row in library.catalog.connection.execute("SELECT id FROM file")]


def named_verbs(library: Library) -> dict[str, str]:
    return {library.path_of(i).stem: verb for i, verb in library.verbs().items()}


def detail(library: Library, group_id: str, file_ids: list[int], **fields: object) -> GroupDetail:
    """The group as the review shows it; the first file is the suggested keeper."""
    members = []
    for file_id in file_ids:
        row = library.catalog.connection.execute(
            "SELECT f.content_id, f.size, f.mtime_ns, f.device, f.inode, c.digest, r.role, r.path"
            " FROM file f JOIN content c ON c.id = f.content_id JOIN root r ON r.id = f.root_id"
            " WHERE f.id = ?",
            (file_id,),
        ).fetchone()
        members.append(
            Member(
                file_id=file_id,
                content_id=row[0],
                path=bytes(library.path_of(file_id)),
                root=row[7],
                reference=row[6] == "reference",
                size=row[1],
                mtime_ns=row[2],
                device=row[3],
                inode=row[4],
                digest=row[5],
                format="JPEG",
                width=4,
                height=3,
                captured_at=None,
                camera=None,
                exif_count=0,
                lossless=False,
                quality=None,
                is_representative=file_id == file_ids[0],
                verdict=Verdict.REENCODED,
                similarity=0.97,
                probability=None,
                evidence=Evidence(),
                holds=file_id in fields.get("holding", ()),  # type: ignore[operator]
                suggested=file_id == file_ids[0],
                reason="",
                verb=None,
                target=None,
            )
        )
    kind = str(fields.get("kind", "duplicate"))
    return GroupDetail(group_id, kind, Verdict.REENCODED, 0.97, tuple(members))


def test_decisions_survive_a_restart(library: Library, group_of: Callable[..., str]) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b"})
    step = choose(library, group, a=Verb.KEEP, b=Verb.TRASH)
    library.catalog.close()
    with Library.reopen(library.folder) as again:
        assert named_verbs(again) == {"a": "keep", "b": "trash"}
        assert undo(again.catalog) == step
        assert named_verbs(again) == {}
        assert redo(again.catalog) == step
        assert named_verbs(again) == {"a": "keep", "b": "trash"}
        assert redo(again.catalog) is None


def test_the_last_file_of_a_group_is_refused(
    library: Library, group_of: Callable[..., str]
) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b"})
    with pytest.raises(RefusedError, match="no file of the group would be kept"):
        choose(library, group, a=Verb.TRASH, b=Verb.DELETE)
    choose(library, group, a=Verb.TRASH)
    with pytest.raises(RefusedError, match="no file of the group would be kept"):
        choose(library, group, b=Verb.TRASH)
    assert named_verbs(library) == {"a": "trash"}


def test_a_vanished_copy_is_no_reason_to_remove_the_last(
    library: Library, group_of: Callable[..., str]
) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b"})
    with library.catalog.transaction() as connection:
        connection.execute("UPDATE file SET present = 0 WHERE path = ?", (b"a.jpg",))
    with pytest.raises(RefusedError, match="no file of the group would be kept"):
        choose(library, group, b=Verb.TRASH)


def test_a_reference_file_is_never_marked(library: Library) -> None:
    reference = library.root(library.folder / "masters", "reference")
    master = library.file("m.jpg", b"m", reference)
    copy = library.file("c.jpg", b"c")
    group = library.group([master, copy])
    for verb in (Verb.TRASH, Verb.DELETE):
        with pytest.raises(RefusedError, match="marked reference"):
            choose(library, group, m=verb)
    chosen = keep_only(detail(library, group, [copy, master]), keep=[], verb=Verb.TRASH)
    assert {c.file_id: c.verb for c in chosen} == {master: Verb.KEEP, copy: Verb.TRASH}
    decide(library.catalog, group, chosen)


def test_a_hard_link_of_the_kept_file_is_kept(library: Library) -> None:
    first = library.file("a.jpg", b"same")
    (library.photos / "b.jpg").hardlink_to(library.photos / "a.jpg")
    second = library.row(b"b.jpg", b"same")
    third = library.file("c.jpg", b"same")
    group = library.group([first, second, third])
    chosen = keep_only(detail(library, group, [first, second, third]), keep={first})
    assert [c.verb for c in chosen] == [Verb.KEEP, Verb.KEEP, Verb.TRASH]


def test_a_file_that_changed_since_it_was_shown_is_refused(
    library: Library, group_of: Callable[..., str]
) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b"})
    b = next(i for i in _file_ids(library) if library.path_of(i).stem == "b")
    stale = Choice(b, library.content_of(b), Verb.TRASH)
    other = library.file("other.jpg", b"other")
    with library.catalog.transaction() as connection:
        connection.execute(
            "UPDATE file SET content_id = ? WHERE id = ?", (library.content_of(other), b)
        )
    with pytest.raises(RefusedError, match=r"b\.jpg has changed since it was shown"):
        decide(library.catalog, group, [stale])


def test_a_move_needs_an_absolute_folder(library: Library, group_of: Callable[..., str]) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b"})
    a, b = _file_ids(library)
    for verb, target in ((Verb.MOVE, None), (Verb.MOVE, b"here"), (Verb.TRASH, b"/there")):
        with pytest.raises(RefusedError):
            decide(library.catalog, group, [Choice(b, library.content_of(b), verb, target)])
    decide(library.catalog, group, [Choice(b, library.content_of(b), Verb.MOVE, b"/there\xff")])
    assert undo(library.catalog) is not None
    assert redo(library.catalog) is not None
    row = library.catalog.connection.execute("SELECT file_id, target FROM decision").fetchone()
    assert row == (b, b"/there\xff")
    assert a not in library.verbs()


def test_clear_forgets_and_undo_remembers(library: Library, group_of: Callable[..., str]) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b"})
    other = group_of({"c.jpg": b"c", "d.jpg": b"d"})
    choose(library, group, a=Verb.KEEP, b=Verb.TRASH)
    choose(library, other, c=Verb.KEEP, d=Verb.TRASH)
    clear(library.catalog, group)
    assert named_verbs(library) == {"c": "keep", "d": "trash"}
    undo(library.catalog)
    assert named_verbs(library) == {"a": "keep", "b": "trash", "c": "keep", "d": "trash"}


def test_distinct_takes_the_group_away_and_undo_brings_both_back(
    library: Library, group_of: Callable[..., str]
) -> None:
    files = {"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c"}
    group = group_of(files)
    choose(library, group, a=Verb.KEEP, b=Verb.TRASH)
    before = _state(library)
    mark_distinct(library.catalog, group)
    marked = _state(library)
    assert len(marked["distinct_pair"]) == 3
    assert marked["duplicate_group"] == marked["group_member"] == marked["decision"] == []
    undo(library.catalog)
    assert _state(library) == before
    redo(library.catalog)
    assert _state(library) == marked
    with pytest.raises(RefusedError, match="is gone"):
        mark_distinct(library.catalog, group)


def test_undo_of_distinct_keeps_the_marks_of_earlier_steps(
    library: Library, group_of: Callable[..., str]
) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c"})
    low, high = sorted(
        row[0] for row in library.catalog.connection.execute("SELECT digest FROM content LIMIT 2")
    )
    with library.catalog.transaction() as connection:
        connection.execute("INSERT INTO distinct_pair VALUES (?, ?, 1.0)", (low, high))
    mark_distinct(library.catalog, group)
    undo(library.catalog)
    assert _state(library)["distinct_pair"] == [(low, high, 1.0)]


def test_undo_of_distinct_gives_way_to_groups_formed_since(
    library: Library, group_of: Callable[..., str]
) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c"})
    mark_distinct(library.catalog, group)
    ids = {library.path_of(i).stem: i for i in _file_ids(library)}
    library.group([ids["c"], library.file("d.jpg", b"d")])
    undo(library.catalog)
    members = library.catalog.connection.execute(
        "SELECT content_id FROM group_member WHERE group_id = ?", (group,)
    ).fetchall()
    assert {row[0] for row in members} == {
        library.content_of(ids["a"]),
        library.content_of(ids["b"]),
    }


def test_identical_files_are_never_distinct(library: Library) -> None:
    group = library.group([library.file("a.jpg", b"same"), library.file("b.jpg", b"same")])
    with pytest.raises(RefusedError, match="identical byte for byte"):
        mark_distinct(library.catalog, group)


def test_accept_is_one_step_and_refuses_near_shots(library: Library) -> None:
    shown = []
    for n in range(3):
        files = [library.file(f"{n}{x}.jpg", f"{n}{x}".encode()) for x in "ab"]
        shown.append(detail(library, library.group(files), files))
    near = [library.file(f"n{x}.jpg", f"n{x}".encode()) for x in "ab"]
    near_detail = detail(library, library.group(near, kind="near"), near, kind="near")
    with pytest.raises(RefusedError, match="near shots"):
        accept(library.catalog, [*shown, near_detail])
    assert library.verbs() == {}
    step = accept(library.catalog, iter(shown))
    assert sorted(library.verbs().values()) == ["keep"] * 3 + ["trash"] * 3
    assert undo(library.catalog) == step
    assert library.verbs() == {}


def test_accept_leaves_what_shows_more_than_the_picture(library: Library) -> None:
    files = [library.file(f"{x}.jpg", x.encode()) for x in ("photo", "copy", "screenshot")]
    group = library.group(files)
    accept(library.catalog, [detail(library, group, files, holding={files[2]})])
    assert named_verbs(library) == {"photo": "keep", "copy": "trash", "screenshot": "keep"}


def test_undo_never_revives_a_decision_about_another_content(
    library: Library, group_of: Callable[..., str]
) -> None:
    group = group_of({"a.jpg": b"a", "b.jpg": b"b"})
    choose(library, group, a=Verb.KEEP, b=Verb.TRASH)
    clear(library.catalog, group)
    other = library.file("other.jpg", b"other")
    with library.catalog.transaction() as connection:
        connection.execute(
            "UPDATE file SET content_id = ? WHERE path = ?", (library.content_of(other), b"b.jpg")
        )
    undo(library.catalog)
    assert named_verbs(library) == {"a": "keep"}


def _state(library: Library) -> dict[str, list[tuple[object, ...]]]:
    """Everything that decisions write, except the history."""
    tables = ("decision", "distinct_pair", "duplicate_group", "group_member")
    query = "SELECT * FROM {} ORDER BY 1, 2, 3"
    return {
        table: library.catalog.connection.execute(query.format(table)).fetchall()
        for table in tables
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.just("decide"), st.sampled_from(["keep", "trash", "delete"]), st.integers(0, 5)
            ),
            st.tuples(st.sampled_from(["clear", "distinct"]), st.just(""), st.integers(0, 1)),
        ),
        max_size=8,
    )
)
def test_undo_walks_back_through_every_state_and_redo_forward(
    tmp_path_factory: pytest.TempPathFactory, gestures: list[tuple[str, str, int]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("walk")
    with Library.create(folder) as library:
        files = [library.file(f"{n}.jpg", bytes([n])) for n in range(6)]
        groups = [library.group(files[:3]), library.group(files[3:])]
        states = [_state(library)]
        for gesture, verb, number in gestures:
            try:
                if gesture == "decide":
                    choice = Choice(files[number], library.content_of(files[number]), Verb(verb))
                    step = decide(library.catalog, groups[number // 3], [choice])
                elif gesture == "clear":
                    step = clear(library.catalog, groups[number])
                else:
                    step = mark_distinct(library.catalog, groups[number])
            except RefusedError:
                assert _state(library) == states[-1]
            else:
                states += [_state(library)] * (step is not None)
        for state in reversed(states[:-1]):
            assert undo(library.catalog) is not None
            assert _state(library) == state
        assert undo(library.catalog) is None
        for state in states[1:]:
            assert redo(library.catalog) is not None
            assert _state(library) == state
        assert redo(library.catalog) is None
