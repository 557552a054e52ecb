"""What indexing costs: CPU seconds beside the bare decode, a bare walk, and other programs.

    .venv/bin/python scripts/bench_index.py [--quick] [--pictures DIR] [--peer NAME=COMMAND]

The floor is a process that reads the same files and decodes each at the smallest scale, once alone
and twice at the same time. Start-up, the catalog and all worker processes are part of what
twinsift's rows say. `{folder}` in a peer's command stands for the folder of pictures.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import threading
from pathlib import Path

import cv2
import numpy as np

from measuring import Ran, Table, run

_DECODE = (
    "import cv2, sys, numpy, pathlib; cv2.setNumThreads(1)\n"
    "for p in sorted(pathlib.Path(sys.argv[1]).iterdir())[int(sys.argv[2])::int(sys.argv[3])]:\n"
    "    cv2.imdecode(numpy.frombuffer(p.read_bytes(), 'u1'), cv2.IMREAD_REDUCED_GRAYSCALE_8)"
)
_WALK = (
    "import os, sys\n"
    "stack = [sys.argv[1]]\n"
    "while stack:\n"
    "    with os.scandir(stack.pop()) as entries:\n"
    "        for e in entries:\n"
    "            if e.is_dir(follow_symlinks=False): stack.append(e.path)\n"
    "            else: e.stat(follow_symlinks=False)"
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few files only")
    parser.add_argument("--pictures", type=Path, help="measure on this folder too; flat, JPEGs")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    wanted = parser.parse_args()
    table = Table(("what", "files", "CPU s", "ms a file", "for the floor", "peak MB", "wall s"))
    with tempfile.TemporaryDirectory() as place:
        small, large = Path(place, "small"), Path(place, "large")
        _make_apart(small, 200 if wanted.quick else 2000, 500, 375)
        _make_apart(large, 8 if wanted.quick else 60, 4000, 3000)
        folders = [small, large, *([wanted.pictures] if wanted.pictures else [])]
        for folder in folders:
            _measure(table, folder, Path(place), wanted.peer)
        _walk(table, Path(place), 20_000 if wanted.quick else 200_000)
    table.print()


def _make_apart(folder: Path, *sizes: int) -> None:
    """Make pictures in another process: a command's peak counts what its parent held."""
    call = (
        "import sys; sys.path.insert(0, sys.argv[1]); import bench_index as b; b.make(sys.argv[2:])"
    )
    run([sys.executable, "-c", call, Path(__file__).parent, folder, *map(str, sizes)])


def make(words: list[str]) -> None:
    """Make the folder, with the number and the size of pictures that the words tell."""
    _make(Path(words[0]), *map(int, words[1:]))


def _make(folder: Path, count: int, wide: int, high: int) -> None:
    """JPEGs of noise at several scales, which are as large as photographs of their size."""
    folder.mkdir()
    rng = np.random.default_rng(2)
    layers = [
        cv2.resize(rng.uniform(-1, 1, (n, n, 3)).astype(np.float32), (wide, high), None, 0, 0, 2)
        for n in (3, 7, 15, 40, 90)
    ]
    for number in range(count):
        picture = np.full((high, wide, 3), 128, np.float32)
        for layer in layers:
            picture += rng.uniform(20, 60) * np.roll(layer, int(rng.integers(0, wide)), axis=1)
        picture = np.clip(picture, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 88])


def _measure(table: Table, folder: Path, place: Path, peers: list[str]) -> None:
    files = len(list(folder.iterdir()))
    name = f"{folder.name}: "
    bare = [sys.executable, "-c", _DECODE, folder]
    floor = run([*bare, "0", "1"])

    def row(what: str, ran: Ran) -> None:
        note = f"{ran.cpu / floor.cpu:.2f} x" if ran.status == 0 else f"failed ({ran.status})"
        each = ran.cpu / files * 1e3
        table.add(name + what, files, ran.cpu, each, note, ran.peak_mb, ran.wall)

    row("reduced decode alone", floor)
    two: list[Ran] = []
    halves = [threading.Thread(target=lambda k=k: two.append(run([*bare, k, "2"]))) for k in "01"]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    both = Ran(sum(r.cpu for r in two), max(r.peak_mb for r in two), max(r.wall for r in two), 0)
    row("the same by two processes", both)
    for kind, flags in (("hashes only", ["--no-descriptors"]), ("with keypoints", [])):
        catalog = place / f"{folder.name} {kind}.sqlite"
        base = [*_twinsift(), "--catalog", catalog]
        for workers in ("1", "2"):
            catalog.unlink(missing_ok=True)
            what = f"index, {kind}, {workers} worker" + "s" * (workers == "2")
            row(what, run([*base, "index", *flags, "--workers", workers, folder]))
        row(f"match, {kind}", run([*base, "match"]))
        row(f"index again, {kind}", run([*base, "index", *flags, folder]))
    for peer in peers:
        title, command = peer.split("=", 1)
        row(title, run([part.replace("{folder}", str(folder)) for part in shlex.split(command)]))


def _walk(table: Table, place: Path, count: int) -> None:
    """An index of many files of which none has changed, beside a walk that only asks for them."""
    top = place / "many"
    for number in range(count):
        folder = top / f"{number // 500:04d}"
        if number % 500 == 0:
            folder.mkdir(parents=True)
        (folder / f"{number:06d}.txt").write_bytes(b"x")
    base = [*_twinsift(), "--catalog", place / "many.sqlite", "index"]
    run([*base, top])
    floor = run([sys.executable, "-c", _WALK, top])
    again = run([*base, top])
    empty = place / "empty"
    empty.mkdir()
    start = run([*_twinsift(), "--catalog", place / "empty.sqlite", "index", empty])
    each = 1e3 / count
    table.add("walk: bare", count, floor.cpu, floor.cpu * each, "1.00 x", floor.peak_mb, floor.wall)
    for what, ran in (("index again, all unchanged", again), ("start-up alone", start)):
        ratio = f"{ran.cpu / floor.cpu:.2f} x"
        table.add(f"walk: {what}", count, ran.cpu, ran.cpu * each, ratio, ran.peak_mb, ran.wall)


def _twinsift() -> list[str]:
    return [str(Path(sys.executable).with_name("twinsift"))]


if __name__ == "__main__":
    main()
