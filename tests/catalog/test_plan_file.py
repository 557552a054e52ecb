"""Plan files: written, edited, carried elsewhere, applied; wrong lines are named."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from file_library import COPY, KEEPER, Library, contents_below, marked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twinsift.catalog import plan_file
from twinsift.catalog.apply import apply_plan, rehearse
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.errors import CatalogError
from twinsift.catalog.plan import Plan
from twinsift.catalog.planning import build
from twinsift.catalog.settings import Settings
from twinsift.catalog.undo import undo_batch


@pytest.fixture
def written(library: Library) -> Path:
    """The file of a plan that trashes a copy with a sidecar."""
    (library.photos / "sub").mkdir()
    (library.photos / "sub/copy.xmp").write_bytes(b"edits")
    plan, _ = marked(library, Verb.TRASH)
    place = library.folder / "plan.jsonl"
    plan_file.write(plan, place)
    return place


def edited(place: Path, change: Callable[[dict[str, Any]], object], line: int = 1) -> None:
    """Change one line's object."""
    lines = place.read_text().splitlines()
    entry = json.loads(lines[line])
    change(entry)
    lines[line] = json.dumps(entry)
    place.write_text("\n".join(lines) + "\n")


def test_written_and_read_it_is_the_same(library: Library, written: Path) -> None:
    plan = plan_file.read(written, library.catalog)
    built = build(library.catalog, Settings())
    assert [item.source for item in plan.items] == [item.source for item in built.items]
    assert plan.items[0].file_id == built.items[0].file_id
    assert plan.items[0].companions[0].digest
    assert plan.items[0].companions[0].source == bytes(library.photos / "sub/copy.xmp")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert written.read_bytes().isascii()
    with pytest.raises(CatalogError, match=r"plan\.jsonl already"):
        plan_file.write(plan, written)


def test_it_is_applied_and_undone(library: Library, written: Path) -> None:
    before = contents_below(library.photos)
    plan = plan_file.read(written, library.catalog)
    outcome = apply_plan(library.catalog, plan)
    assert (outcome.done, outcome.messages) == (2, ())
    assert not (library.photos / "sub").exists() or not any((library.photos / "sub").iterdir())
    assert undo_batch(library.catalog).done == 2
    assert contents_below(library.photos) == before


def test_it_is_applied_with_another_catalog(library: Library, written: Path) -> None:
    """On another machine: nothing is known there but the file and the disk."""
    with Catalog.open(library.folder / "catalog.sqlite-other") as other:
        plan = plan_file.read(written, other)
        assert plan.items[0].file_id == 0
        assert apply_plan(other, plan).done == 2
        assert apply_plan(other, plan).refused == 1  # again: it is gone
        assert undo_batch(other).done == 2
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY


def test_another_mount_point_is_edited_in(library: Library, written: Path) -> None:
    """The seal is on what was judged, not on where it lies; another machine has other inodes."""
    library.photos.rename(library.folder / "mounted")
    text = written.read_text().replace(str(library.photos), str(library.folder / "mounted"))
    written.write_text(text)
    edited(written, lambda head: head.update(machine="another"), line=0)
    edited(written, lambda entry: entry.update(inode=1, device=2))
    plan = plan_file.read(written, library.catalog)
    assert (plan.items[0].device, plan.items[0].inode) == (0, 0)
    assert apply_plan(library.catalog, plan).done == 2
    assert (library.folder / "mounted/keep.jpg").read_bytes() == KEEPER


def test_lines_can_be_taken_out_and_verbs_changed(library: Library, written: Path) -> None:
    edited(written, lambda e: e.update(verb="delete", to=None))
    plan = plan_file.read(written, library.catalog)
    assert (plan.deletions, plan.items[0].verb) == (1, Verb.DELETE)
    head, line = written.read_text().splitlines()
    written.write_text(f"{head}\n\n# {line}\n")
    assert plan_file.read(written, library.catalog).items == ()


