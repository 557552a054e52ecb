"""What indexing costs: CPU seconds beside the bare decode, a bare walk, and other programs.

    .venv/bin/python scripts/bench_index.py [--quick] [--only small,large,walk,whole]
                                            [--size N] [--pictures DIR] [--peer NAME=COMMAND]

small: 2,000 JPEGs of 500 x 375. large: 60 of 12 megapixels. walk: 200,000 tiny files of which none
has changed. whole: index and match, keypoints and all, of N generated pictures and of a quarter of
them, and what that makes for 100,000.

The floors are processes that read the same files and decode each at the smallest scale (hashes),
or decode each at the working size and run SIFT (keypoints), once alone and twice at the same time.
Start-up, the catalog and all worker processes are part of what twinsift's rows say. `{folder}` in
a peer's command stands for the folder of pictures.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import threading
from pathlib import Path

import cv2
import numpy as np

from measuring import Ran, Table, run

_PARTS = ("small", "large", "walk", "whole")
_LOOP = (
    "import cv2, sys, numpy, pathlib; cv2.setNumThreads(1)\n"
    "for p in sorted(pathlib.Path(sys.argv[1]).iterdir())[int(sys.argv[2])::int(sys.argv[3])]:\n"
    "    data = numpy.frombuffer(p.read_bytes(), 'u1')\n"
)
_DECODE = _LOOP + "    cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_8)"
_SIFT = (
    _LOOP
    + "    whole = cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_4 if len(data) > 1e6 else 1)\n"
    + "    scale = 512 / max(whole.shape)\n"
    + "    grey = cv2.cvtColor(cv2.resize(whole, None, None, scale, scale, 3), 6)\n"
    + "    cv2.SIFT.create(nfeatures=500, contrastThreshold=0.02).detectAndCompute(grey, None)"
)
_KINDS = (
    ("hashes only", _DECODE, ["--no-descriptors"]),
    ("with keypoints", _SIFT, []),
)
_MOST_WITH_KEYPOINTS = 500  # more of them take minutes and say the same
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
    parser.add_argument("--only", default=",".join(_PARTS), help="parts, joined by commas")
    parser.add_argument("--size", type=int, default=0, metavar="N", help="pictures of `whole`")
    parser.add_argument("--pictures", type=Path, help="measure on this folder too; flat, JPEGs")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    wanted = parser.parse_args()
    parts = wanted.only.split(",")
    table = Table(("what", "files", "CPU s", "ms a file", "for the floor", "peak MB", "wall s"))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        _compile(place)
        folders = []
        for part, count, wide, high in (
            ("small", 200 if wanted.quick else 2000, 500, 375),
            ("large", 8 if wanted.quick else 60, 4000, 3000),
        ):
            if part in parts:
                _make_apart(place / part, count, wide, high)
                folders.append(place / part)
        for folder in [*folders, *([wanted.pictures] if wanted.pictures else [])]:
            _measure(table, folder, place, wanted.peer)
        if "walk" in parts:
            _walk(table, place, 20_000 if wanted.quick else 200_000)
        if "whole" in parts:
            _whole(table, place, wanted.size or (200 if wanted.quick else 1000))
    table.print()


def _compile(place: Path) -> None:
    """Have byte code at hand, as an installed program has: it would be made at each start else."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(place / "bytecode")
    _make_apart(place / "one", 2, 500, 375, 1)
    base = [*_twinsift(), "--catalog", place / "one.sqlite"]
    run([*base, "index", "--model=none", place / "one"])
    run([*base, "match"])


def _make_apart(folder: Path, *sizes: int) -> None:
    """Make pictures in another process: a command's peak counts what its parent held."""
    call = (
        "import sys; sys.path.insert(0, sys.argv[1]); import bench_index as b; b.make(sys.argv[2:])"
    )
    run([sys.executable, "-c", call, Path(__file__).parent, folder, *map(str, sizes)])


def make(words: list[str]) -> None:
    """Make the folder, with the number and the size of pictures that the words tell."""
    _make(Path(words[0]), *map(int, words[1:]))


