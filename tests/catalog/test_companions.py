"""What belongs to a picture: told by name, planned, moved, trashed and brought back with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

import pytest
from file_library import Library, contents_below
from hypothesis import given
from hypothesis import strategies as st
from twinsift.catalog import fileops, journal
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.companions import Names
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.plan import Plan
from twinsift.catalog.planning import build
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.undo import undo_batch


def along(
    names: str,
    leaving: str,
    staying: Collection[str] = (),
    settings: FileSettings | None = None,
) -> dict[str, str]:
    """What goes along when some of a folder's files leave, by name."""
    looked = Names.of((os.fsencode(n) for n in names.split("|")), settings or FileSettings())
    found = looked.going_along(
        [os.fsencode(n) for n in leaving.split("|")], [os.fsencode(n) for n in staying]
    )
    return {os.fsdecode(name): os.fsdecode(owner) for name, owner in found.items()}


@pytest.mark.parametrize(
    ("names", "leaving", "expected"),
    [
        # RAW and JPEG of one shot, either way; and what is beside both
        ("a.jpg|a.cr2", "a.jpg", "a.cr2"),
        ("a.jpg|a.CR2", "a.CR2", "a.jpg"),
        ("IMG_1.JPG|img_1.nef|IMG_1.xmp", "IMG_1.JPG", "img_1.nef|IMG_1.xmp"),
        ("a.heic|a.dng", "a.heic", "a.dng"),
        ("a.png|a.cr2", "a.png", ""),  # no camera writes that
        ("a.jpg|a.png", "a.jpg", ""),
        ("a.jpg|ab.cr2", "a.jpg", ""),
        # the film of a live photo
        ("a.heic|a.mov", "a.heic", "a.mov"),
        ("a.jpg|a.MOV|a.aae", "a.jpg", "a.MOV|a.aae"),
        ("a.jpg|a.heic|a.mov", "a.jpg", ""),  # it is the other one's too
        ("a.jpg|a.heic|a.mov", "a.jpg|a.heic", "a.mov"),
        # sidecars, with and without the picture's extension
        ("a.jpg|a.xmp", "a.jpg", "a.xmp"),
        ("a.jpg|a.jpg.xmp", "a.jpg", "a.jpg.xmp"),
        ("a.jpg|a.png|a.xmp", "a.jpg", ""),
        ("a.jpg|a.png|a.jpg.xmp|a.png.xmp", "a.jpg", "a.jpg.xmp"),
        ("a.jpg|a.txt", "a.jpg", ""),
        ("a.b.jpg|a.xmp|a.b.xmp", "a.b.jpg", "a.b.xmp"),
        # Google Takeout: old form, new form, cut off, numbered, edited
        ("a.jpg|a.jpg.json", "a.jpg", "a.jpg.json"),
        ("a.jpg|a.jpg.supplemental-metadata.json", "a.jpg", "a.jpg.supplemental-metadata.json"),
        (
            "Screenshot_2017-07-05-10-05-26.png|Screenshot_2017-07-05-10-05-26.png.supplementa.json",
            "Screenshot_2017-07-05-10-05-26.png",
            "Screenshot_2017-07-05-10-05-26.png.supplementa.json",
        ),
        (
            "Screenshot_20220207_102421_com.snapchat.android.jpg"
            "|Screenshot_20220207_102421_com.snapchat.androi.json",
            "Screenshot_20220207_102421_com.snapchat.android.jpg",
            "Screenshot_20220207_102421_com.snapchat.androi.json",
        ),
        ("a(1).jpg|a.jpg|a.jpg(1).json|a.jpg.json", "a(1).jpg", "a.jpg(1).json"),
        ("a(1).jpg|a.jpg|a.jpg(1).json|a.jpg.json", "a.jpg", "a.jpg.json"),
        (
            "a(1).jpg|a.jpg.supplemental-metadata(1).json|a.jpg.supplemental-metadata.json",
            "a(1).jpg",
            "a.jpg.supplemental-metadata(1).json",
        ),
        ("a.jpg|a-edited.jpg|a.jpg.json", "a-edited.jpg", ""),  # the original has it too
        ("a.jpg|a-edited.jpg|a.jpg.json", "a-edited.jpg|a.jpg", "a.jpg.json"),
        ("a-edited(1).jpg|a.jpg(1).json", "a-edited(1).jpg", "a.jpg(1).json"),
        ("a.heic|a.mov|a.heic.json", "a.heic", "a.mov|a.heic.json"),
        ("metadata.json|a.jpg|b.json", "a.jpg", ""),
    ],
)
def test_told_by_name(names: str, leaving: str, expected: str) -> None:
    assert set(along(names, leaving)) == set(filter(None, expected.split("|")))


