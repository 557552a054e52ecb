from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twinsift.catalog import walk as walking
from twinsift.catalog.settings import IndexSettings
from twinsift.catalog.walk import UnreadableFolder, WalkRules, walk

posix_only = pytest.mark.skipif(os.name != "posix", reason="a POSIX file system")


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


def rules(
    settings_: IndexSettings | None = None, closed: tuple[Path, ...] = (), *roots: Path
) -> WalkRules:
    return WalkRules.of(
        settings_ or IndexSettings(),
        closed=frozenset(map(os.fsencode, closed)),
        roots=tuple(map(os.fsencode, roots)),
    )


def paths(root: Path, given_rules: WalkRules | None = None, folder: bytes = b"") -> list[bytes]:
    found = walk(os.fsencode(root), folder, given_rules or rules(None, (), root))
    return [file[0] for run in found if isinstance(run, list) for file in run]


def test_files_come_in_the_order_of_their_paths_bytes(tmp_path: Path) -> None:
    names = ["a/b/c", "a/b.d", "a-b", "a", "ab/x", "a.d/z", "z", "B", "é/y"]
    names.remove("a")
    put(tmp_path, *names)
    assert paths(tmp_path) == sorted(os.fsencode(name) for name in names)


@settings(max_examples=40, deadline=None)
@given(
    st.sets(
        st.lists(st.text("a.-/é0A", min_size=1, max_size=4), min_size=1, max_size=4).map(
            lambda parts: "/".join(part.strip("./") or "x" for part in parts)
        ),
        max_size=12,
    )
)
def test_the_order_holds_for_any_names(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("walk")
    for name in sorted(names):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue  # one name is a folder of another
    found = paths(folder, rules(IndexSettings(hidden=True)))
    assert found == sorted(found)
    there = [p for p in folder.rglob("*") if p.is_file()]
    assert set(found) == {os.fsencode(p.relative_to(folder)) for p in there}


def test_identities_are_those_of_the_file_system(tmp_path: Path) -> None:
    put(tmp_path, "a")
    status = (tmp_path / "a").stat()
    identity = (1, status.st_mtime_ns, status.st_dev, status.st_ino)
    assert list(walk(os.fsencode(tmp_path), b"", rules())) == [[(b"a", *identity)]]


@pytest.mark.parametrize("where", ["device", "inode"])
def test_numbers_that_take_all_64_bits_come_as_the_catalog_holds_them(
    tmp_path: Path, where: str
) -> None:
    put(tmp_path, "a")
    real = (tmp_path / "a").stat()
    huge = (1 << 64) - 5
    numbers = list(real)
    numbers[2 if where == "device" else 1] = huge
    times = {"st_mtime_ns": real.st_mtime_ns}

    class Entry:
        path = os.fsencode(tmp_path / "a")

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            return os.stat_result(numbers, times)

    found = walking._found(b"a", Entry())  # type: ignore[arg-type]
    assert found[3:] == tuple(
        -5 if number == huge else number for number in (numbers[2], numbers[1])
    )


def test_many_files_come_in_runs_and_all_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_RUN", 3)
    put(tmp_path, *(f"{n:02d}" for n in range(8) if n != 3), "03/x", "04.d/x", "99/x")
    (tmp_path / "03x").touch()
    runs = list(walk(os.fsencode(tmp_path), b"", rules()))
    assert [[file[0].decode() for file in run] for run in runs if isinstance(run, list)] == [
        ["00", "01", "02"], ["03/x"], ["03x", "04"], ["04.d/x"], ["05", "06", "07"], ["99/x"]
    ]  # fmt: skip


def test_hidden_names_are_left_out_unless_asked_for_and_the_trash_always(tmp_path: Path) -> None:
    put(tmp_path, "a", ".hidden", ".folder/b", "c/.twinsift-trash/1/d", ".twinsift-trash/e")
    assert paths(tmp_path) == [b"a"]
    shown = rules(IndexSettings(hidden=True))
    assert paths(tmp_path, shown) == [b".folder/b", b".hidden", b"a"]


def test_ignored_names_are_left_out_whether_file_or_folder(tmp_path: Path) -> None:
    put(tmp_path, "keep.jpg", "thumb_1.jpg", "@eaDir/x.jpg", "sub/@eaDir/y.jpg", "sub/z.jpg")
    ignoring = rules(IndexSettings(ignore=("thumb_*", "@eaDir")))
    assert paths(tmp_path, ignoring) == [b"keep.jpg", b"sub/z.jpg"]


def test_a_folder_with_a_marker_is_left_out_with_all_below(tmp_path: Path) -> None:
    put(tmp_path, "a", "phone/.nomedia", "phone/b", "phone/deep/c", "d/e")
    assert paths(tmp_path) == [b"a", b"d/e"]
    assert paths(tmp_path, None, b"phone/deep") == []
    every = rules(IndexSettings(markers=False, hidden=True))
    assert paths(tmp_path, every) == [b"a", b"d/e", b"phone/b", b"phone/deep/c"]


def test_patterns_of_an_ignore_file_hold_in_its_folder_and_below(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "x/a.jpg", "x/a.tmp", "x/y/b.tmp", "x/y/cache/c", "x/caf\udce9", "b.tmp")
    (tmp_path / "x/.twinsiftignore").write_bytes(b"# made by hand\n*.tmp\r\n\n cache \ncaf\xe9\n")
    assert paths(tmp_path) == [b"a.jpg", b"b.tmp", b"x/a.jpg"]
    assert paths(tmp_path, None, b"x/y") == []
    assert paths(tmp_path, None, b"x/y/cache") == []


@posix_only
@pytest.mark.parametrize("what", ["folder", "fifo", "link to nothing"])
def test_an_ignore_file_that_is_none_leaves_out_everything_or_nothing(
    tmp_path: Path, what: str
) -> None:
    put(tmp_path, "a", "x/b")
    place = tmp_path / "x/.twinsiftignore"
    if what == "folder":
        place.mkdir()
    elif what == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to("nowhere")
    assert paths(tmp_path) == ([b"a", b"x/b"] if what == "link to nothing" else [b"a"])


def test_closed_folders_are_not_entered(tmp_path: Path) -> None:
    put(tmp_path, "a", "other root/b", "c/d")
    assert paths(tmp_path, rules(None, (tmp_path / "other root",))) == [b"a", b"c/d"]


def test_a_walk_may_begin_below_the_root(tmp_path: Path) -> None:
    put(tmp_path, "a", "sub/b", "sub/deep/c", "sub2/d")
    assert paths(tmp_path, None, b"sub") == [b"sub/b", b"sub/deep/c"]


@posix_only
def test_links_to_files_are_never_followed_and_links_to_folders_on_request(
    tmp_path: Path,
) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    put(root, "a", "sub/b")
    put(other, "c", "deep/d")
    (root / "file link").symlink_to(other / "c")
    (root / "dangling").symlink_to("nowhere")
    (root / "self").symlink_to("self")
    (root / "loop").symlink_to(root)
    (root / "up").symlink_to(tmp_path)
    (root / "sub again").symlink_to(root / "sub")
    (root / "x").symlink_to(other)
    (root / "y").symlink_to(other)
    (root / "z").symlink_to(other / "deep")
    assert paths(root) == [b"a", b"sub/b"]
    following = rules(IndexSettings(follow_symlinks=True), (root,), root)
    found = paths(root, following)
    # `up` leads to the folder above; each real folder is walked once, by the first way to it.
    assert found == [b"a", b"sub/b", b"up/other/c", b"up/other/deep/d"]
    (root / "up").unlink()
    assert paths(root, following) == [b"a", b"sub/b", b"x/c", b"x/deep/d"]


@posix_only
def test_special_files_are_passed_over_unopened(tmp_path: Path) -> None:
    put(tmp_path, "a")
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "folder.jpg").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(tmp_path)  # the address of a socket is short
        try:
            server.bind("s.jpg")
        finally:
            os.chdir(here)
        assert paths(tmp_path) == [b"a"]