def test_what_it_says_is_checked_on_the_disk(library: Library, written: Path) -> None:
    plan = plan_file.read(written, library.catalog)
    path = library.photos / "sub/copy.jpg"
    path.write_bytes(COPY[::-1])
    (rehearsed,) = rehearse(library.catalog, plan)
    assert "has changed" in rehearsed.refusal
    assert apply_plan(library.catalog, plan).refused == 1
    path.unlink()
    path.write_bytes(b"to have another inode")
    path.with_name("new").write_bytes(COPY)
    path.with_name("new").replace(path)
    assert "replaced since the plan" in apply_plan(library.catalog, plan).messages[0][1]
    edited(written, lambda entry: entry.update(inode=path.stat().st_ino))
    plan = plan_file.read(written, library.catalog)
    (library.photos / "sub/copy.xmp").write_bytes(b"other edits")
    assert "which goes along, has changed" in apply_plan(library.catalog, plan).messages[0][1]
    assert contents_below(library.photos)[path] == COPY


def test_a_later_decision_to_keep_stands(library: Library, written: Path) -> None:
    plan = plan_file.read(written, library.catalog)
    copy = plan.items[0].file_id
    choice = Choice(copy, library.content_of(copy), Verb.KEEP)
    decide(library.catalog, plan.items[0].group_id, [choice])
    assert "decided otherwise" in apply_plan(library.catalog, plan).messages[0][1]


def test_a_rehearsal_touches_nothing(library: Library, written: Path) -> None:
    before = contents_below(library.folder)
    (rehearsed,) = rehearse(library.catalog, plan_file.read(written, library.catalog))
    assert rehearsed.refusal == ""
    assert contents_below(library.folder) == before
    assert library.catalog.connection.execute("SELECT count(*) FROM batch").fetchone() == (0,)


def test_names_that_are_no_text_survive(library: Library) -> None:
    names = [b"keep.jpg", b"caf\xe9.jpg", "ü\n\x1b.jpg".encode()]
    files = [library.file(name, b"content of " + name) for name in names]
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:]]
    decide(library.catalog, library.group(files), choices)
    built = build(library.catalog, Settings())
    place = library.folder / os.fsdecode(b"pl\xe9n")
    plan_file.write(built, place)
    plan = plan_file.read(place, library.catalog)
    assert [(i.source, i.destination) for i in plan.items] == [
        (i.source, i.destination) for i in built.items
    ]
    assert apply_plan(library.catalog, plan).done == 2


