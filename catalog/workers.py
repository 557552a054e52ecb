"""A pool of worker processes that can be killed: a crash, hang or glut costs one item, not the run.

Each worker is a fresh interpreter that speaks pickles over its own standard input and output.
`multiprocessing` isn't used: it imports the main script again in each worker, keeps a helper
process, and can't start anything while Textual has replaced sys.stderr (its fileno() is then -1).
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import IO, Any, Generic, Literal, TypeVar

from ..models.errors import TwinsiftError
from . import confinement

Item = TypeVar("Item")
Result = TypeVar("Result")
LossKind = Literal["crash", "timeout", "memory", "error"]

_STARTUP_SECONDS = 120.0
_STARTUP_TRIES = 3
_GRACE_SECONDS = 0.2
_MESSAGE_SECONDS = 0.1
_MOST_ITEMS = 32
_BOOTSTRAP = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    f"from {__name__} import serve; serve()"
)
# One thread a worker: the processes share the cores already. Freed memory stays with the process
# instead of going back to the system after each picture, which costs up to a quarter of the time.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}


class WorkerError(TwinsiftError):
    """Worker processes can't be started at all."""


@dataclass(frozen=True, slots=True)
class Lost:
    """An item whose work came to nothing, with the reason as one line."""

    kind: LossKind
    reason: str


@dataclass(slots=True, eq=False)
class _Worker(Generic[Item]):
    process: subprocess.Popen[bytes]
    deadline: float
    items: list[Item] = field(default_factory=list)
    ready: bool = False
    overdue: bool = False
    reader: threading.Thread | None = field(default=None, repr=False)

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin


