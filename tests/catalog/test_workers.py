from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from twinsift.catalog import workers
from twinsift.catalog.workers import Lost, WorkerError, WorkerPool

HERE = Path(__file__).resolve().parent
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HERE))
    import worker_jobs

    return worker_jobs


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(
        f"/proc/{pid}/stat"
    ).read_text(errors="replace")


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_every_item_comes_back_with_its_own_result(jobs: ModuleType) -> None:
    with WorkerPool[int, int](jobs.add, (1000,), workers=2) as pool:
        assert dict(pool.imap_unordered(range(200))) == {n: n + 1000 for n in range(200)}
        assert dict(pool.imap_unordered([7])) == {7: 1007}  # the workers wait for more
        assert dict(pool.imap_unordered([])) == {}


def test_nothing_is_a_result_too(jobs: ModuleType) -> None:
    with WorkerPool[int, None](jobs.nothing, workers=1) as pool:
        assert list(pool.imap_unordered([1, 2])) == [(1, None), (2, None)]


def test_no_worker_starts_without_work_and_none_outlives_the_pool(jobs: ModuleType) -> None:
    with WorkerPool[int, int](jobs.who, workers=2) as pool:
        assert list(pool.imap_unordered([])) == []
        assert pool._workers == []
        pids = {pid for _, pid in pool.imap_unordered(range(20)) if isinstance(pid, int)}
    assert 1 <= len(pids) <= 2
    assert all(gone_within(pid, 5) for pid in pids)


def test_items_are_taken_only_as_workers_are_free(jobs: ModuleType) -> None:
    taken: list[int] = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    with WorkerPool[int, int](jobs.double, workers=2) as pool:
        results = pool.imap_unordered(items())
        next(results)
        assert len(taken) <= 4
        results.close()
        assert dict(pool.imap_unordered([5, 6])) == {5: 10, 6: 12}  # none of the old ones


@posix_only
@pytest.mark.parametrize(
    ("deed", "kind", "reason"),
    [
        ("segfault", "crash", "SIGSEGV"),
        ("abort", "crash", "SIGABRT"),
        ("exit", "crash", "exit code 3"),
        ("kill", "crash", "SIGKILL"),
        ("hang", "timeout", "longer than 1 s"),
        ("glut", "memory", "512 MiB"),
        ("watched glut", "memory", "more memory"),
        ("opencv glut", "memory", "512 MiB"),
        ("picture error", "error", "it is broken (mend it)"),
        ("any error", "error", "unexpected KeyError"),
    ],
)
def test_an_item_that_misbehaves_costs_only_itself_and_says_why(
    jobs: ModuleType, deed: str, kind: str, reason: str
) -> None:
    items, patience = ["a", deed, "b", "c"], 1.0 if deed == "hang" else 20.0
    with WorkerPool[str, str](jobs.misbehave, workers=1, timeout=patience, memory_mb=512) as pool:
        results = dict(pool.imap_unordered(items))
    lost = results.pop(deed)
    assert isinstance(lost, Lost)
    assert lost.kind == kind
    assert reason in lost.reason
    assert "\n" not in lost.reason
    assert results == {"a": "a", "b": "b", "c": "c"}


@posix_only
@pytest.mark.parametrize("deed", ["kill", "hang", "glut"])
def test_among_many_that_travel_together_only_the_guilty_one_is_lost(
    jobs: ModuleType, deed: str
) -> None:
    items = [*map(str, range(100)), deed, *map(str, range(100, 150))]
    together = []
    with WorkerPool[str, str](jobs.misbehave, workers=1, timeout=1.0, memory_mb=512) as pool:
        results = {}
        for item, result in pool.imap_unordered(items):
            together.append(max(len(worker.items) for worker in pool._workers or [pool._start()]))
            assert item not in results
            results[item] = result
    assert max(together) > 8
    assert isinstance(results.pop(deed), Lost)
    assert results == {item: item for item in items if item != deed}