def test_each_is_listed_under_one_picture() -> None:
    found = along("a.jpg|a.heic|a.mov|a.xmp", "a.jpg|a.heic")
    assert found == {"a.mov": "a.heic", "a.xmp": "a.heic"}


def test_what_is_kept_goes_nowhere() -> None:
    assert along("a.jpg|a.cr2|a.xmp", "a.jpg", ["a.cr2"]) == {}


def test_the_settings_say_which() -> None:
    names = "a.jpg|a.cr2|a.mov|a.xmp|a.jpg.json|a.txt"
    assert along(names, "a.jpg", settings=FileSettings(companions=())) == {}
    only = FileSettings(companions=("sidecar",), sidecars=("TXT", ".jpg.json"))
    assert set(along("a.jpg|a.xmp|a.txt", "a.jpg", settings=only)) == {"a.txt"}


@given(
    st.lists(st.binary(min_size=1, max_size=60).filter(lambda n: b"/" not in n), max_size=6),
    st.integers(0, 3),
)
def test_any_names_at_all(names: list[bytes], leaving: int) -> None:
    looked = Names.of(names, FileSettings())
    gone = names[:leaving]
    found = looked.going_along(gone, ())
    assert not found.keys() & set(gone)
    assert set(found.values()) <= set(gone)


SHOT = {
    "IMG_1.JPG": b"jpeg",
    "IMG_1.CR2": b"raw",
    "IMG_1.xmp": b"edits",
    "IMG_1.MOV": b"film",
    "IMG_1.JPG.json": b"takeout",
}


def shot(library: Library, verb: Verb, target: Path | None = None) -> Plan:
    """A picture with all that can belong to one, beside it a copy that is kept."""
    keeper = library.file("keep/IMG_1.JPG", b"the keeper")
    picture = library.file("shot/IMG_1.JPG", SHOT["IMG_1.JPG"])
    for name, data in SHOT.items():
        (library.photos / "shot" / name).write_bytes(data)
    folder = None if target is None else bytes(target)
    decide(
        library.catalog,
        library.group([keeper, picture]),
        [Choice(picture, library.content_of(picture), verb, folder)],
    )
    return build(library.catalog, Settings())


@pytest.mark.usefixtures("renaming")
@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.MOVE])
def test_all_go_and_come_back_together(library: Library, verb: Verb) -> None:
    plan = shot(library, verb, library.folder / "moved" if verb is Verb.MOVE else None)
    before = contents_below(library.photos)
    assert plan.files == len(SHOT)
    assert plan.bytes_freed == (0 if verb is Verb.MOVE else sum(map(len, SHOT.values())))
    outcome = apply_plan(library.catalog, plan)
    assert (outcome.done, outcome.messages) == (len(SHOT), ())
    assert outcome.bytes_freed == plan.bytes_freed
    where = library.folder / "moved/shot"
    if verb is Verb.TRASH:
        where = library.photos / ".twinsift-trash" / plan.name / "files/shot"
    assert {p.name: p.read_bytes() for p in where.iterdir()} == SHOT
    assert list((library.photos / "shot").iterdir()) == []
    (batch,) = journal.batches(library.catalog)
    actions = journal.actions(library.catalog, batch.id)
    picture = bytes(library.photos / "shot/IMG_1.JPG")
    assert [a.companion_of for a in actions] == [None, *[picture] * (len(SHOT) - 1)]
    assert undo_batch(library.catalog).done == len(SHOT)
    assert contents_below(library.photos) == before


def test_beside_a_deleted_picture_they_go_to_the_trash(library: Library) -> None:
    """Nobody compared them with anything: what is lost for good is the picture that was."""
    plan = shot(library, Verb.DELETE)
    assert plan.deletions == 1
    assert apply_plan(library.catalog, plan, delete_confirmed=True).done == len(SHOT)
    left = set(contents_below(library.photos).values())
    assert {*SHOT.values()} - left == {b"jpeg"}
    assert undo_batch(library.catalog).done == len(SHOT) - 1


