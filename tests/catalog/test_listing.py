"""The list of groups: what each row says, which come first, and when it is to be read again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from twinsift.catalog import decisions, library, listing, steps
from twinsift.catalog.database import Catalog
from twinsift.catalog.group_store import put_groups
from twinsift.catalog.groups import Group
from twinsift.catalog.listing import (
    first_groups,
    groups_in_order,
    is_noted,
    list_groups,
    note_first,
    stamp,
)
from twinsift.catalog.review import load_group, load_groups

_SIZES = ((50, 40), (900, 10, 10), (300, 300), (70, 60))


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Catalog]:
    """Four groups of files with these sizes; contents are numbered through."""
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        _fill(catalog)
        yield catalog


def _fill(catalog: Catalog) -> None:
    with catalog.transaction() as db:
        db.execute("INSERT INTO root (id, path, role, added_at) VALUES (1, X'2F70', 'normal', 0)")
        formed, content = [], 0
        for number, sizes in enumerate(_SIZES):
            members = []
            for size in sizes:
                content += 1
                members.append(content)
                db.execute(
                    "INSERT INTO content (id, digest, size) VALUES (?, ?, ?)",
                    (content, bytes([content]) * 32, size),
                )
                db.execute(
                    "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, content_id)"
                    " VALUES (1, ?, ?, 0, 1, ?, ?)",
                    (b"%d/%d.jpg" % (number, content), size, content, content),
                )
                if len(members) > 1:
                    db.execute(
                        "INSERT INTO pair (a_id, b_id, verdict, similarity, evidence)"
                        " VALUES (?, ?, 'resized', 0.9, '{}')",
                        (members[0], content),
                    )
            formed.append(Group(members[0], tuple(members)))
    put_groups(catalog, "evidence", formed[:3], formed[3:])


def test_rows_tell_files_bytes_and_the_representatives_place(filled: Catalog) -> None:
    rows = [(g.files, g.reclaim, g.folder, g.name, g.decided) for g in list_groups(filled)]
    assert rows == [
        (2, 300, b"/p/2", b"6.jpg", 0),
        (2, 40, b"/p/0", b"1.jpg", 0),
        (3, 20, b"/p/1", b"3.jpg", 0),
    ]


def test_links_of_one_inode_free_nothing(filled: Catalog) -> None:
    with filled.transaction() as db:
        db.execute("UPDATE file SET inode = 6 WHERE content_id = 7")
    assert [g.reclaim for g in list_groups(filled)] == [40, 20, 0]


def test_the_first_are_read_alone(filled: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(first_groups(filled)) == list(list_groups(filled, kind=None))
    monkeypatch.setattr(listing, "_FIRST", 1)
    note_first(filled)
    assert [(g.kind, g.reclaim) for g in first_groups(filled)] == [("duplicate", 300), ("near", 60)]


def test_in_order_the_first_come_without_the_rest(
    filled: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [g.id for g in list_groups(filled)]
    monkeypatch.setattr(listing, "_FIRST", 2)
    note_first(filled)
    assert [g.id for g in groups_in_order(filled)] == whole
    in_order = groups_in_order(filled)
    with monkeypatch.context() as patch:
        patch.setattr(listing, "list_groups", lambda *_, **__: pytest.fail("all were read"))
        assert next(in_order).id == whole[0]
    assert [g.id for g in in_order] == whole[1:]


@pytest.mark.parametrize("how", ["gone", "linked", "excluded"])
def test_in_order_holds_when_the_files_have_changed(
    filled: Catalog, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The group that was noted as the first frees less than others now."""
    monkeypatch.setattr(listing, "_FIRST", 1)
    note_first(filled)
    assert is_noted(filled)
    with filled.transaction() as db:
        if how == "gone":
            db.execute("UPDATE file SET present = 0 WHERE content_id = 7")
            db.execute("UPDATE root SET scanned_at = 5")
        elif how == "linked":  # as it may have been when it was noted
            db.execute("UPDATE file SET inode = 6 WHERE content_id = 7")
        else:
            db.execute("INSERT INTO root (id, path, added_at) VALUES (2, X'2F71', 0)")
            db.execute("UPDATE file SET root_id = 2 WHERE content_id = 7")
            db.execute("UPDATE root SET role = 'excluded' WHERE id = 2")
    assert [g.id for g in groups_in_order(filled)] == [g.id for g in list_groups(filled)]


