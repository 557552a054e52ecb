"""Plans: destinations, keepers, refusals, and what is counted as freed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from file_library import Library
from hypothesis import example, given
from hypothesis import strategies as st
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.destinations import free_path
from twinsift.catalog.errors import RefusedError
from twinsift.catalog.group_store import put_groups
from twinsift.catalog.groups import Group
from twinsift.catalog.planning import build, for_files
from twinsift.catalog.settings import FileSettings, IndexSettings, Settings

DEFAULTS = Settings()


def decided(
    library: Library, group: str, verbs: dict[int, Verb], target: Path | None = None
) -> None:
    """Decide by file ids; moves go to `target`."""
    folder = None if target is None else bytes(target)
    decide(
        library.catalog,
        group,
        [
            Choice(i, library.content_of(i), verb, folder if verb is Verb.MOVE else None)
            for i, verb in verbs.items()
        ],
    )


def test_trash_is_on_the_files_own_file_system_and_keeps_the_structure(library: Library) -> None:
    a, b = library.file("a.jpg", b"a"), library.file("x/y/b.jpg", b"bb")
    decided(library, library.group([a, b]), {a: Verb.KEEP, b: Verb.TRASH})
    plan = build(library.catalog, DEFAULTS)
    (item,) = plan.items
    assert item.source == bytes(library.photos / "x/y/b.jpg")
    assert item.destination == bytes(
        library.photos / ".twinsift-trash" / plan.name / "files/x/y/b.jpg"
    )
    assert item.keeper == bytes(library.photos / "a.jpg")
    assert plan.bytes_freed == 2
    assert plan.refusals == ()
    assert not (library.photos / ".twinsift-trash").exists()


def test_a_trash_of_the_settings_gets_the_whole_path(library: Library) -> None:
    a, b = library.file("a.jpg", b"a"), library.file("x/b.jpg", b"b")
    decided(library, library.group([a, b]), {b: Verb.TRASH})
    settings = Settings(files=FileSettings(trash=str(library.folder / "bin")))
    plan = build(library.catalog, settings)
    expected = (
        library.folder
        / "bin/.twinsift-trash"
        / plan.name
        / "files"
        / (library.photos / "x/b.jpg").relative_to("/")
    )
    assert plan.items[0].destination == bytes(expected)


def test_a_move_keeps_the_structure_and_resolves_clashes(library: Library) -> None:
    second = library.root(library.folder / "more")
    keeper = library.file("keep.jpg", b"k")
    one = library.file("x/b.jpg", b"1")
    two = library.file("x/b.jpg", b"2", second)
    target = library.folder / "moved"
    (target / "x").mkdir(parents=True)
    (target / "x/b.jpg").write_bytes(b"somebody else's")
    verbs = {keeper: Verb.KEEP, one: Verb.MOVE, two: Verb.MOVE}
    decided(library, library.group([keeper, one, two]), verbs, target)
    plan = build(library.catalog, DEFAULTS)
    assert [item.destination for item in plan.items] == [
        bytes(target / "x/b (2).jpg"),
        bytes(target / "x/b (3).jpg"),
    ]
    assert plan.bytes_freed == 0


def test_every_item_has_a_living_keeper(library: Library, group_of: Callable[..., str]) -> None:
    a, b, c = (library.file(f"{n}.jpg", n.encode()) for n in "abc")
    group = library.group([a, b, c])
    decided(library, group, {a: Verb.KEEP, c: Verb.TRASH})
    (library.photos / "a.jpg").unlink()
    # a is gone from the disk, b was left undecided and is there
    assert build(library.catalog, DEFAULTS).items[0].keeper == bytes(library.photos / "b.jpg")
    (library.photos / "b.jpg").unlink()
    plan = build(library.catalog, DEFAULTS)
    assert plan.items == ()
    assert "b.jpg, is gone" in plan.refusals[0].reason


def test_two_groups_can_not_take_each_others_keeper(library: Library) -> None:
    """x keeps y in one group and is removed in another that keeps nothing of the first."""
    x, y, z = (library.file(f"{n}.jpg", n.encode()) for n in "xyz")
    first, second = library.group([x, y]), library.group([z, x], kind="near")
    decided(library, first, {x: Verb.KEEP, y: Verb.TRASH})
    decided(library, second, {z: Verb.KEEP, x: Verb.TRASH})
    plan = build(library.catalog, DEFAULTS)
    assert [(i.source, i.keeper) for i in plan.items] == [
        (bytes(library.photos / "x.jpg"), bytes(library.photos / "z.jpg"))
    ]
    assert [r.source for r in plan.refusals] == [bytes(library.photos / "y.jpg")]
    assert "no other file of its group is kept" in plan.refusals[0].reason


def test_pictures_marked_distinct_justify_nothing(library: Library) -> None:
    a, b = library.file("a.jpg", b"a"), library.file("b.jpg", b"b")
    decided(library, library.group([a, b]), {b: Verb.TRASH})
    digests = sorted(r[0] for r in library.catalog.connection.execute("SELECT digest FROM content"))
    with library.catalog.transaction() as connection:
        connection.execute("INSERT INTO distinct_pair VALUES (?, ?, 0.0)", digests)
    assert build(library.catalog, DEFAULTS).items == ()


def test_hard_links_free_nothing_and_justify_nothing(library: Library) -> None:
    a = library.file("a.jpg", b"same")
    (library.photos / "link.jpg").hardlink_to(library.photos / "a.jpg")
    link = library.row(b"link.jpg", b"same")
    group = library.group([a, link])
    decided(library, group, {a: Verb.KEEP, link: Verb.TRASH})
    plan = build(library.catalog, DEFAULTS)
    assert plan.items == ()
    assert "same file as the one that is kept" in plan.refusals[0].reason
    other = library.file("other.jpg", b"same")
    decided(library, group, {other: Verb.KEEP, link: Verb.TRASH})
    plan = build(library.catalog, DEFAULTS)
    assert plan.items[0].keeper == bytes(library.photos / "other.jpg")
    assert plan.bytes_freed == 0


def test_a_changed_or_vanished_file_is_refused(library: Library) -> None:
    a, b, c, d = (library.file(f"{n}.jpg", n.encode()) for n in "abcd")
    verbs = {a: Verb.KEEP, b: Verb.TRASH, c: Verb.DELETE, d: Verb.TRASH}
    decided(library, library.group([a, b, c, d]), verbs)
    with library.catalog.transaction() as connection:
        connection.execute(
            "UPDATE file SET content_id = ? WHERE id = ?", (library.content_of(a), b)
        )
    (library.photos / "c.jpg").unlink()
    (library.photos / "d.jpg").write_bytes(b"longer than it was")
    plan = build(library.catalog, DEFAULTS)
    assert plan.items == ()
    assert {Path(os.fsdecode(r.source)).name: r.reason for r in plan.refusals} == {
        "b.jpg": "changed since it was decided",
        "c.jpg": "is gone, or no regular file any more",
        "d.jpg": "has changed since it was indexed",
    }


def test_a_folder_made_reference_after_the_decision_is_not_touched(library: Library) -> None:
    a, b = library.file("a.jpg", b"a"), library.file("b.jpg", b"b")
    decided(library, library.group([a, b]), {b: Verb.TRASH})
    with library.catalog.transaction() as connection:
        connection.execute("UPDATE root SET role = 'reference'")
    plan = build(library.catalog, DEFAULTS)
    assert plan.items == ()
    assert "reference folder" in plan.refusals[0].reason


def test_a_reference_folder_inside_a_normal_one_is_not_touched(library: Library) -> None:
    a, b = library.file("a.jpg", b"a"), library.file("masters/b.jpg", b"b")
    decided(library, library.group([a, b]), {b: Verb.TRASH})
    library.root(library.photos / "masters", "reference")
    assert "reference folder" in build(library.catalog, DEFAULTS).refusals[0].reason


def test_a_reference_folder_reached_by_a_symbolic_link_is_not_touched(library: Library) -> None:
    masters = library.folder / "masters"
    library.root(masters, "reference")
    (library.photos / "shortcut").symlink_to(masters)
    a, b = library.file("a.jpg", b"a"), library.file("shortcut/b.jpg", b"b")
    decided(library, library.group([a, b]), {b: Verb.TRASH})
    assert "reference folder" in build(library.catalog, DEFAULTS).refusals[0].reason


def test_a_reference_file_is_not_touched_by_another_of_its_names(library: Library) -> None:
    """A hard link here; a bind mount shows one file at two places in the same way."""
    reference = library.root(library.folder / "originals", "reference")
    original = library.file("a.jpg", b"a", reference)
    library.photos.joinpath("x").mkdir()
    (library.photos / "x/a.jpg").hardlink_to(library.path_of(original))
    alias, copy = library.row(b"x/a.jpg", b"a"), library.file("b.jpg", b"a")
    decided(library, library.group([original, alias, copy]), {alias: Verb.DELETE, copy: Verb.KEEP})
    plan = build(library.catalog, DEFAULTS)
    assert plan.items == ()
    assert "same file as" in plan.refusals[0].reason
    assert "originals/a.jpg" in plan.refusals[0].reason
    library.path_of(original).unlink()  # what the catalog says is no more: the disk decides
    assert len(build(library.catalog, DEFAULTS).items) == 1


def test_a_folder_that_became_a_symbolic_link_is_not_followed(library: Library) -> None:
    """What is there now was never indexed: another disk's copy, say."""
    a, b = library.file("a.jpg", b"a"), library.file("sub/b.jpg", b"b")
    decided(library, library.group([a, b]), {b: Verb.TRASH})
    (library.photos / "sub").rename(library.folder / "elsewhere")
    (library.photos / "sub").symlink_to(library.folder / "elsewhere")
    plan = build(library.catalog, DEFAULTS)
    assert plan.items == ()
    assert "symbolic link" in plan.refusals[0].reason
    followed = Settings(index=IndexSettings(follow_symlinks=True))
    assert len(build(library.catalog, followed).items) == 1