TAMPERED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another content": (lambda e: e.update(digest="00" * 32), "what was judged has been changed"),
    "another keeper's content": (lambda e: e.update(keeper_digest="00" * 32), "what was judged"),
    "another size": (lambda e: e.update(size=1), "what was judged has been changed"),
    "another sidecar": (
        lambda e: e["companions"][0].update(file="/etc/passwd"),
        "what was judged has been changed",
    ),
    "no companions": (lambda e: e.update(companions=[]), "what was judged has been changed"),
    "a verb": (lambda e: e.update(verb="shred"), '"verb" is not one of trash, move'),
    "to keep": (lambda e: e.update(verb="keep"), '"verb" is not one of'),
    "a link of another content": (
        lambda e: e.update(verb="hardlink", to=None, companions=[]),
        "only a copy byte for byte",
    ),
    "no way to go": (lambda e: e.update(to=None), '"to" is missing for trash'),
    "a way to delete": (lambda e: e.update(verb="delete"), '"to" is too much for delete'),
    "out of the trash": (lambda e: e.update(to="/tmp/x.jpg"), "in no trash of this plan"),
    "a move into the trash": (lambda e: e.update(verb="move"), "a move leads into a trash"),
    "a relative path": (lambda e: e.update(file="sub/copy.jpg"), '"file" is no absolute path'),
    "a path with ..": (lambda e: e.update(file="/a/../b"), '"file" is not in its shortest form'),
    "a null byte": (lambda e: e.update(keeper="/a\0b"), '"keeper" is no absolute path'),
    "no text": (lambda e: e.update(keeper=["/a"]), '"keeper" is no absolute path'),
    "no number": (lambda e: e.update(inode="1"), '"inode" is no whole number'),
    "true": (lambda e: e.update(links=True), '"links" is no whole number'),
    "too large": (lambda e: e.update(mtime_ns=1 << 64), '"mtime_ns" is no whole number'),
    "itself": (lambda e: e.update(keeper=e["file"]), '"file" and "keeper" are the same'),
    "a key": (lambda e: e.update(keper="/a"), "knows no key 'keper'; did you mean 'keeper'"),
    "no key": (lambda e: e.pop("digest"), '"digest" is missing'),
    "no digest": (lambda e: e.update(digest="xyz"), '"digest" is no digest'),
    "no object among the companions": (lambda e: e.update(companions=[1]), "is no object"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_wrong_line_is_named(library: Library, written: Path, what: str) -> None:
    change, message = TAMPERED[what]
    edited(written, change)
    with pytest.raises(CatalogError) as refused:
        plan_file.read(written, library.catalog)
    assert "plan.jsonl, line 2: " in str(refused.value)
    assert message in str(refused.value)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (lambda head, item: [], "is empty"),
        (lambda head, item: [item], "line 1: is not the head"),
        (lambda head, item: [head.replace('"version": 1', '"version": 2')], "of version 2"),
        (lambda head, item: [head.replace('"version": 1', '"version": "x"')], '"version" is no'),
        (lambda head, item: [head.replace('"name": "', '"name": "../')], '"name" is not'),
        (lambda head, item: [head, item[:-9]], "line 2: is not JSON, or not all of it"),
        (lambda head, item: [head, "[" * 100_000], "line 2: is not JSON"),
        (lambda head, item: [head, "9" * 5_000], "line 2: is not JSON"),
        (lambda head, item: [head, item, item], "line 3: its file is that of line 2 too"),
        (lambda head, item: [head, "", '"' + "x" * (1 << 20) + '"'], "line 3: is longer"),
    ],
)
def test_a_wrong_file_is_told(
    library: Library, written: Path, lines: Callable[[str, str], list[str]], message: str
) -> None:
    written.write_text("\n".join(lines(*written.read_text().splitlines())) + "\n")
    with pytest.raises(CatalogError, match=message):
        plan_file.read(written, library.catalog)


def test_a_keeper_that_would_go_by_another_line(library: Library) -> None:
    files = [library.file(f"{n}.jpg", b"%d" % n) for n in range(3)]
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:]]
    decide(library.catalog, library.group(files), choices)
    place = library.folder / "plan.jsonl"
    plan_file.write(build(library.catalog, Settings()), place)
    edited(place, lambda entry: entry.update(keeper=str(library.photos / "2.jpg")), line=1)
    with pytest.raises(CatalogError, match=r"line 2: what is kept, .*2\.jpg, would go by line 3"):
        plan_file.read(place, library.catalog)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_is_edited_nothing_but_a_refusal_comes_of_it(
    library: Library, data: st.DataObject
) -> None:
    place = library.folder / "mutated.jsonl"
    if not place.exists():
        plan_file.write(marked(library, Verb.TRASH)[0], place)
        place.with_name("original.jsonl").write_bytes(place.read_bytes())
    text = bytearray(place.with_name("original.jsonl").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    place.write_bytes(bytes(text))
    before = contents_below(library.photos)
    try:
        plan = plan_file.read(place, library.catalog)
    except CatalogError:
        return
    top = bytes(library.folder) + b"/"
    if not all((i.destination or top).startswith(top) for i in plan.items):
        return  # the person may send a file anywhere, but this test not
    outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
    after = contents_below(library.folder)
    assert set(before.values()) <= set(after.values())
    if outcome.done:
        undo_batch(library.catalog)


def test_an_empty_plan_is_a_file_too(library: Library) -> None:
    place = library.folder / "plan.jsonl"
    plan_file.write(Plan("2026-11-22-000000-00000000", (), ()), place)
    assert plan_file.read(place, library.catalog).items == ()
