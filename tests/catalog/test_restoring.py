"""The trash: its record, what it restores with and without a catalog, and purging it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from blake3 import blake3
from file_library import COPY, Library, contents_below, marked, states
from twinsift.catalog import purge as purging
from twinsift.catalog import restoring
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.errors import RefusedError
from twinsift.catalog.planning import build
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.undo import undo_batch


def test_the_trash_restores_without_a_catalog(library: Library) -> None:
    """The record beside the files is enough, also for names that aren't text."""
    names = [b"keep.jpg", b"sub/caf\xe9.jpg", "sub/ü\n.jpg".encode()]
    files = [library.file(name, b"content of " + name) for name in names]
    decide(
        library.catalog,
        library.group(files),
        [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:]],
    )
    before = contents_below(library.photos)
    plan = build(library.catalog, Settings())
    assert apply_plan(library.catalog, plan).done == 2
    folder = library.photos / ".twinsift-trash" / plan.name
    header, *lines = [
        json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines() if line
    ]
    assert header == {"twinsift": "trash record", "version": 1, "batch": plan.name}
    for line in lines:
        stored = folder / line["stored"]
        assert blake3(stored.read_bytes()).hexdigest() == line["digest"]
        assert stored.stat().st_size == line["size"]
        stored.rename(line["source"])
    after = contents_below(library.photos)
    del after[folder / "record.jsonl"]
    assert after == before
    assert stat.S_IMODE((library.photos / ".twinsift-trash").stat().st_mode) == 0o700


@pytest.fixture
def trashed(library: Library) -> Path:
    """A batch's folder in the trash that holds two files, one of a name that is no text."""
    names = [b"keep.jpg", b"sub/caf\xe9.jpg", b"b.jpg"]
    files = [library.file(name, b"content of " + name) for name in names]
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:]]
    decide(library.catalog, library.group(files), choices)
    plan = build(library.catalog, Settings())
    assert apply_plan(library.catalog, plan).done == 2
    return library.photos / ".twinsift-trash" / plan.name


class TestRestore:
    """`twinsift restore`: by the record alone, or with the journal that knows the batch."""

    @pytest.mark.usefixtures("renaming")
    @pytest.mark.parametrize("given", ["batch", "trash", "photos"])
    def test_without_a_catalog(self, library: Library, trashed: Path, given: str) -> None:
        folder = {"batch": trashed, "trash": trashed.parent, "photos": library.photos}[given]
        outcome = restoring.restore(bytes(folder))
        assert (outcome.done, outcome.refused, outcome.messages) == (2, 0, ())
        assert contents_below(library.photos) == {
            library.photos / os.fsdecode(name): b"content of " + name
            for name in (b"keep.jpg", b"sub/caf\xe9.jpg", b"b.jpg")
        }
        assert not trashed.parent.exists()
        # The journal, asked later, finds them where they belong.
        outcome = undo_batch(library.catalog)
        assert (outcome.done, outcome.messages) == (2, ())
        assert [state for _, state in states(library)][:2] == ["undone"] * 2

    def test_with_a_catalog_the_journal_follows(self, library: Library, trashed: Path) -> None:
        assert restoring.restore(bytes(trashed), library.catalog).done == 2
        assert [state for _, state in states(library)] == ["undone"] * 2 + ["done"] * 2
        assert sum(library.is_present(i) for i in (2, 3)) == 2

    def test_a_trash_on_another_disk(self, library: Library, elsewhere: Path) -> None:
        settings = Settings(files=FileSettings(trash=str(elsewhere / "bin")))
        plan, _ = marked(library, Verb.TRASH, settings=settings)
        before = contents_below(library.photos)
        assert apply_plan(library.catalog, plan).done == 1
        assert restoring.restore(bytes(elsewhere / "bin")).done == 1
        assert contents_below(library.photos) == {
            **before,
            library.photos / "sub/copy.jpg": COPY,
        }
        assert contents_below(elsewhere) == {}

    def test_a_trash_that_was_carried_away(self, library: Library, trashed: Path) -> None:
        """Its folder has another name now: the record is relative to itself."""
        trashed.parent.rename(library.folder / ".twinsift-trash")
        (library.folder / ".twinsift-trash" / trashed.name).rename(
            library.folder / ".twinsift-trash/renamed"
        )
        assert restoring.restore(bytes(library.folder)).done == 2
        assert (library.photos / "b.jpg").read_bytes() == b"content of b.jpg"

    def test_nothing_is_overwritten(self, library: Library, trashed: Path) -> None:
        (library.photos / "b.jpg").write_bytes(b"somebody else's")
        (trashed / "files/sub" / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"edited")
        before = contents_below(library.photos)
        outcome = restoring.restore(bytes(trashed))
        assert (outcome.done, outcome.refused) == (0, 2)
        reasons = "".join(reason for _, reason in outcome.messages)
        assert "a file of that name now" in reasons
        assert "has changed since it was put there" in reasons
        assert contents_below(library.photos) == before

    def test_what_was_taken_out_is_passed_over(self, library: Library, trashed: Path) -> None:
        (trashed / "files/b.jpg").rename(library.photos / "b.jpg")
        outcome = restoring.restore(bytes(trashed))
        assert (outcome.done, outcome.refused, outcome.failed) == (1, 0, 0)

    @pytest.mark.parametrize(
        ("line", "fault"),
        [
            ({"stored": "files/../../../b.jpg"}, '"stored" leads out'),
            ({"stored": "/etc/passwd"}, '"stored" leads out'),
            ({"source": "b.jpg"}, '"source" is no absolute path'),
            ({"source": "/a/../b"}, '"source" is no absolute path'),
            ({"digest": "00"}, '"digest"'),
            ({"size": "1"}, '"size"'),
            ({"size": True}, '"size"'),
            ({"stored": None}, "expected str"),
        ],
    )
    def test_a_wrong_line_is_told(
        self, library: Library, trashed: Path, line: dict[str, object], fault: str
    ) -> None:
        record = trashed / "record.jsonl"
        lines = [text for text in record.read_text().splitlines() if text]
        wrong = json.loads(lines[1]) | line
        record.write_text("\n".join([lines[0], json.dumps(wrong), '{"torn": ', lines[2]]) + "\n")
        outcome = restoring.restore(bytes(trashed))
        assert (outcome.done, outcome.refused) == (1, 1)
        assert outcome.messages[0][1].startswith("line 2 of its record can't be used: ")
        assert fault in outcome.messages[0][1]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"twinsift": "trash record", "version": 2, "batch": "x"}', "newer twinsift"),
            ("", "its head is missing"),
        ],
    )
    def test_a_wrong_record_is_told(
        self, library: Library, trashed: Path, text: str, message: str
    ) -> None:
        (trashed / "record.jsonl").write_text(text)
        with pytest.raises(RefusedError, match=message):
            restoring.restore(bytes(trashed))

    def test_what_is_no_trash_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(RefusedError, match="is no trash of twinsift"):
            restoring.restore(bytes(tmp_path))