class WorkerPool(Generic[Item, Result]):
    """Runs `function(item, *context)` for many items in worker processes.

    `function` is found by its module's name in the worker, so it's a module's own; items, context
    and results are pickled. Workers start as items come, end with the pool or its process, and
    leave Ctrl-C to the parent. Use from one thread.

    A message to a worker and back costs as much as a small picture: where items are quick, as many
    go in one message as take `_MESSAGE_SECONDS`. When a worker is lost over several, each of them
    is given again in a message of its own, so that what is lost is the one that did it.
    """

    def __init__(
        self,
        function: Callable[..., Result],
        context: tuple[Any, ...] = (),
        *,
        workers: int = 0,
        timeout: float = 60.0,
        memory_mb: int = 768,
    ) -> None:
        """`workers` 0: one a core; `timeout`: seconds an item; `memory_mb`: MiB a worker."""
        self._most = workers or cores()
        self._timeout = timeout
        self._hello = (function, context, timeout, memory_mb)
        self._workers: list[_Worker[Item]] = []
        self._messages: queue.SimpleQueue[tuple[_Worker[Item], tuple[Any, ...] | None]] = (
            queue.SimpleQueue()
        )
        self._failed_starts = 0
        self._at_once = 1

    def __enter__(self) -> WorkerPool[Item, Result]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the workers, whatever they are doing."""
        while self._workers:
            self._end(self._workers[-1])

    def kill(self) -> None:
        """Kill what the workers are doing, from any thread: those items come back as lost."""
        for worker in list(self._workers):
            worker.process.kill()

    def imap_unordered(
        self, items: Iterable[Item]
    ) -> Generator[tuple[Item, Result | Lost], None, None]:
        """Each item with its result, or with why there is none, as they are done.

        Items are taken only when a worker is free for them. Workers that are still busy when this
        is left in the middle are killed.

        Raises:
            WorkerError: worker processes don't start.
        """
        try:
            yield from self._run(iter(items))
        finally:
            for worker in [worker for worker in self._workers if worker.items]:
                self._end(worker)

    def _run(self, items: Iterator[Item]) -> Iterator[tuple[Item, Result | Lost]]:
        again: deque[Item] = deque()
        while True:
            self._occupy(items, again)
            if not any(worker.items for worker in self._workers):
                return
            for worker, outcomes in self._outcomes():
                given, worker.items = worker.items, []
                if not outcomes and len(given) > 1:
                    self._at_once = 1
                again += given[len(outcomes) :]
                self._occupy(items, again)  # before the caller does anything with what is ready
                yield from zip(given, outcomes, strict=False)

    def _occupy(self, items: Iterator[Item], again: deque[Item]) -> None:
        """Give every worker something to do, as long as there is something."""
        while len(self._workers) < self._most or any(not w.items for w in self._workers):
            some = [again.popleft()] if again else list(islice(items, self._at_once))
            if not some:
                return
            self._give(self._free(), some)

    def _free(self) -> _Worker[Item]:
        return next((worker for worker in self._workers if not worker.items), None) or self._start()

    def _start(self) -> _Worker[Item]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOTSTRAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # C libraries write there, over the screen
            env={**os.environ, **_ENVIRONMENT},
            start_new_session=True,  # Ctrl-C goes to the parent alone
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        worker: _Worker[Item] = _Worker(process, time.monotonic() + _STARTUP_SECONDS)
        worker.reader = threading.Thread(
            target=self._listen, args=(worker, process.stdout), name="worker-reader", daemon=True
        )
        worker.reader.start()
        self._workers.append(worker)
        self._tell(worker, sys.path)
        self._tell(worker, self._hello)
        return worker

    def _give(self, worker: _Worker[Item], items: list[Item]) -> None:
        worker.items, worker.overdue = items, False
        if worker.ready:
            worker.deadline = time.monotonic() + self._timeout
        self._tell(worker, items)

    def _tell(self, worker: _Worker[Item], message: object) -> None:
        # A worker that is gone is noticed by its listener; there is nothing to do about it here.
        with contextlib.suppress(BrokenPipeError):
            worker.stdin.write(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
            worker.stdin.flush()

    def _listen(self, worker: _Worker[Item], stream: IO[bytes]) -> None:
        try:
            while True:
                self._messages.put((worker, pickle.load(stream)))
        except Exception:  # the end of the stream, or rubble that a dying worker left in it
            self._messages.put((worker, None))

    def _outcomes(self) -> Iterator[tuple[_Worker[Item], list[Result | Lost]]]:
        """Wait for news: workers with the outcomes of their items, as far as they got."""
        now = time.monotonic()
        wait = min(worker.deadline for worker in self._workers if worker.items) - now
        with contextlib.suppress(queue.Empty):
            worker, message = self._messages.get(timeout=max(0.01, wait))
            if worker in self._workers:
                yield from self._understand(worker, message)
        now = time.monotonic()
        for worker in [w for w in self._workers if w.items and now > w.deadline]:
            if not worker.overdue:
                # The deadline also passes while we are stopped or paused ourselves: look once more
                # whether the result is there before the worker pays for it.
                worker.overdue, worker.deadline = True, now + _GRACE_SECONDS
                continue
            self._end(worker)
            if not worker.ready:
                self._count_failed_start("they don't answer")
                yield worker, []
            else:
                yield worker, self._blame(worker, _late(self._timeout))

    def _understand(
        self, worker: _Worker[Item], message: tuple[Any, ...] | None
    ) -> Iterator[tuple[_Worker[Item], list[Result | Lost]]]:
        match message:
            case ("ready",):
                worker.ready = True
                worker.deadline = time.monotonic() + self._timeout
                self._failed_starts = 0
            case ("done", outcomes, seconds):
                if any(isinstance(o, Lost) and o.kind == "memory" for o in outcomes):
                    self._end(worker)  # its heap is in pieces
                each = max(seconds / max(1, len(outcomes)), 1e-6)
                fitting = min(int(_MESSAGE_SECONDS / each), _MOST_ITEMS, 2 * self._at_once)
                self._at_once = max(1, fitting)
                yield worker, outcomes
            case ("broken", reason):
                self._end(worker)
                self._count_failed_start(reason)
                yield worker, []
            case _:
                code = self._end(worker)
                if not worker.ready:
                    self._count_failed_start(_ending(code))
                if worker.items:
                    loss = _loss(code, self._timeout)
                    yield worker, self._blame(worker, loss) if worker.ready else []

    def _blame(self, worker: _Worker[Item], loss: Lost) -> list[Result | Lost]:
        """What becomes of the items of a worker that was lost: of several nobody knows which."""
        return [loss] if len(worker.items) == 1 else []

    def _count_failed_start(self, reason: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= _STARTUP_TRIES:
            raise WorkerError(
                f"decoding processes don't start: {reason}", "run `twinsift doctor` for the setup"
            )

    def _end(self, worker: _Worker[Item]) -> int:
        """Kill a worker and return the exit code that it had, or has now."""
        self._workers.remove(worker)
        with contextlib.suppress(subprocess.TimeoutExpired):
            # One that has closed its stream is about to exit; its own code says more than ours.
            if worker.reader is not None and not worker.reader.is_alive():
                worker.process.wait(timeout=1.0)
        worker.process.kill()
        code = worker.process.wait()
        with contextlib.suppress(BrokenPipeError):
            worker.stdin.close()
        if worker.reader is not None:
            worker.reader.join()
        if worker.process.stdout is not None:
            worker.process.stdout.close()
        return code


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _late(timeout: float) -> Lost:
    return Lost("timeout", f"took longer than {timeout:g} s")


def _loss(code: int, timeout: float) -> Lost:
    if code == confinement.GLUT:
        return Lost("memory", "needs more memory than a worker may take")
    if hasattr(signal, "SIGALRM") and code == -signal.SIGALRM:
        return _late(timeout)
    return Lost("crash", f"the decoder crashed on it ({_ending(code)})")


def serve() -> None:
    """The worker's side: answer items until the parent closes our input, or is gone."""
    jobs = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # what C libraries print mustn't come between the answers

    def answer(*message: object) -> None:
        pickle.dump(message, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()

    try:
        function, context, timeout, memory_mb = pickle.load(jobs)
        confinement.confine(memory_mb)
    except BaseException as error:  # whatever it is, the parent must hear it
        answer("broken", f"{type(error).__name__}: {error}")
        return
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(jobs, inbox), daemon=True).start()
    answer("ready")
    while True:
        items = inbox.get()
        started = time.monotonic()
        outcomes: list[object] = []
        for item in items:
            confinement.alarm(timeout + 10.0)
            outcomes.append(_outcome(function, item, context, memory_mb))
            if isinstance(outcomes[-1], Lost) and outcomes[-1].kind == "memory":
                break  # the rest is for a worker whose heap is whole
        confinement.alarm(0.0)
        answer("done", outcomes, time.monotonic() - started)


def _outcome(
    function: Callable[..., object], item: object, context: tuple[Any, ...], memory_mb: int
) -> object:
    try:
        return function(item, *context)
    except MemoryError:
        return Lost("memory", f"needs more than the {memory_mb} MiB that a worker may take")
    except TwinsiftError as error:
        return Lost("error", str(error))
    except Exception as error:
        if "nsufficient memory" in str(error):  # OpenCV's own kind of MemoryError
            return Lost("memory", f"needs more than the {memory_mb} MiB of a worker")
        text = " ".join(str(error).split())[:160]
        return Lost("error", f"unexpected {type(error).__name__}: {text}")


def _receive(jobs: IO[bytes], inbox: queue.SimpleQueue[Any]) -> None:
    """Pass items on; the end of the stream ends the process, even in the middle of an item."""
    try:
        while True:
            inbox.put(pickle.load(jobs))
    except BaseException:
        os._exit(0)
