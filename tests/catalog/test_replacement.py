"""Links in place of copies: made, verified, undone; what can't be linked stays as it is."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from file_library import COPY, KEEPER, Library, contents_below, marked, states
from twinsift.catalog import fileops, reflink, replacement
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.errors import RefusedError
from twinsift.catalog.plan import Plan
from twinsift.catalog.planning import build
from twinsift.catalog.recovery import recover
from twinsift.catalog.settings import Settings
from twinsift.catalog.undo import undo_batch

LINKS = (Verb.HARDLINK, Verb.SYMLINK)


def fake_clone(source: bytes, destination: bytes) -> None:
    """What a file system with clones does, as far as names and bytes go."""
    if os.path.lexists(destination):
        raise FileExistsError(errno.EEXIST, "exists", destination)
    shutil.copyfile(source, destination)


@pytest.fixture(params=[Verb.HARDLINK, Verb.SYMLINK, Verb.REFLINK])
def verb(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Verb:
    if request.param is Verb.REFLINK:
        monkeypatch.setattr(reflink, "clone", fake_clone)
    return request.param


def is_linked(library: Library, verb: Verb) -> bool:
    keeper, copy = library.photos / "keep.jpg", library.photos / "sub/copy.jpg"
    if verb is Verb.SYMLINK:
        return copy.is_symlink() and copy.resolve() == keeper
    if verb is Verb.HARDLINK:
        return copy.samefile(keeper) and not copy.is_symlink()
    return copy.read_bytes() == KEEPER and not copy.samefile(keeper)


@pytest.mark.usefixtures("renaming")
def test_made_and_undone(library: Library, verb: Verb) -> None:
    copy = library.photos / "sub/copy.jpg"
    plan, copy_id = marked(library, verb, data=KEEPER)
    copy.chmod(0o640)
    os.utime(copy, ns=(1_000_000_000, 1_234_567_890_123_456_789))
    keeper_before = (library.photos / "keep.jpg").stat()
    outcome = apply_plan(library.catalog, plan)
    assert (outcome.done, outcome.messages, outcome.bytes_freed) == (1, (), len(KEEPER))
    assert is_linked(library, verb)
    assert library.is_present(copy_id) is (verb is not Verb.SYMLINK)
    assert library.verbs().get(copy_id) == (None if verb is Verb.SYMLINK else "keep")
    assert sorted(p.name for p in copy.parent.iterdir()) == ["copy.jpg"]
    if verb is Verb.REFLINK:
        assert stat.S_IMODE(copy.stat().st_mode) == 0o640
        assert copy.stat().st_mtime_ns == 1_234_567_890_123_456_789

    outcome = undo_batch(library.catalog)
    assert (outcome.done, outcome.messages) == (1, ())
    assert copy.read_bytes() == KEEPER
    assert not copy.is_symlink()
    assert not copy.samefile(library.photos / "keep.jpg")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert copy.stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert (library.photos / "keep.jpg").stat().st_mode == keeper_before.st_mode
    assert library.is_present(copy_id)
    assert library.verbs()[copy_id] == verb
    assert states(library) == [(verb.value, "undone"), ("unlink", "done")]
    assert sorted(p.name for p in copy.parent.iterdir()) == ["copy.jpg"]


def test_extended_attributes_come_back(library: Library) -> None:
    plan, _ = marked(library, Verb.HARDLINK, data=KEEPER)
    copy = library.photos / "sub/copy.jpg"
    try:
        os.setxattr(copy, "user.rating", b"5\xff")
    except OSError:
        pytest.skip("needs extended attributes")
    assert apply_plan(library.catalog, plan).done == 1
    assert os.listxattr(copy) == []
    assert undo_batch(library.catalog).done == 1
    assert os.getxattr(copy, "user.rating") == b"5\xff"


@pytest.mark.parametrize("link", LINKS)
def test_only_what_is_the_same_byte_for_byte(library: Library, link: Verb) -> None:
    plan, _ = marked(library, link)
    assert plan.items == ()
    assert "has the same bytes" in plan.refusals[0].reason
    trashed, _ = build(library.catalog, Settings()), None
    assert trashed.linked(link).items == ()


def test_a_plan_of_trash_becomes_one_of_links_where_it_can(library: Library) -> None:
    keeper, same, other = (
        library.file(n, data) for n, data in (("a.jpg", KEEPER), ("b.jpg", KEEPER), ("c.jpg", COPY))
    )
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in (same, other)]
    decide(library.catalog, library.group([keeper, same, other]), choices)
    plan = build(library.catalog, Settings()).linked(Verb.HARDLINK)
    assert {item.file_id: item.verb for item in plan.items} == {
        same: Verb.HARDLINK,
        other: Verb.TRASH,
    }
    assert apply_plan(library.catalog, plan).done == 2
    assert (library.photos / "b.jpg").samefile(library.photos / "a.jpg")
    assert undo_batch(library.catalog).done == 2
    assert (library.photos / "c.jpg").read_bytes() == COPY


def test_no_hard_link_across_file_systems(library: Library, elsewhere: Path) -> None:
    root = library.root(elsewhere)
    keeper = library.file("keep.jpg", KEEPER, root)
    copy = library.file("copy.jpg", KEEPER)
    decide(
        library.catalog,
        library.group([keeper, copy]),
        [Choice(copy, library.content_of(copy), Verb.HARDLINK)],
    )
    plan = build(library.catalog, Settings())
    assert "on another file system" in plan.refusals[0].reason
    decide(
        library.catalog,
        library.group([keeper, copy], kind="near"),
        [Choice(copy, library.content_of(copy), Verb.SYMLINK)],
    )
    assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 1
    assert (library.photos / "copy.jpg").resolve() == elsewhere / "keep.jpg"


def test_no_hard_link_to_a_reference_file(library: Library) -> None:
    """Whoever edits the one name would edit the other."""
    masters = library.root(library.folder / "masters", "reference")
    keeper, copy = library.file("keep.jpg", KEEPER, masters), library.file("copy.jpg", KEEPER)
    group = library.group([keeper, copy])
    decide(library.catalog, group, [Choice(copy, library.content_of(copy), Verb.HARDLINK)])
    outcome = apply_plan(library.catalog, build(library.catalog, Settings()))
    assert outcome.refused == 1
    assert "reference folder" in outcome.messages[0][1]


def test_a_file_system_without_clones_says_so(library: Library) -> None:
    """ext4 and tmpfs have none; where the test's folder has them, they are made."""
    plan, _ = marked(library, Verb.REFLINK, data=KEEPER)
    before = contents_below(library.photos)
    outcome = apply_plan(library.catalog, plan)
    assert contents_below(library.photos) == before
    if not outcome.done:
        assert "can't let two files share their blocks (reflink)" in outcome.messages[0][1]
        assert states(library) == [("reflink", "failed")]