def test_matching_again_notes_the_first_anew_where_files_have_changed(filled: Catalog) -> None:
    with filled.transaction() as db:
        db.execute("UPDATE root SET scanned_at = 5")
    assert not is_noted(filled)
    put_groups(filled, "evidence", [], [], unchanged=set(range(1, 20)))
    assert is_noted(filled)


def test_links_are_seen_among_the_first_too(filled: Catalog) -> None:
    with filled.transaction() as db:
        db.execute("UPDATE file SET inode = 6 WHERE content_id = 7")
    assert list(first_groups(filled)) == list(list_groups(filled, kind=None))


def test_what_went_since_is_not_among_the_first(filled: Catalog) -> None:
    with filled.transaction() as db:
        db.execute("DELETE FROM duplicate_group WHERE representative_id = 6")
        db.execute("UPDATE file SET present = 0 WHERE content_id = 2")
    assert [g.reclaim for g in first_groups(filled)] == [60, 20]


def test_nothing_noted_means_nothing_first(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "empty.sqlite") as empty:
        assert list(first_groups(empty)) == []


def test_the_stamp_changes_with_what_the_list_shows_only(filled: Catalog) -> None:
    seen = [stamp(filled)]
    with filled.transaction() as db:
        db.execute("INSERT INTO content (digest, size) VALUES (X'00', 1)")
    assert stamp(filled) == seen[0]
    group = list_groups(filled)[0]
    detail = load_group(filled, group.id)
    assert detail is not None
    decisions.decide(filled, group.id, decisions.keep_only(detail, {detail.keeper.file_id}))
    seen.append(stamp(filled))
    steps.undo(filled)
    seen.append(stamp(filled))
    library.set_role(filled, 1, "reference")
    seen.append(stamp(filled))
    put_groups(filled, "evidence", [], [])
    seen.append(stamp(filled))
    assert len(set(seen)) == len(seen)


def test_a_decided_group_frees_what_its_decision_does(filled: Catalog) -> None:
    with filled.transaction() as db:  # of the group (900, 10, 10) the last two are links of one
        db.execute("UPDATE file SET inode = 4 WHERE content_id = 5")
    few, one, many = (load_group(filled, group.id) for group in list_groups(filled))
    assert few is not None
    assert one is not None
    assert many is not None
    for detail, keep, freed in ((few, {1}, 300), (one, {0, 1}, 0), (many, {0}, 10)):
        kept = {detail.members[index].file_id for index in keep}
        decisions.decide(filled, detail.id, decisions.keep_only(detail, kept))
        (group,) = (g for g in list_groups(filled) if g.id == detail.id)
        now = load_group(filled, detail.id)
        assert now is not None
        assert (group.is_decided, group.frees, now.freed) == (True, freed, freed)


def test_many_groups_are_loaded_as_one_by_one(
    filled: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [group.id for group in list_groups(filled)]
    for chunk in (1, 2, 500):
        monkeypatch.setattr("twinsift.catalog.review._CHUNK", chunk)
        loaded = list(load_groups(filled, [ids[2], "gone", *ids[:2]]))
        assert loaded == [load_group(filled, i) for i in (ids[2], *ids[:2])]


def test_paths_that_are_no_text_stay_bytes(filled: Catalog) -> None:
    with filled.transaction() as db:
        db.execute("UPDATE file SET path = X'FF2F6E' WHERE content_id = 6")
    first = list_groups(filled)[0]
    assert (first.folder, first.name) == (os.path.join(b"/p", b"\xff"), b"n")
