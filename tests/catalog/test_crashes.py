"""Nothing is lost when the process dies, wherever that is, nor when two work against each other."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from crash_harness import SCENARIOS
from file_library import Library
from twinsift.catalog import fileops
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.planning import build
from twinsift.catalog.settings import Settings

HARNESS = Path(__file__).with_name("crash_harness.py")
MEMORY = Path("/dev/shm")


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where syncing costs nothing, or else the test's own."""
    folder = MEMORY / f"twinsift-crash-{os.getpid()}" if MEMORY.is_dir() else tmp_path / "quick"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness needs fork")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_before_every_call_nothing_is_lost(
    scenario: str, quick: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if "-cross-" in scenario and quick.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm as a second file system")
    command = [sys.executable, str(HARNESS), scenario, str(quick / "work"), str(tmp_path / "other")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    points = json.loads(done.stdout)["points"]
    record_property("kill points", points)  # summed up at the end of the run, see conftest.py
    assert points > 40  # the journal alone has more: were the hook blind, all would pass


ROUNDS = 100


def _apply(folder: Path, locks: bool, barrier: Barrier) -> None:
    if not locks:
        fileops._lock = lambda path, descriptor, alone: None
    with Library.reopen(folder) as library:
        plan = build(library.catalog, Settings())
        barrier.wait()
        apply_plan(library.catalog, plan, delete_confirmed=True)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_overlapping_plans_at_once_never_lose_the_last_copy(quick: Path, locks: bool) -> None:
    """Three catalogs of one folder, a hundred times: a keeps b, b keeps c, c keeps a.

    Without locks it is as on a network drive that knows none, where each is another machine.
    """
    spawn = multiprocessing.get_context("fork")
    names = ("ab", "bc", "ca") if not locks else ("ab", "ba")
    for round_ in range(ROUNDS):
        verb = (Verb.TRASH, Verb.DELETE)[round_ % 2]
        photos = quick / "photos"
        photos.mkdir()
        folders = [quick / f"{round_}-{n}" for n in range(len(names))]
        for folder, (keep, remove) in zip(folders, names, strict=True):
            folder.mkdir()
            with Library.create(folder) as library:
                root = library.root(photos)
                kept, gone = (library.file(n, n.encode() * 9, root) for n in (keep, remove))
                choices = [Choice(kept, library.content_of(kept), Verb.KEEP)]
                choices.append(Choice(gone, library.content_of(gone), verb))
                decide(library.catalog, library.group([kept, gone]), choices)
        barrier = spawn.Barrier(len(folders))
        processes = [spawn.Process(target=_apply, args=(f, locks, barrier)) for f in folders]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0
        left = [path.name for path in photos.iterdir() if path.is_file()]
        assert left, f"round {round_}: all copies are gone"
        assert not [name for name in left if name.startswith(".")], left
        for folder in (*folders, photos):
            shutil.rmtree(folder)