@posix_only
def test_names_that_are_no_text_are_walked(tmp_path: Path) -> None:
    name = b"latin1_\xe9\xff.jpg"
    (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    put(tmp_path, "new\nline")
    assert paths(tmp_path) == [name, b"new\nline"]


@pytest.mark.parametrize("call", ["scandir", "stat"])
def test_a_folder_that_cannot_be_read_is_told_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    put(tmp_path, "a", "locked/b", "z")
    real = os.scandir
    locked = os.fsencode(tmp_path / "locked")

    class Entry:
        """As of a folder that may be listed but not entered: names, and no more."""

        name, path = b"b", locked + b"/b"

        def is_symlink(self) -> bool:
            return False

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            return False

        def is_file(self, *, follow_symlinks: bool) -> bool:
            return True

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            raise PermissionError(13, "Permission denied")

    class Listing(list[Entry]):
        def __enter__(self) -> Listing:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    def scandir(path: bytes):
        if path != locked:
            return real(path)
        if call == "scandir":
            raise PermissionError(13, "Permission denied")
        return Listing([Entry()])

    monkeypatch.setattr(os, "scandir", scandir)
    found = list(walk(os.fsencode(tmp_path), b"", rules()))
    (before,), locked, (after,) = found
    assert isinstance(locked, UnreadableFolder)
    assert (before[0], locked.path, after[0]) == (b"a", b"locked", b"z")
    assert "permission denied" in locked.reason


def test_other_file_systems_are_left_out_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    import tempfile

    with tempfile.TemporaryDirectory(dir=shared_memory) as name:
        put(tmp_path, "a")
        put(Path(name), "b")
        (tmp_path / "mounted").symlink_to(name)
        following = IndexSettings(follow_symlinks=True)
        assert paths(tmp_path, rules(following)) == [b"a", b"mounted/b"]
        staying = replace(following, one_file_system=True)
        assert paths(tmp_path, rules(staying)) == [b"a"]


def test_a_root_that_is_gone_is_told(tmp_path: Path) -> None:
    (found,) = walk(os.fsencode(tmp_path / "none"), b"", rules())
    assert isinstance(found, UnreadableFolder)
    assert found.path == b""
