"""How fast the groups list answers: first paint, and key to cell, at 100 and at 100,000 groups.

    .venv/bin/python scripts/bench_screens.py [--groups 100000] [--keys 200] [--starts 5]

The program runs in a pseudo-terminal over catalogs made by INSERTs. First paint is the
time from starting the program until the first row of the list is there; its bar is twice that at
100 groups. Key to cell is the time from sending a key until the bytes come that draw what it
changed, while pictures are being indexed in the background; its bar is 50 ms at the 95th
percentile. Times are of the clock. On a machine that is busy with other things they tell little:
there look at the ratio, and at the times without the waiting for a processor, which Linux counts.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import io
import os
import pty
import random
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
from PIL import Image
from twinsift.catalog.database import Catalog
from twinsift.catalog.listing import note_first
from twinsift.models.evidence import Evidence, Verdict

# Matching is put off: these groups are made up, and it would form others.
PROGRAM = (
    "import sys; from twinsift.tui import cli, work; work._FIRST_MATCH_SECONDS = 1e9;"
    " sys.exit(cli.main())"
)
PATIENCE = 120.0  # seconds
_REST = 0.7  # seconds without a row, after which the key before is taken to be done with
_DIFFERENT = 200  # pictures
CURSOR = "›".encode()
KEYS = {
    "j": b"j", "k": b"k", "Ctrl-d": b"\x04", "Ctrl-u": b"\x15", "G": b"G", "g": b"g",
    "Space": b" ", "s": b"s", "t": b"t", "letter": b"7",
}  # fmt: skip
"""Each redraws the row under the cursor, whose mark is looked for: progress alone never has it."""
_BEFORE = {"j": b"gj", "k": b"j", "letter": b"/"}  # so that the cursor can move, or a filter begins
_AFTER = {"letter": b"\x03"}  # the filter is dropped
_EVIDENCE = Evidence(hamming=2, inliers=120, ssim=0.95, method="keypoints").to_json()


def make_catalog(path: Path, groups: int) -> None:
    """A catalog with so many groups of two to four files that are nowhere."""
    rng = random.Random(1)
    verdicts = [str(verdict) for verdict in Verdict if verdict.is_duplicate][1:]
    contents, files, formed, members, pairs = [], [], [], [], []
    for number in range(groups):
        first = len(contents) + 1
        group_id, verdict = "", verdicts[number % len(verdicts)]
        for place in range(rng.choice((2, 2, 2, 3, 4))):
            content_id = len(contents) + 1
            digest = hashlib.blake2b(b"%d" % content_id, digest_size=32).digest()
            size = rng.randrange(10_000, 8_000_000)
            contents.append((content_id, digest, size))
            name = b"%04d/folder %d/IMG_%06d.jpg" % (number // 500, place, content_id)
            files.append((content_id, name, size, content_id, content_id))
            if place:
                pairs.append((first, content_id, verdict, _EVIDENCE))
            else:
                group_id = digest.hex()[:16]
            members.append((group_id, content_id))
        formed.append((group_id, verdict, first))
    with Catalog.open(path) as catalog:
        with catalog.transaction() as db:
            db.execute(
                "INSERT INTO root (id, path, role, added_at, scanned_at)"
                " VALUES (1, X'2F6E6F7768657265', 'normal', 0, 0)"
            )
            db.executemany(
                "INSERT INTO content (id, digest, size, format, width, height)"
                " VALUES (?, ?, ?, 'JPEG', 4000, 3000)",
                contents,
            )
            db.executemany(
                "INSERT INTO file (id, root_id, path, size, mtime_ns, device, inode, content_id)"
                " VALUES (?, 1, ?, ?, 0, 1, ?, ?)",
                files,
            )
            db.executemany(
                "INSERT INTO duplicate_group (id, kind, verdict, similarity, representative_id)"
                " VALUES (?, 'duplicate', ?, 0.9, ?)",
                formed,
            )
            db.executemany(
                "INSERT INTO group_member (method, kind, group_id, content_id)"
                " VALUES ('evidence', 'duplicate', ?, ?)",
                members,
            )
            db.executemany(
                "INSERT INTO pair (a_id, b_id, verdict, similarity, evidence)"
                " VALUES (?, ?, ?, 0.9, ?)",
                pairs,
            )
        note_first(catalog)


def make_pictures(folder: Path, number: int) -> None:
    """Pictures to be indexed meanwhile: some of coarse noise, again and again as other files."""
    folder.mkdir()
    for seed in range(min(number, _DIFFERENT)):
        rng = np.random.default_rng(seed)
        coarse = rng.integers(0, 255, (12, 16, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((1024, 768), Image.Resampling.BICUBIC)
        drawn = io.BytesIO()
        picture.save(drawn, "JPEG", quality=80)
        for again in range(seed, number, _DIFFERENT):  # what follows a picture's end isn't drawn
            (folder / f"{again:05}.jpg").write_bytes(drawn.getvalue() + b"%d" % again)


class Program:
    """The program in a pseudo-terminal of 80 by 24, which answers what terminals are asked."""

    def __init__(self, *words: str) -> None:
        self.started = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(sys.executable, [sys.executable, "-c", PROGRAM, *words])
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def send(self, keys: bytes) -> None:
        """Type."""
        os.write(self._terminal, keys)

    def read(self, seconds: float) -> Iterator[bytes]:
        """What comes, in pieces, until nothing came for so long."""
        while select.select([self._terminal], [], [], seconds)[0]:
            try:
                piece = os.read(self._terminal, 65536)
            except OSError:
                return
            if b"\x1b[c" in piece:
                os.write(self._terminal, b"\x1b[?62c")
            yield piece

    def wait(self, text: bytes) -> float:
        """Seconds from now until the text comes."""
        began, seen = time.perf_counter(), b""
        for piece in self.read(PATIENCE):
            seen = seen[-200:] + piece
            if text in seen:
                return time.perf_counter() - began
        raise TimeoutError(f"{text!r} did not come (is the indexing over?); last: {seen!r}")

    def quiet(self) -> None:
        """Let pass what is still on its way: until no row was drawn for a while."""
        rest = time.perf_counter() + _REST
        while time.perf_counter() < rest:
            for piece in self.read(0.1):
                if CURSOR in piece:
                    rest = time.perf_counter() + _REST
                if time.perf_counter() > rest:
                    return

    def waited(self) -> float:
        """Seconds for which its main thread was ready and no processor was free, since it began."""
        try:
            return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[1]) / 1e9
        except OSError:
            return 0.0

    def indexes(self) -> bool:
        """Whether worker processes of its are there (always so where there is no /proc)."""
        lists = list(Path(f"/proc/{self.pid}/task").glob("*/children"))
        return not lists or any(children.read_text() for children in lists)

    def end(self) -> None:
        """Kill it; the catalog is thrown away."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


