"""What the benchmarks share: CPU seconds of calls and of commands, and one table at the end."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

_A_MB = 1 << 20 if sys.platform == "darwin" else 1 << 10  # of ru_maxrss


def cpu(call: Callable[[], object]) -> float:
    """CPU seconds of a call in this process, all its threads included."""
    start = time.process_time()
    call()
    return time.process_time() - start


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command took: CPU seconds with its children, and the largest process's memory."""

    cpu: float
    peak_mb: float
    wall: float
    status: int


def run(command: Sequence[str | Path], **environment: str) -> Ran:
    """Run a command to its end, its output thrown away."""
    start = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / _A_MB,
        time.monotonic() - start,
        process.returncode,
    )


def peak_mb() -> float:
    """The most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _A_MB


def pins() -> list[str]:
    """The variables in the environment that hold the arithmetic back, as NAME=VALUE."""
    return [f"{name}={os.environ[name]}" for name in _PINS if name in os.environ]


@dataclass(slots=True)
class Table:
    """Rows that are aligned when they are printed."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """Add a row, and show it at once on standard error; floats get three significant digits."""
        row = tuple(f"{c:.3g}" if isinstance(c, float) else str(c) for c in cells)
        self.rows.append(row)
        print(" | ".join(row), file=sys.stderr, flush=True)

    def print(self) -> None:
        """Print all rows, and what in the environment holds the arithmetic back."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.columns))]
        for line in lines:
            print("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip())
        print(f"{os.cpu_count()} cores; {', '.join(pins()) or 'no BLAS or thread count is pinned'}")
