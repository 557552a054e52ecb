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


def _apply(folder: Path, barrier: Barrier) -> None:
    with Library.reopen(folder) as library:
        plan = build(library.catalog, Settings())
        barrier.wait()
        apply_plan(library.catalog, plan, delete_confirmed=True)


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE])
def test_two_processes_never_remove_both_copies(verb: Verb, tmp_path: Path) -> None:
    """Two catalogs of one folder: in the first, a keeps b; in the second, b keeps a."""
    spawn = multiprocessing.get_context("fork")
    photos = tmp_path / "photos"
    for round_ in range(10):
        photos.mkdir()
        folders = [tmp_path / f"{round_}-{n}" for n in range(2)]
        for folder, names in zip(folders, ("ab", "ba"), strict=True):
            folder.mkdir()
            with Library.create(folder) as library:
                root = library.root(photos)
                keep, remove = (library.file(n, n.encode() * 9, root) for n in names)
                choices = [Choice(keep, library.content_of(keep), Verb.KEEP)]
                choices.append(Choice(remove, library.content_of(remove), verb))
                decide(library.catalog, library.group([keep, remove]), choices)
        barrier = spawn.Barrier(2)
        processes = [spawn.Process(target=_apply, args=(f, barrier)) for f in folders]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0
        left = [n for n in "ab" if (photos / n).exists()]
        assert left, "both copies are gone"
        shutil.rmtree(photos)