def _make(folder: Path, count: int, wide: int, high: int, copies: int = 0) -> None:
    """JPEGs of noise at several scales and of grain: as large as photographs of their size.

    None is like another, but for `copies` of them: the one before, smaller, cut and coded anew.
    """
    folder.mkdir()
    rng = np.random.default_rng(2)
    size = (wide, high)
    grain = rng.normal(0.0, 6.0, (high, wide, 1)).astype(np.float32)
    before = np.zeros((high, wide, 3), np.uint8)
    of_copies = set(np.linspace(1, count - 1, copies, dtype=int).tolist()) if copies else set()
    for number in range(count):
        name = str(folder / f"{number:06d}.jpg")
        if number in of_copies:
            cut = before[high // 20 : -high // 25, wide // 30 : -wide // 20]
            smaller = cv2.resize(cut, None, None, 0.8, 0.8, cv2.INTER_AREA)
            cv2.imwrite(name, smaller, [cv2.IMWRITE_JPEG_QUALITY, 75])
            continue
        picture = np.roll(grain, int(rng.integers(0, wide)), axis=1) + 128
        for cells in (3, 7, 15, 40, 90):
            grid = rng.uniform(-1, 1, (cells, cells, 3)).astype(np.float32) * rng.uniform(20, 60)
            picture = picture + cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
        before = np.clip(picture, 0, 255).astype(np.uint8)
        cv2.imwrite(name, before, [cv2.IMWRITE_JPEG_QUALITY, 88])


def _measure(table: Table, folder: Path, place: Path, peers: list[str]) -> None:
    files = len(list(folder.iterdir()))
    name = f"{folder.name}: "

    def row(what: str, ran: Ran, floor: Ran) -> None:
        note = f"{ran.cpu / floor.cpu:.2f} x" if ran.status == 0 else f"failed ({ran.status})"
        each = ran.cpu / files * 1e3
        table.add(name + what, files, ran.cpu, each, note, ran.peak_mb, ran.wall)

    decode = None
    for kind, bare, flags in _KINDS[: 1 if files > _MOST_WITH_KEYPOINTS else 2]:
        command = [sys.executable, "-c", bare, folder]
        floor = run([*command, "0", "1"])
        decode = decode or floor
        row(f"floor of {kind}", floor, floor)
        both = _at_once(command)
        row("the same by two processes", both, floor)
        catalog = place / f"{folder.name} {kind}.sqlite"
        base = [*_twinsift(), "--catalog", catalog]
        took: list[float] = []
        for workers in ("1", "2"):
            catalog.unlink(missing_ok=True)
            index = run([*base, "index", *flags, "--model=none", "--workers", workers, folder])
            took.append(index.wall)
            row(f"index, {kind}, {workers} worker" + "s" * (workers == "2"), index, floor)
        speed_up = took[0] / took[1] / (floor.wall / both.wall)
        table.add(f"{name}speed-up by the second", files, "", "", f"{speed_up:.2f} of bare", "", "")
        row(f"match, {kind}", run([*base, "match"]), floor)
        row(f"index again, {kind}", run([*base, "index", *flags, "--model=none", folder]), floor)
        row(f"match again, {kind}", run([*base, "match"]), floor)
    for peer in peers:
        title, command = peer.split("=", 1)
        words = [part.replace("{folder}", str(folder)) for part in shlex.split(command)]
        row(title, run(words), decode or Ran(1.0, 0.0, 0.0, 0))


def _at_once(command: list[str | Path]) -> Ran:
    """The command over each half of the files, both at the same time."""
    ran: list[Ran] = []
    halves = [
        threading.Thread(target=lambda k=k: ran.append(run([*command, k, "2"]))) for k in "01"
    ]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    status = max(one.status for one in ran)
    peak, wall = max(one.peak_mb for one in ran), max(one.wall for one in ran)
    return Ran(sum(one.cpu for one in ran), peak, wall, status)


def _walk(table: Table, place: Path, count: int) -> None:
    """An index of many files of which none has changed, beside a walk that only asks for them."""
    if hasattr(os, "statvfs") and os.statvfs(place).f_favail < 2 * count:
        print("walk: passed over, the file system is short of inodes", file=sys.stderr)
        return
    top = place / "many"
    for number in range(count):
        folder = top / f"{number // 500:04d}"
        if number % 500 == 0:
            folder.mkdir(parents=True)
        (folder / f"{number:06d}.txt").write_bytes(b"x")
    base = [*_twinsift(), "--catalog", place / "many.sqlite", "index", "--model=none"]
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


def _whole(table: Table, place: Path, size: int) -> None:
    """Index and match of pictures of which a tenth are copies, and how that grows."""
    spent: list[tuple[int, float]] = []
    for count in (max(10, size // 4), size):
        folder = place / f"whole{count}"
        _make_apart(folder, count, 640, 480, count // 10)
        base = [*_twinsift(), "--catalog", place / f"whole{count}.sqlite"]
        steps = [run([*base, "index", "--model=none", folder]), run([*base, "match"])]
        for what, ran in zip(("index", "match"), steps, strict=True):
            note = f"{ran.cpu / 60:.1f} min" if ran.status == 0 else f"failed ({ran.status})"
            each = ran.cpu / count * 1e3
            table.add(f"whole: {what}", count, ran.cpu, each, note, ran.peak_mb, ran.wall)
        spent.append((count, sum(ran.cpu for ran in steps)))
    (few, less), (many, more) = spent
    power = np.log(more / less) / np.log(many / few)
    guess = more * (100_000 / many) ** power
    table.add("whole: extrapolated", 100_000, guess, guess / 100, f"~ N^{power:.2f}", "", "")


def _twinsift() -> list[str]:
    return [str(Path(sys.executable).with_name("twinsift"))]


if __name__ == "__main__":
    main()