def test_one_that_hangs_does_not_hold_up_the_others(jobs: ModuleType) -> None:
    with WorkerPool[str, str](jobs.misbehave, workers=2, timeout=2.0) as pool:
        order = [item for item, _ in pool.imap_unordered(["hang", *map(str, range(30))])]
    assert order[-1] == "hang"
    assert sorted(order[:-1]) == sorted(map(str, range(30)))


def test_what_libraries_print_does_not_come_between_the_answers(
    jobs: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    with WorkerPool[str, str](jobs.misbehave, workers=1) as pool:
        results = list(pool.imap_unordered(["chatter", "x"]))
    assert results == [("chatter", "chatter"), ("x", "x")]
    assert capfd.readouterr() == ("", "")


@posix_only
def test_workers_are_confined(jobs: ModuleType) -> None:
    with WorkerPool[int, dict[str, object]](
        jobs.threads_and_limits, workers=1, memory_mb=600
    ) as pool:
        ((_, found),) = pool.imap_unordered([0])
    assert isinstance(found, dict)
    assert found == {"opencv": 1, "omp": "1", "data": 600 << 20, "core": 0, "interrupt": True}


@posix_only
def test_workers_leave_the_cores_to_a_person(jobs: ModuleType) -> None:
    with WorkerPool[int, tuple[int, str]](jobs.niceness, workers=1) as pool:
        ((_, found),) = pool.imap_unordered([0])
    assert isinstance(found, tuple)
    nice, session = found  # the session's is '' where the kernel doesn't weigh sessions
    assert nice == min(19, os.nice(0) + 5)
    assert session in ("", "5")


def test_a_pool_that_is_left_in_the_middle_kills_its_workers(jobs: ModuleType) -> None:
    pids: set[int] = set()
    with (
        pytest.raises(KeyboardInterrupt),
        WorkerPool[str, str](jobs.misbehave, workers=2) as pool,
    ):
        for _ in pool.imap_unordered(["a", "hang", "hang"]):
            pids = {worker.process.pid for worker in pool._workers}
            raise KeyboardInterrupt
    assert pids
    assert all(gone_within(pid, 5) for pid in pids)


def test_workers_that_cannot_start_are_said_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_BOOTSTRAP", "raise SystemExit(9)")
    with (
        WorkerPool[int, str](hex, workers=2) as pool,
        pytest.raises(WorkerError, match="exit code 9"),
    ):
        list(pool.imap_unordered(range(5)))


def test_a_function_that_a_worker_cannot_import_is_an_error_of_starting(
    jobs: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.double, "__module__", "no_such_module")
    monkeypatch.setitem(sys.modules, "no_such_module", jobs)
    with (
        WorkerPool[int, int](jobs.double, workers=1) as pool,
        pytest.raises(WorkerError, match="no_such_module"),
    ):
        list(pool.imap_unordered([1]))


def test_time_that_the_parent_itself_is_stopped_is_not_held_against_an_item(
    jobs: ModuleType,
) -> None:
    with WorkerPool[int, int](jobs.double, workers=1, timeout=0.3) as pool:
        results = pool.imap_unordered([1, 2, 3])
        found = [next(results)]
        time.sleep(1.0)  # a review that holds the indexer, or Ctrl-Z
        found += results
    assert found == [(1, 2), (2, 4), (3, 6)]


@posix_only
def test_workers_die_with_a_parent_that_is_killed(jobs: ModuleType, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import worker_jobs\n"
        "from twinsift.catalog.workers import WorkerPool\n"
        "with WorkerPool(worker_jobs.tell_pid_and_hang, workers=1) as pool:\n"
        f"    list(pool.imap_unordered([{str(note)!r}]))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    end = time.monotonic() + 30
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < end, "the worker didn't start"
        time.sleep(0.05)
    pid = int(note.read_text())
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone_within(pid, 10)