def first_paint(catalog: Path) -> float:
    """Seconds until the first row is there."""
    program = Program("review", "--catalog", str(catalog), "--pictures", "none")
    try:
        program.wait(CURSOR)
        return time.perf_counter() - program.started
    finally:
        program.end()


@dataclass(frozen=True, slots=True)
class Press:
    """One key: seconds until its row came, and how many of them no processor was free."""

    seconds: float
    waited: float

    @property
    def own(self) -> float:
        """Seconds without that waiting."""
        return max(0.0, self.seconds - self.waited)


def key_times(catalog: Path, groups: int, pictures: Path, presses: int) -> dict[str, list[Press]]:
    """What each key took, as long as pictures are being indexed."""
    program = Program("--catalog", str(catalog), "--pictures", "none", str(pictures))
    times: dict[str, list[Press]] = {name: [] for name in KEYS}
    try:
        program.wait(CURSOR)
        program.wait(f" {groups:,} groups".encode())  # the rest of the list is read
        time.sleep(3.0)  # the indexer's processes are up
        rng = random.Random(2)
        program.quiet()
        program.send(b"20j")
        program.wait(CURSOR)
        for number in range(presses):
            name = list(KEYS)[number % len(KEYS)]
            program.quiet()
            if not program.indexes():
                print(f"the indexing was over after {number} keys: more --pictures are needed")
                break
            time.sleep(rng.random() * 0.05)
            if name in _BEFORE:
                program.send(_BEFORE[name])
                program.quiet()
            before = program.waited()
            program.send(KEYS[name])
            seconds = program.wait(CURSOR)
            times[name].append(Press(seconds, program.waited() - before))
            if name in _AFTER:
                program.send(_AFTER[name])
    finally:
        program.end()
    return times


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share of the values doesn't exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=180)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=10_000, help="indexed meanwhile")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["HOME"] = scratch
        few, many = Path(scratch) / "few.sqlite", Path(scratch) / "many.sqlite"
        make_catalog(few, 100)
        make_catalog(many, arguments.groups)
        pictures = Path(scratch) / "pictures"
        make_pictures(pictures, arguments.pictures)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        paints: list[tuple[float, float]] = []
        for _ in range(arguments.starts):  # in turn, so that both meet the same neighbours
            paints.append((first_paint(few), first_paint(many)))
        short, long = (statistics.median(times) for times in zip(*paints, strict=True))
        print(f"first paint, 100 groups        {short:6.2f} s (median of {len(paints)})")
        print(f"first paint, {arguments.groups:,} groups    {long:6.2f} s")
        print(f"ratio                          {long / short:6.2f}   (bar: 2)")
        times = key_times(many, arguments.groups, pictures, arguments.keys)
        for name, values in [*times.items(), ("all", [v for many in times.values() for v in many])]:
            told = [
                f"{1000 * percentile([of(value) for value in values], share):6.1f}"
                for of in (attrgetter("seconds"), attrgetter("own"))
                for share in (0.5, 0.95)
            ]
            print(
                f"key {name:<7} median {told[0]} ms, p95 {told[1]} ms"
                f"   without waiting for a processor {told[2]}, {told[3]}  ({len(values)})"
            )
        print("                         bar: p95 50 ms")


if __name__ == "__main__":
    main()