class TestPurge:
    """`twinsift purge`: a typed number, and a living file for each that goes."""

    def test_what_is_purged_is_gone_and_told(self, library: Library, trashed: Path) -> None:
        actions = purging.trashed(library.catalog)
        with pytest.raises(RefusedError, match="consent was given to purge 1"):
            purging.purge(library.catalog, actions, confirmed=1)
        outcome = purging.purge(library.catalog, actions, confirmed=2)
        assert (outcome.done, outcome.messages) == (2, ())
        assert outcome.bytes_freed == sum(action.size for action in actions)
        assert not trashed.parent.exists()
        assert states(library) == [("trash", "purged")] * 2 + [("purge", "done")] * 2
        assert purging.trashed(library.catalog) == []
        with pytest.raises(RefusedError, match="no applied batch is left"):
            undo_batch(library.catalog)

    def test_without_the_keeper_nothing_goes(self, library: Library, trashed: Path) -> None:
        (library.photos / "keep.jpg").unlink()
        actions = purging.trashed(library.catalog)
        outcome = purging.purge(library.catalog, actions, confirmed=2)
        assert (outcome.done, outcome.refused) == (0, 2)
        assert "isn't there any more" in outcome.messages[0][1]
        assert (trashed / "files/b.jpg").exists()
        # Another file of the keeper's content does as well.
        library.file("elsewhere.jpg", b"content of keep.jpg")
        assert purging.purge(library.catalog, actions, confirmed=2).done == 2

    def test_the_keepers_keeper_counts(self, library: Library, trashed: Path) -> None:
        """a was trashed for b, and b, in a later batch, for c."""
        keeper, third = 1, library.file("c.jpg", b"third")
        decide(
            library.catalog,
            library.group([third, keeper], kind="near"),
            [Choice(keeper, library.content_of(keeper), Verb.TRASH)],
        )
        assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 1
        actions = purging.trashed(library.catalog)
        assert len(actions) == 3
        (library.photos / "c.jpg").rename(library.photos / "d.jpg")
        assert purging.purge(library.catalog, actions, confirmed=3).done == 0
        (library.photos / "d.jpg").rename(library.photos / "c.jpg")
        assert purging.purge(library.catalog, actions, confirmed=3).done == 3

    def test_what_was_edited_in_the_trash_stays(self, library: Library, trashed: Path) -> None:
        (trashed / "files/b.jpg").write_bytes(b"edited")
        actions = purging.trashed(library.catalog)
        outcome = purging.purge(library.catalog, actions, confirmed=2)
        assert (outcome.done, outcome.refused) == (1, 1)
        assert (trashed / "files/b.jpg").read_bytes() == b"edited"

    def test_by_batch_and_by_age(self, library: Library, trashed: Path) -> None:
        assert len(purging.trashed(library.catalog, 1)) == 2
        assert purging.trashed(library.catalog, None, older_than_days=1) == []
        with library.catalog.transaction() as connection:
            connection.execute("UPDATE batch SET created_at = created_at - 90000")
        assert len(purging.trashed(library.catalog, None, older_than_days=1)) == 2
        with library.catalog.transaction() as connection:  # a clock that has jumped
            connection.execute("UPDATE batch SET created_at = created_at + 1e9")
        assert purging.trashed(library.catalog) == []
        with pytest.raises(RefusedError, match="no applied batch 9"):
            purging.trashed(library.catalog, 9)


def test_a_trash_that_has_become_a_link_is_refused(library: Library) -> None:
    plan, _ = marked(library, Verb.TRASH)
    (library.folder / "elsewhere").mkdir()
    (library.photos / ".twinsift-trash").symlink_to(library.folder / "elsewhere")
    outcome = apply_plan(library.catalog, plan)
    assert outcome.failed == 1
    assert "is a symbolic link" in outcome.messages[0][1]
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY
    assert list((library.folder / "elsewhere").iterdir()) == []