def test_a_file_system_without_hard_links_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = marked(library, Verb.HARDLINK, data=KEEPER)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(replacement.os, "link", refuse)
    outcome = apply_plan(library.catalog, plan)
    assert "has no hard links" in outcome.messages[0][1]
    assert (library.photos / "sub/copy.jpg").read_bytes() == KEEPER


def test_linking_failed_after_the_exchange(
    library: Library, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old file can't be removed: it has its name again, or the link is complete."""
    plan, _ = marked(library, verb, data=KEEPER)

    def refuse(path: bytes) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(replacement.os, "unlink", refuse)
        outcome = apply_plan(library.catalog, plan)
    assert outcome.failed == 1
    assert "can't be settled yet" in outcome.messages[0][1]
    assert (library.photos / "sub/copy.jpg").read_bytes() == KEEPER
    (settled,) = recover(library.catalog)
    assert settled.state == "done"
    assert is_linked(library, verb)
    assert sorted(p.name for p in (library.photos / "sub").iterdir()) == ["copy.jpg"]


def test_a_file_saved_over_in_the_last_moment_has_its_place(
    library: Library, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = marked(library, verb, data=KEEPER)
    path = library.photos / "sub/copy.jpg"
    exchange = replacement.exchange

    def save_then_exchange(one: bytes, other: bytes) -> bool:
        if not path.with_name("saved").exists():
            path.with_name("saving").write_bytes(b"a new version")
            path.with_name("saving").replace(path)
            path.with_name("saved").touch()
        return exchange(one, other)

    monkeypatch.setattr(replacement, "exchange", save_then_exchange)
    outcome = apply_plan(library.catalog, plan)
    assert outcome.failed == 1
    assert "changed by another program" in outcome.messages[0][1]
    assert path.read_bytes() == b"a new version"
    assert sorted(p.name for p in path.parent.iterdir()) == ["copy.jpg", "saved"]


def test_the_original_is_there_until_the_link_is_verified(
    library: Library, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever a name is removed, the bytes are under the file's own name, by another inode."""
    plan, _ = marked(library, verb, data=KEEPER)
    path = library.photos / "sub/copy.jpg"
    unlink = os.unlink
    looked: list[bytes] = []

    def look(name: bytes) -> None:
        if os.path.basename(name).startswith(fileops.PREFIX):
            assert path.read_bytes() == KEEPER
            assert os.stat(path).st_ino != os.lstat(name).st_ino
            looked.append(name)
        unlink(name)

    monkeypatch.setattr(replacement.os, "unlink", look)
    assert apply_plan(library.catalog, plan).done == 1
    assert len(looked) == 1


@pytest.mark.parametrize("link", LINKS)
def test_an_undo_tells_what_it_can_not_do(library: Library, link: Verb) -> None:
    plan, _ = marked(library, link, data=KEEPER)
    assert apply_plan(library.catalog, plan).done == 1
    keeper, copy = library.photos / "keep.jpg", library.photos / "sub/copy.jpg"
    keeper.write_bytes(b"edited")
    outcome = undo_batch(library.catalog)
    assert (outcome.done, outcome.refused) == (0, 1)
    assert "other bytes now" in outcome.messages[0][1]
    keeper.write_bytes(KEEPER)
    copy.unlink()
    assert undo_batch(library.catalog).messages[0][1] == "is gone"


def test_the_undo_of_a_hard_link_outlives_the_keeper(library: Library) -> None:
    plan, _ = marked(library, Verb.HARDLINK, data=KEEPER)
    assert apply_plan(library.catalog, plan).done == 1
    (library.photos / "keep.jpg").unlink()
    assert undo_batch(library.catalog).done == 1
    assert (library.photos / "sub/copy.jpg").read_bytes() == KEEPER


def test_the_same_file_on_two_mounts_is_never_linked_to_itself(library: Library) -> None:
    """By its device and inode, where these tell; see test_preflight for those that don't."""
    plan, _ = marked(library, Verb.SYMLINK, data=KEEPER)
    keeper = library.photos / "keep.jpg"
    keeper.unlink()
    keeper.hardlink_to(library.photos / "sub/copy.jpg")
    outcome = apply_plan(library.catalog, plan)
    assert outcome.refused == 1
    assert not (library.photos / "sub/copy.jpg").is_symlink()


@pytest.fixture
def btrfs(tmp_path: Path) -> Iterator[Path]:
    """A file system that has clones, in a file; needs the right to mount."""
    image, folder = tmp_path / "btrfs.img", tmp_path / "btrfs"
    folder.mkdir()
    try:
        with image.open("wb") as file:
            file.truncate(128 << 20)
        run = {"check": True, "capture_output": True}
        subprocess.run(["mkfs.btrfs", "-q", str(image)], **run)  # pyright: ignore[reportCallIssue, reportArgumentType]
        subprocess.run(["mount", "-o", "loop", str(image), str(folder)], **run)  # pyright: ignore[reportCallIssue, reportArgumentType]
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs mkfs.btrfs and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_clone_shares_its_blocks(btrfs: Path) -> None:
    data = os.urandom(4 << 20)
    with Library.create(btrfs) as library:
        keeper, copy = library.file("a.jpg", data), library.file("b.jpg", data)
        choices = [Choice(copy, library.content_of(copy), Verb.REFLINK)]
        decide(library.catalog, library.group([keeper, copy]), choices)
        os.sync()
        before = shutil.disk_usage(btrfs).free
        outcome = apply_plan(library.catalog, build(library.catalog, Settings()))
        assert (outcome.done, outcome.messages) == (1, ())
        assert (library.photos / "b.jpg").read_bytes() == data
        assert not (library.photos / "b.jpg").samefile(library.photos / "a.jpg")
        subprocess.run(["btrfs", "filesystem", "sync", str(btrfs)], check=False)
        assert shutil.disk_usage(btrfs).free >= before + (3 << 20)
        assert undo_batch(library.catalog).done == 1


def test_what_belongs_to_a_linked_picture_stays_with_it(library: Library) -> None:
    (library.photos / "sub").mkdir()
    (library.photos / "sub/copy.xmp").write_bytes(b"edits")
    plan, _ = marked(library, Verb.TRASH, data=KEEPER)
    assert len(plan.items[0].companions) == 1
    linked = plan.linked(Verb.HARDLINK)
    assert linked.items[0].companions == ()
    assert apply_plan(library.catalog, linked).done == 1
    assert (library.photos / "sub/copy.xmp").read_bytes() == b"edits"


def test_a_keeper_that_changed_is_not_linked_to(library: Library, verb: Verb) -> None:
    plan: Plan = replace(marked(library, verb, data=KEEPER)[0])
    (library.photos / "keep.jpg").write_bytes(KEEPER[::-1])
    assert "has changed since" in apply_plan(library.catalog, plan).messages[0][1]
    assert (library.photos / "sub/copy.jpg").read_bytes() == KEEPER


def test_the_refusal_of_a_clone_names_no_other_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises((RefusedError, FileExistsError)):
        reflink.clone(bytes(tmp_path / "a"), bytes(tmp_path / "a"))
    with pytest.raises(FileNotFoundError):
        reflink.clone(bytes(tmp_path / "none"), bytes(tmp_path / "b"))
    assert not (tmp_path / "b").exists()
