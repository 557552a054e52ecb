"""What is on disk when the power fails: the order of syncs, call by call.

A rename or removal that is lost in a power failure leaves the file where it was; what must never
happen is that a later step is on disk and an earlier one it depends on isn't. So: the intent before
anything, a copy's bytes and its name before its source goes, the new name before the old one's
folder, the folders and the trash's record before the file is in them, all of it before the outcome.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_library import Library
from twinsift.catalog import exclusive_rename, fileops, journal, purge
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.planning import build
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.undo import undo_batch

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")

Event = tuple[str, ...]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder that renames can't cross into: each EXDEV as between file systems."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    yield folder


def trace(
    library: Library, monkeypatch: pytest.MonkeyPatch, apart: Path | None = None
) -> list[Event]:
    """Record every commit, sync, rename, removal and new folder; `apart` acts as another disk."""
    events: list[Event] = []
    rename, fsync, unlink, mkdir = (
        exclusive_rename._exclusive_rename,
        os.fsync,
        os.unlink,
        os.mkdir,
    )
    assert rename is not None

    def traced_rename(source: bytes, destination: bytes) -> int:
        inside = [apart is not None and p.startswith(bytes(apart)) for p in (source, destination)]
        if inside[0] != inside[1]:
            return 18  # EXDEV
        code = rename(source, destination)
        events.append(("rename", os.fsdecode(source), os.fsdecode(destination)))
        return code

    def traced_fsync(descriptor: int) -> None:
        fsync(descriptor)
        events.append(("sync", os.readlink(f"/proc/self/fd/{descriptor}")))

    def traced_unlink(path: bytes) -> None:
        unlink(path)
        events.append(("unlink", os.fsdecode(path)))

    def traced_mkdir(path: bytes, mode: int) -> None:
        mkdir(path, mode)
        events.append(("mkdir", os.fsdecode(path)))

    exchange = exclusive_rename._exchange
    assert exchange is not None

    def traced_exchange(one: bytes, other: bytes) -> int:
        events.append(("exchange", os.fsdecode(one), os.fsdecode(other)))
        return exchange(one, other)

    monkeypatch.setattr(exclusive_rename, "_exchange", traced_exchange)
    monkeypatch.setattr(exclusive_rename, "_exclusive_rename", traced_rename)
    for name, function in (("fsync", traced_fsync), ("unlink", traced_unlink)):
        monkeypatch.setattr(fileops.os, name, function)
    monkeypatch.setattr(fileops.os, "mkdir", traced_mkdir)
    statement = ""

    def traced_statement(text: str) -> None:
        nonlocal statement
        if text.startswith(("INSERT INTO action", "UPDATE action")):
            statement = text
        elif text == "COMMIT" and statement:
            events.append(("outcome" if "'done'" in statement else "intent",))
            statement = ""

    library.catalog.connection.set_trace_callback(traced_statement)
    return events


def marked(library: Library, verb: Verb, target: Path | None = None, data: bytes = b"gone") -> Path:
    """A decided group; the file that will leave."""
    keep, gone = library.file("keep.jpg", b"keep"), library.file("sub/gone.jpg", data)
    folder = None if target is None else bytes(target)
    decide(
        library.catalog,
        library.group([keep, gone]),
        [
            Choice(keep, library.content_of(keep), Verb.KEEP),
            Choice(gone, library.content_of(gone), verb, folder),
        ],
    )
    return library.photos / "sub/gone.jpg"


def in_order(events: list[Event], *wanted: Event) -> None:
    """The wanted events happened one after the other (others may lie between)."""
    position = 0
    for event in wanted:
        assert event in events[position:], f"{event} isn't in {events[position:]}"
        position = events.index(event, position) + 1


def test_trash(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    source = marked(library, Verb.TRASH)
    plan = build(library.catalog, Settings())
    stored = library.photos / ".twinsift-trash" / plan.name / "files/sub/gone.jpg"
    events = trace(library, monkeypatch)
    apply_plan(library.catalog, plan)
    renamed = ("rename", str(source), str(stored))
    in_order(
        events,
        ("intent",),
        renamed,
        ("sync", str(stored.parent)),
        ("sync", str(source.parent)),
        ("outcome",),
    )
    folder = library.photos
    for name in (".twinsift-trash", plan.name, "files", "sub"):
        made = ("mkdir", str(folder / name))
        in_order(events, ("intent",), made, ("sync", str(folder)), renamed)
        folder = folder / name
    record = library.photos / ".twinsift-trash" / plan.name / "record.jsonl"
    in_order(events, ("sync", str(record)), ("sync", str(record.parent)), renamed)
    assert events[0] == ("intent",)

    events.clear()
    undo_batch(library.catalog)
    assert events[0] == ("intent",)
    in_order(
        events,
        ("rename", str(stored), str(source)),
        ("sync", str(source.parent)),
        ("sync", str(stored.parent)),
        ("outcome",),
    )


def test_delete(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    source = marked(library, Verb.DELETE)
    events = trace(library, monkeypatch)
    apply_plan(library.catalog, build(library.catalog, Settings()), delete_confirmed=True)
    proved = ["rename", "rename", "sync"]  # to a name aside and back: see fileops.prove_apart
    acted = ["rename", "unlink", "sync"]
    assert [event[0] for event in events] == ["intent", *proved, *acted, "outcome"]
    aside = events[1][2]
    assert events[1:4] == [
        ("rename", str(source), aside),
        ("rename", aside, str(source)),
        ("sync", str(source.parent)),
    ]
    assert events[4:7] == [
        ("rename", str(source), aside),
        ("unlink", aside),
        ("sync", str(source.parent)),
    ]


@pytest.mark.parametrize("verb", [Verb.MOVE, Verb.TRASH])
def test_between_file_systems(
    library: Library, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, verb: Verb
) -> None:
    source = marked(library, verb, elsewhere / "moved" if verb is Verb.MOVE else None)
    settings = Settings(files=FileSettings(trash=str(elsewhere / "bin")))
    plan = build(library.catalog, settings)
    assert plan.items[0].destination is not None
    destination = Path(os.fsdecode(plan.items[0].destination))
    events = trace(library, monkeypatch, elsewhere)
    assert apply_plan(library.catalog, plan).done == 1
    (part,) = {e[1] for e in events if e[0] == "rename" and e[2] == str(destination)}
    (aside,) = {e[2] for e in events if e[0] == "rename" and e[1] == str(source)}
    assert events[0] == ("intent",)
    in_order(
        events,
        ("sync", part),
        ("rename", part, str(destination)),
        ("sync", str(destination.parent)),
        ("rename", str(source), aside),
        ("unlink", aside),
        ("sync", str(source.parent)),
        ("outcome",),
    )


@pytest.mark.parametrize("verb", [Verb.HARDLINK, Verb.SYMLINK])
def test_a_link(library: Library, monkeypatch: pytest.MonkeyPatch, verb: Verb) -> None:
    """The new one's name before the exchange, the exchange before the old one goes."""
    source = marked(library, verb, data=b"keep")
    events = trace(library, monkeypatch)
    assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 1
    exchanged = next(event for event in events if event[0] == "exchange")
    assert exchanged[2] == str(source)
    folder = ("sync", str(source.parent))
    steps = (folder, exchanged, folder, ("unlink", exchanged[1]), folder, ("outcome",))
    in_order(events, ("intent",), *steps)
    assert events[0] == ("intent",)

    events.clear()
    assert undo_batch(library.catalog).done == 1
    exchanged = next(event for event in events if event[0] == "exchange")
    in_order(
        events,
        ("intent",),
        ("sync", exchanged[1]),  # the bytes of the file that comes back
        folder,
        exchanged,
        folder,
        ("unlink", exchanged[1]),
        folder,
        ("outcome",),
    )
    assert events[0] == ("intent",)