def test_nothing_is_moved_into_a_reference_folder_or_onto_itself(library: Library) -> None:
    masters = library.folder / "masters"
    library.root(masters, "reference")
    a, b, c = (library.file(n, n.encode()) for n in ("a.jpg", "b.jpg", "done/c.jpg"))
    group = library.group([a, b, c])
    decided(library, group, {b: Verb.MOVE}, masters / "new")
    decided(library, group, {c: Verb.MOVE}, library.photos / "done")
    reasons = [r.reason for r in build(library.catalog, DEFAULTS).refusals]
    assert "reference folder" in reasons[0]
    assert "already" in reasons[1]


def test_a_dropped_item_is_left_out(library: Library) -> None:
    a, b, c = (library.file(f"{n}.jpg", n.encode()) for n in "abc")
    decided(library, library.group([a, b, c]), {b: Verb.TRASH, c: Verb.DELETE})
    plan = build(library.catalog, DEFAULTS)
    assert plan.deletions == 1
    assert [item.file_id for item in plan.without({c}).items] == [b]
    assert plan.without({c}).deletions == 0


def test_found_files_are_justified_by_the_picture_searched_with(library: Library) -> None:
    query = library.folder / "query.jpg"
    query.write_bytes(b"q")
    a = library.file("a.jpg", b"a")
    (library.photos / "same.jpg").hardlink_to(query)
    same = library.row(b"same.jpg", b"q")
    plan = for_files(library.catalog, DEFAULTS, [a, same, a], query, Verb.TRASH)
    assert [(item.file_id, item.keeper) for item in plan.items] == [(a, bytes(query))]
    assert [r.source for r in plan.refusals] == [bytes(library.photos / "same.jpg")]
    with pytest.raises(RefusedError, match="is gone"):
        for_files(library.catalog, DEFAULTS, [a], library.folder / "none.jpg", Verb.TRASH)


