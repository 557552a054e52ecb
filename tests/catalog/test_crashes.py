"""Nothing is lost when the process dies, wherever that is, nor when two work against each other."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import traced_child
from blake3 import blake3
from crash_harness import kill_everywhere
from crash_scenarios import SCENARIOS, Scenario
from file_library import Library
from twinsift.catalog import regular_file
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.planning import build
from twinsift.catalog.settings import Settings

MEMORY = Path("/dev/shm")
EVERY_WRITE = "TWINSIFT_KILL_AT_EVERY_WRITE" in os.environ


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where syncing costs nothing, or else the test's own."""
    folder = MEMORY / f"twinsift-crash-{os.getpid()}" if MEMORY.is_dir() else tmp_path / "quick"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.skipif(bool(traced_child.missing()), reason=traced_child.missing())
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_before_every_call_nothing_is_lost(
    name: str, quick: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if "-cross-" in name and quick.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm as a second file system")

    def count() -> None:  # in a process of its own: a scenario changes what the modules do
        scenario = Scenario(name, quick / "work", tmp_path / "other")
        points.put(kill_everywhere(scenario, every_write=EVERY_WRITE))

    spawn = multiprocessing.get_context("fork")
    points = spawn.SimpleQueue()
    process = spawn.Process(target=count)
    process.start()
    process.join()
    assert process.exitcode == 0  # else the trace is in what was captured
    found = points.get()
    record_property("kill points", found)  # summed up at the end of the run, see conftest.py
    assert found > 15  # the journal alone has more: were the tracer blind, all would pass


ROUNDS = 100


class Window:
    """One of several catalogs of one folder, in a process of its own that works in step."""

    def __init__(self, folder: Path, keep: str, remove: str, barrier: Barrier) -> None:
        self.folder, self.keep, self.remove, self.barrier = folder, keep, remove, barrier

    def work(self, photos: Path, locks: bool) -> None:
        """Round after round: decide and plan, wait for the others, apply when they do."""
        if not locks:
            regular_file._lock = lambda path, descriptor, alone: None
        self.folder.mkdir()
        with Library.create(self.folder) as library:
            for round_ in range(ROUNDS):
                self.barrier.wait()
                self._decide(library, photos / str(round_), round_)
                plan = build(library.catalog, Settings())
                assert len(plan.items) == 1, plan
                self.barrier.wait()
                apply_plan(library.catalog, plan, delete_confirmed=True)
                self.barrier.wait()
                with library.catalog.transaction() as connection:
                    connection.execute("DELETE FROM decision")  # of what was refused

    def _decide(self, library: Library, photos: Path, round_: int) -> None:
        root = library.root(photos)
        kept, gone = (library.row(n.encode(), data(n, round_), root) for n in self.pair)
        verb = (Verb.TRASH, Verb.DELETE)[round_ % 2]
        choices = [Choice(kept, library.content_of(kept), Verb.KEEP)]
        choices.append(Choice(gone, library.content_of(gone), verb))
        decide(library.catalog, library.group([kept, gone]), choices)

    @property
    def pair(self) -> tuple[str, str]:
        return self.keep, self.remove


def data(name: str, round_: int) -> bytes:
    return blake3(f"{name} {round_}".encode()).digest()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_overlapping_plans_at_once_never_lose_the_last_copy(quick: Path, locks: bool) -> None:
    """Three catalogs of one folder, a hundred times: a keeps b, b keeps c, c keeps a.

    Without locks it is as on a network drive that knows none, where each is another machine.
    """
    spawn = multiprocessing.get_context("fork")
    pairs = ("ab", "bc", "ca") if locks else ("ab", "ba")
    barrier = spawn.Barrier(len(pairs) + 1, timeout=60)
    windows = [Window(quick / pair, pair[0], pair[1], barrier) for pair in pairs]
    processes = [spawn.Process(target=w.work, args=(quick / "photos", locks)) for w in windows]
    for process in processes:
        process.start()
    for round_ in range(ROUNDS):
        photos = quick / "photos" / str(round_)
        photos.mkdir(parents=True)
        for name in "abc"[: len(pairs)]:
            (photos / name).write_bytes(data(name, round_))
        for _ in range(3):  # decide; apply at once; look
            barrier.wait()
        left = [path.name for path in photos.iterdir() if path.is_file()]
        assert left, f"round {round_}: all copies are gone"
        assert not [name for name in left if name.startswith(".")], left
    for process in processes:
        process.join()
        assert process.exitcode == 0