def test_a_purge(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    marked(library, Verb.TRASH)
    assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 1
    (stored,) = (a.destination for a in purge.trashed(library.catalog))
    assert stored is not None
    events = trace(library, monkeypatch)
    purge.purge(library.catalog, purge.trashed(library.catalog), confirmed=1)
    aside = next(event[2] for event in events if event[0] == "rename")
    in_order(
        events,
        ("intent",),
        ("rename", os.fsdecode(stored), aside),
        ("unlink", aside),
        ("sync", os.path.dirname(aside)),
        ("outcome",),
    )
    assert events[0] == ("intent",)


def test_a_companions_intent_is_there_before_its_picture_goes(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = marked(library, Verb.TRASH)
    source.with_suffix(".xmp").write_bytes(b"edits")
    plan = build(library.catalog, Settings())
    assert plan.files == 2
    intents: list[int] = []
    events = trace(library, monkeypatch)
    rename = exclusive_rename._exclusive_rename
    assert rename is not None

    def counted(one: bytes, other: bytes) -> int:
        with Library.reopen(library.folder) as another:
            intents.append(len(journal.open_intents(another.catalog)))
        return rename(one, other)

    monkeypatch.setattr(exclusive_rename, "_exclusive_rename", counted)
    assert apply_plan(library.catalog, plan).done == 2
    assert intents[0] == 2  # as another process sees them: committed
    assert events[0] == ("intent",)