def test_a_raw_file_that_was_decided_by_itself_is_no_companion(library: Library) -> None:
    shot(library, Verb.TRASH)
    raw = library.row(b"shot/IMG_1.CR2", b"raw")
    twin = library.file("keep/IMG_1.CR2", b"another raw")
    group = library.group([twin, raw])
    decide(library.catalog, group, [Choice(raw, library.content_of(raw), Verb.KEEP)])
    (item,) = build(library.catalog, Settings()).items
    assert {os.path.basename(c.source) for c in item.companions} == {b"IMG_1.JPG.json"}


def test_a_raw_file_in_the_group_of_its_jpeg_is_no_companion(library: Library) -> None:
    """The camera's JPEG is found to be a copy of the RAW file that is kept."""
    jpeg, raw = library.file("a.jpg", b"jpeg"), library.file("a.cr2", b"raw")
    (library.photos / "a.xmp").write_bytes(b"edits")
    group = library.group([raw, jpeg])
    decide(library.catalog, group, [Choice(jpeg, library.content_of(jpeg), Verb.TRASH)])
    (item,) = build(library.catalog, Settings()).items
    assert item.companions == ()


def test_a_reference_files_other_name_is_left(library: Library) -> None:
    plan = shot(library, Verb.TRASH)
    masters = library.root(library.folder / "masters", "reference")
    path = library.photos / "shot/IMG_1.xmp"
    shutil.copy(path, library.folder / "kept.xmp")
    (library.folder / "masters/x.xmp").hardlink_to(path)
    library.row(b"x.xmp", SHOT["IMG_1.xmp"], masters)
    (item,) = build(library.catalog, Settings()).items
    assert bytes(path) in {c.source for c in plan.items[0].companions}
    assert bytes(path) not in {c.source for c in item.companions}


def test_names_keep_together_where_one_is_taken(library: Library) -> None:
    target = library.folder / "moved"
    (target / "shot").mkdir(parents=True)
    (target / "shot/IMG_1.JPG").write_bytes(b"somebody else's")
    plan = shot(library, Verb.MOVE, target)
    assert apply_plan(library.catalog, plan).done == len(SHOT)
    there = {p.name: p.read_bytes() for p in (target / "shot").iterdir()}
    assert there == {
        "IMG_1.JPG": b"somebody else's",
        **{name.replace("IMG_1", "IMG_1 (2)"): data for name, data in SHOT.items()},
    }


def test_names_keep_together_where_one_is_taken_since(library: Library) -> None:
    target = library.folder / "moved"
    plan = shot(library, Verb.MOVE, target)
    (target / "shot").mkdir(parents=True)
    (target / "shot/IMG_1.JPG").write_bytes(b"somebody else's")
    assert apply_plan(library.catalog, plan).done == len(SHOT)
    assert (target / "shot/IMG_1 (2).CR2").read_bytes() == b"raw"
    assert undo_batch(library.catalog).done == len(SHOT)


def test_one_that_is_gone_holds_nothing_up(library: Library) -> None:
    plan = shot(library, Verb.TRASH)
    (library.photos / "shot/IMG_1.xmp").unlink()
    assert apply_plan(library.catalog, plan).done == len(SHOT) - 1


def test_one_that_changed_keeps_all_of_them(library: Library) -> None:
    plan = shot(library, Verb.TRASH)
    (library.photos / "shot/IMG_1.xmp").write_bytes(b"newer edits")
    before = contents_below(library.photos)
    outcome = apply_plan(library.catalog, plan)
    assert (outcome.done, outcome.refused) == (0, 1)
    assert "IMG_1.xmp, which goes along, has changed" in outcome.messages[0][1]
    assert contents_below(library.photos) == before


def test_where_the_picture_can_not_go_its_companions_stay(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = shot(library, Verb.TRASH)
    before = contents_below(library.photos)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fileops, "rename_exclusively", fail)
    outcome = apply_plan(library.catalog, plan)
    assert (outcome.done, outcome.failed) == (0, 1)
    after = contents_below(library.photos)
    assert {p: d for p, d in after.items() if p.name != "record.jsonl"} == before
    assert journal.open_intents(library.catalog) == []