@given(
    st.binary(min_size=1, max_size=200).filter(lambda n: b"/" not in n and b"\0" not in n),
    st.integers(0, 250),
)
@example(b"x.", 253)
@example("é".encode() * 127, 0)
def test_a_free_name_is_new_and_fits(name: bytes, padding: int) -> None:
    name = (name + b"x" * padding)[:255]
    wanted = os.path.join(b"/nowhere", name)
    found = free_path(wanted, {wanted})
    assert found != wanted
    assert os.path.dirname(found) == b"/nowhere"
    assert len(os.path.basename(found)) <= 255
    extension = os.path.splitext(name)[1]
    assert len(extension) > 32 or os.path.splitext(found)[1] == extension


def test_a_shortened_name_ends_with_a_whole_character() -> None:
    wanted = os.path.join(b"/nowhere", "é".encode() * 125 + b".jpg")
    assert free_path(wanted, {wanted}).decode().endswith("é (2).jpg")


class TestOtherGroupsOfTheSamePictures:
    """Only a duplicate, or what was shown beside it when it was decided, justifies a removal."""

    @pytest.fixture
    def files(self, library: Library) -> tuple[int, int, int]:
        """A picture, its copy, another exposure: the picture represents groups of both kinds."""
        picture, copy, other = (library.file(f"{n}.jpg", n.encode()) for n in "abc")
        a, b, c = (library.content_of(i) for i in (picture, copy, other))
        with library.catalog.transaction() as connection:
            connection.executemany(
                "INSERT INTO pair (a_id, b_id, method, verdict, similarity, evidence)"
                " VALUES (?, ?, ?, ?, 0.9, '{}')",
                [
                    (a, b, "evidence", "re-encoded"),
                    (a, c, "evidence", "near shot"),
                    (a, b, "sift-ssim", "re-encoded"),
                    (a, c, "sift-ssim", "re-encoded"),
                ],
            )
        put_groups(library.catalog, "evidence", [Group(a, (a, b))], [Group(a, (a, c))])
        put_groups(library.catalog, "sift-ssim", [Group(a, (a, b, c))], [])
        return picture, copy, other

    def group(self, library: Library, kind: str) -> str:
        return library.catalog.connection.execute(
            "SELECT id FROM duplicate_group WHERE method = 'evidence' AND kind = ?", (kind,)
        ).fetchone()[0]

    def test_a_near_shot_does_not_let_all_duplicates_go(
        self, library: Library, files: tuple[int, int, int]
    ) -> None:
        picture, copy, _ = files
        with pytest.raises(RefusedError, match="no file of the group would be kept"):
            decided(
                library, self.group(library, "duplicate"), {picture: Verb.TRASH, copy: Verb.TRASH}
            )

    def test_a_near_shot_that_is_kept_does_not_stand_in_for_a_lost_keeper(
        self, library: Library, files: tuple[int, int, int]
    ) -> None:
        picture, copy, other = files
        decided(library, self.group(library, "near"), {picture: Verb.KEEP, other: Verb.KEEP})
        duplicates = {picture: Verb.KEEP, copy: Verb.TRASH}
        decided(library, self.group(library, "duplicate"), duplicates)
        (library.photos / "a.jpg").unlink()
        assert build(library.catalog, DEFAULTS).items == ()

    def test_the_earlier_tools_method_justifies_nothing(
        self, library: Library, files: tuple[int, int, int]
    ) -> None:
        picture, copy, _ = files
        duplicates = {picture: Verb.KEEP, copy: Verb.TRASH}
        decided(library, self.group(library, "duplicate"), duplicates)
        (library.photos / "a.jpg").unlink()
        assert build(library.catalog, DEFAULTS).items == ()
