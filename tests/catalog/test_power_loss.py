"""The power fails before any call that touches a disk: what hadn't reached it is gone."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

import pytest
import traced_child
from crash_scenarios import SCENARIOS, Scenario
from file_library import Library
from lossy_disk import Disk

EVERYWHERE = "TWINSIFT_KILL_AT_EVERY_WRITE" in os.environ
ONE_OF_EACH = (
    *("trash-same-atomic", "move-cross-atomic", "delete-same-atomic"),
    *("hardlink-same-atomic", "symlink-same-link", "purge-cross-atomic", "along-cross-atomic"),
    *("undo_trash-same-atomic", "undo_hardlink-same-atomic", "restore-cross-atomic"),
)


@pytest.fixture
def disks() -> Iterator[tuple[Disk, Disk]]:
    """Two file systems of their own; needs root, ext4 and loop devices."""
    base = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        with (
            Disk(base / "near.img", base / "near") as near,
            Disk(base / "far.img", base / "far") as far,
        ):
            yield near, far
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs the right to mount an ext4 image")
    finally:
        shutil.rmtree(base)


@pytest.mark.slow
@pytest.mark.skipif(bool(traced_child.missing()), reason=traced_child.missing())
@pytest.mark.parametrize("name", SCENARIOS if EVERYWHERE else ONE_OF_EACH)
def test_what_had_not_reached_the_disk_is_gone_and_nothing_is_lost(
    name: str, disks: tuple[Disk, Disk], record_property: Callable[[str, object], None]
) -> None:
    def fail_everywhere() -> None:  # in a process of its own: a scenario changes the modules
        points.put(lose_power_everywhere(name, *disks))

    spawn = multiprocessing.get_context("fork")
    points = spawn.SimpleQueue()
    process = spawn.Process(target=fail_everywhere)
    process.start()
    process.join()
    assert process.exitcode == 0  # else the trace is in what was captured
    calls, states = points.get()
    record_property("power failures", calls)
    assert states > 3  # each commit is one


def lose_power_everywhere(name: str, near: Disk, far: Disk) -> tuple[int, int]:
    """Calls before which the power fails in turn, and how many states of the disks that makes."""
    scenario = Scenario(name, near.top / "work", far.top / "other")
    for folder in (scenario.folder, scenario.other):
        folder.mkdir()
    scenario.prepare()
    os.sync()
    states: dict[tuple[bytes, bytes], None] = {}
    calls = 0

    def note(_: str) -> bool:
        nonlocal calls
        calls += 1
        states[near.written(), far.written()] = None
        return False

    assert traced_child.run(scenario.run, note)
    note("the end")
    seen: set[Hashable] = set()
    for number, state in enumerate(states):
        for disk, written in zip((near, far), state, strict=True):
            disk.unplug()
            disk.plug(written)
        scenario.check_nothing_lost()
        scenario.recover(renumbered=number % 2 == 1)
        scenario.check_nothing_lost()
        outcome = scenario.check_agreement(finished=number == len(states) - 1)
        if outcome not in seen:  # else what comes of doing it again from here is known
            seen.add(outcome)
            scenario.run()
            scenario.check_nothing_lost()
            scenario.check_agreement(finished=True)
    return calls, len(states)


def test_the_journal_is_written_through(library: Library) -> None:
    """SQLite's log reaches the disk with each commit (FULL is 2)."""
    assert library.catalog.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert library.catalog.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
