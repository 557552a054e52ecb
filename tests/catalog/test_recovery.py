"""Settling what a run that was cut off left open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from file_library import Library, marked, states
from twinsift.catalog import journal
from twinsift.catalog.decisions import Verb
from twinsift.catalog.recovery import recover


def test_an_intent_of_an_absent_disk_stays_open(library: Library) -> None:
    """The disk was unplugged in the moment of the crash: nothing is concluded from its absence."""
    plan, copy = marked(library, Verb.DELETE)
    item = plan.items[0]
    with library.catalog.transaction() as connection:
        connection.execute("INSERT INTO batch VALUES (1, 0.0, 'apply', NULL, 'open', 'x')")
        connection.execute(
            "INSERT INTO action (batch_id, verb, source, digest, size, mtime_ns, device,"
            " inode, file_id, token, state, at)"
            " VALUES (1, 'delete', ?, ?, ?, 0, ?, 0, ?, 'ab', 'intent', 0)",
            (b"/nowhere/copy.jpg", item.digest, item.size, item.device + 1, copy),
        )
    (found,) = recover(library.catalog)
    assert (found.state, found.verb) == ("intent", "delete")
    assert "disk isn't there" in found.reason
    assert library.is_present(copy)
    assert journal.batches(library.catalog)[0].state == "open"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_disk_that_has_another_number_after_a_restart_is_known_again(
    library: Library, is_there: bool
) -> None:
    """By a file that was on it with the one that is gone; an empty mount point has none."""
    plan, copy = marked(library, Verb.DELETE)
    item = plan.items[0]
    (library.photos / "sub/copy.jpg").unlink()
    if not is_there:
        (library.photos / "keep.jpg").unlink()
    with library.catalog.transaction() as connection:
        connection.execute("UPDATE file SET device = device + 1")
        connection.execute("INSERT INTO batch VALUES (1, 0.0, 'apply', NULL, 'open', 'x')")
        connection.execute(
            "INSERT INTO action (batch_id, verb, source, digest, size, mtime_ns, device,"
            " inode, file_id, token, state, at)"
            " VALUES (1, 'delete', ?, ?, ?, 0, ?, 0, ?, 'ab', 'intent', 0)",
            (item.source, item.digest, item.size, item.device + 1, copy),
        )
    (found,) = recover(library.catalog)
    assert found.state == ("done" if is_there else "intent")
    assert library.is_present(copy) is not is_there


def test_recover_leaves_the_work_of_a_running_batch_alone(
    library: Library, group_of: Callable[..., str]
) -> None:
    group_of({"a.jpg": b"a", "b.jpg": b"b"})
    with library.catalog.transaction() as connection:
        connection.execute("INSERT INTO batch VALUES (1, 0.0, 'apply', NULL, 'open', 'x')")
        connection.execute(
            "INSERT INTO action (batch_id, verb, source, destination, digest, size, mtime_ns,"
            " device, inode, token, state, at)"
            " VALUES (1, 'move', X'2F61', X'2F62', X'00', 0, 0, 0, 0, 'ab', 'intent', 0)"
        )
    with library.catalog.exclusive("apply"):
        assert recover(library.catalog) == []
    assert states(library) == [("move", "intent")]
