"""What matching costs: Hamming, cosine and word joins against exact peers, and judging a pair.

usage: .venv/bin/python scripts/bench_match.py [--quick] [--only PART]

CPU seconds of one thread; each row in a process of its own, so that its peak memory is its own.
faiss-cpu is compared with where it is installed; it is no dependency. What is extrapolated from a
slice says so.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from threadpoolctl import threadpool_limits
from twinsift.catalog import cosine, hamming, words
from twinsift.models.comparison import examine
from twinsift.models.extract import ExtractSpec, extract
from twinsift.models.keypoints import Keypoints
from twinsift.models.picture import Picture

from measuring import Table, cpu, peak_mb

Hashes = NDArray[np.uint64]
Row = tuple[str, int, float, str, object]
RADIUS = 10
LENGTH = 4096
MINIMUM = 0.9


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only: about a minute")
    parser.add_argument("--only", choices=_PARTS, help="this part alone")
    given = parser.parse_args()
    table = Table(("what", "n", "CPU s", "compared with", "found", "peak MB"))
    for name, (part, kinds, small, large) in _PARTS.items():
        if given.only in (None, name):
            for size in small if given.quick else (*small, *large):
                for kind in kinds:
                    _add(table, part, kind, size)
    table.print()


def _add(table: Table, part: Callable[[str, int], Row], kind: str, size: int) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        row, peak = child.submit(_alone, part, kind, size).result()
    table.add(*row, peak)


def _alone(part: Callable[[str, int], Row], kind: str, size: int) -> tuple[Row, float]:
    cv2.setNumThreads(1)
    with threadpool_limits(limits=1):
        return part(kind, size), peak_mb()


def _hamming(kind: str, n: int) -> Row:
    hashes = _hashes(kind, n)
    ours, found = _count(hamming.join_oriented(hashes[:, None], RADIUS))
    return f"Hamming <= {RADIUS}, {kind}", n, ours, _faiss(hashes, ours), found


def _oriented(kind: str, n: int) -> Row:
    """A picture in a hundred is the mirror image of another."""
    rng = np.random.default_rng(8)
    hashes = _hashes(kind, n)
    turned = np.column_stack([hashes, rng.integers(0, 2**64, (n, 7), dtype=np.uint64)])
    turned[rng.choice(n, n // 100, replace=False), 4] = rng.choice(hashes, n // 100)
    ours, found = _count(hamming.join_oriented(turned, RADIUS))
    return f"the same in 8 orientations, {kind}", n, ours, "", found


def _hashes(kind: str, n: int) -> Hashes:
    rng = np.random.default_rng(7)
    if kind == "uniform":
        return rng.integers(0, 2**64, n, dtype=np.uint64)
    hashes = _clustered(rng, n)
    if kind == "clustered, 5 % flat":
        hashes[rng.choice(n, n // 20, replace=False)] = 0x8000000000000000
    return hashes


def _clustered(rng: np.random.Generator, n: int) -> Hashes:
    """A third of the hashes lie up to 12 bits from another one."""
    hashes = rng.integers(0, 2**64, n, dtype=np.uint64)
    near = rng.choice(n, n // 3, replace=False)
    flips = np.zeros(len(near), np.uint64)
    for _ in range(12):
        flips |= np.uint64(1) << rng.integers(0, 64, len(near), dtype=np.uint64)
        flips[rng.random(len(near)) < 0.1] = 0
    hashes[near] = hashes[rng.integers(0, n, len(near))] ^ flips
    return hashes


def _count(parts: Iterator[hamming.Pairs] | Iterator[cosine.Scored]) -> tuple[float, int]:
    found = 0

    def take() -> None:
        nonlocal found
        found = sum(len(part[0]) for part in parts)

    return cpu(take), found


def _faiss(hashes: Hashes, ours: float) -> str:
    try:
        import faiss  # type: ignore[import-not-found]
    except ImportError:
        return "faiss-cpu isn't installed"
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(64)
    rows = hashes.view(np.uint8).reshape(-1, 8)
    index.add(rows)
    few = rows[:2000]
    theirs = cpu(lambda: index.range_search(few, RADIUS + 1)) * len(rows) / len(few)
    share = f"1 / {theirs / ours:.1f}"
    return f"faiss IndexBinaryFlat {theirs:.3g} (from {len(few):,} queries): {share}"


def _cosine(kind: str, n: int) -> Row:
    """All pairs among vectors in a file; the peer is the product of all blocks, each pair once."""
    rng = np.random.default_rng(9)
    with tempfile.TemporaryFile() as file:
        for part in _vectors(kind, n, rng):
            file.write(part)
        file.flush()
        vectors = np.memmap(file, np.float16, "r").reshape(n, LENGTH)
        few = min(n, 512)
        exact: set[tuple[int, int]] = set()
        left, theirs = vectors[:few].astype(np.float32), 0.0
        for start in range(0, n, 512):
            right = vectors[start : start + 512].astype(np.float32)  # at no cost to the peer

            def product(start: int = start, right: NDArray[np.float32] = right) -> None:
                i, j = np.divmod(np.flatnonzero(left @ right.T >= MINIMUM), len(right))
                exact.update(zip(i.tolist(), (j + start).tolist(), strict=True))

            theirs += cpu(product) * n / few / 2
        near: list[tuple[int, int]] = []
        count = 0

        def join() -> None:
            nonlocal count
            for i, j, _ in cosine.join(vectors, MINIMUM):
                count += len(i)
                some = i < few
                near.extend(zip(i[some].tolist(), j[some].tolist(), strict=True))

        ours = cpu(join)
    wanted = {(i, j) for i, j in exact if i < j}
    recall = len(wanted & set(near)) / max(1, len(wanted))
    beside = f"all blocks {theirs:.3g} (from {few} rows): 1 / {theirs / ours:.1f}"
    return f"cosine >= {MINIMUM}, {kind}", n, ours, beside, f"{count}, recall {recall:.4f}"


def _vectors(kind: str, n: int, rng: np.random.Generator) -> Iterator[bytes]:
    """Unit vectors, float16, a quarter of each 1,000 copies of others with cosines about 0.8 to 1.

    "ReLU": a layer of random weights over 256 hidden values with a spectrum like k^-0.5; three of
    four outputs are zero, two vectors have a cosine of 0.25, and 128 axes hold 72 % of them, as
    networks' outputs are. "spectrum": Gaussian with a spectrum like k^-0.6, both signs.
    """
    hidden = 256
    scale = np.arange(1, hidden + 1, dtype=np.float32) ** -0.5
    scale /= np.linalg.norm(scale)
    weights = rng.standard_normal((hidden, LENGTH), np.float32)
    bias = 0.5 * rng.standard_normal(LENGTH, np.float32) - 0.8
    spectrum = np.arange(1, LENGTH + 1, dtype=np.float32) ** -0.6
    for start in range(0, n, 1000):
        size = min(1000, n - start)
        if kind == "ReLU":
            rows = (rng.standard_normal((size, hidden), np.float32) * scale) @ weights
            rows = np.maximum(rows + bias, 0)
        else:
            rows = rng.standard_normal((size, LENGTH), np.float32) * spectrum
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        copies = size // 4
        noise = rng.standard_normal((copies, LENGTH), np.float32) / LENGTH**0.5
        rows[size - copies :] = rows[:copies] + noise * rng.uniform(0.05, 0.75, (copies, 1))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        yield rows.astype(np.float16).tobytes()


def _words(kind: str, n: int) -> Row:
    """The candidates of 512 pictures among n by visual words, as many words as a photograph has."""
    rng = np.random.default_rng(5)
    size, each = 1 << 16, 400
    # The commonest words are some hundred times as common as the rarest.
    own = [(size * rng.random(each) ** 1.6).astype(np.uint16) for _ in range(n)]
    if kind == "5 % alike":
        page = own[0]
        for i in rng.choice(n, n // 20, replace=False):
            own[i] = np.where(rng.random(each) < 0.9, page, own[i])
    few = min(n, 512)
    only = np.zeros(n, bool)
    only[rng.choice(n, few, replace=False)] = True
    found = 0

    def look_up() -> None:
        nonlocal found
        for _, near, _ in index.propose(own, neighbours=24, only=only):
            found += len(near)

    making = cpu(lambda: words.Index(own, size))
    index = words.Index(own, size)
    ours = cpu(look_up)
    whole = making + 2 * ours * n / few
    beside = f"{ours / few * 1e3:.2f} ms a picture; all, mirrored too: {whole:.3g} (from {few})"
    return f"visual words, {kind}", n, ours, beside, found


def _judging(kind: str, n: int) -> Row:
    rng = np.random.default_rng(3)
    pictures = [_photograph(rng) for _ in range(n)]
    originals = [_stored(p, 90) for p in pictures]
    copies = [
        _stored(ImageEnhance.Color(p.crop((8, 8, 632, 472))).enhance(1.3), 60) for p in pictures
    ]
    for p in (*originals, *copies):  # prepared once a picture, whatever the number of its pairs
        _ = p.grey, p.detail, p.even, p.keypoints.unit, p.keypoints.mirrored.unit
    others = copies if kind == "copy" else copies[1:] + copies[:1]
    spent = cpu(lambda: [examine(a, b) for a, b in zip(originals, others, strict=True)])
    return f"judging a {kind}", n, spent, f"{spent / n * 1e3:.1f} ms a pair", ""


def _photograph(rng: np.random.Generator) -> Image.Image:
    """Noise at several scales: as many keypoints as a photograph."""
    picture = np.zeros((480, 640, 3), np.float32)
    for cells in (4, 9, 20, 45, 100):
        grid = rng.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(grid, (640, 480), interpolation=cv2.INTER_CUBIC) / cells**0.5
    picture = (picture - picture.min()) / np.ptp(picture) * 255
    return Image.fromarray(picture.astype(np.uint8))


def _stored(picture: Image.Image, quality: int) -> Picture:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    features = extract(stream.getvalue(), ExtractSpec())
    hashes = np.frombuffer(dict(features.hashes)["phash"], ">u8").astype(np.uint64)
    return Picture(Keypoints.unpack(features.keypoints), hashes, features.preview)


_PARTS: dict[
    str, tuple[Callable[[str, int], Row], tuple[str, ...], tuple[int, ...], tuple[int, ...]]
] = {
    "hamming": (
        _hamming,
        ("uniform", "clustered", "clustered, 5 % flat"),
        (10_000, 100_000),
        (1_000_000,),
    ),
    "oriented": (_oriented, ("clustered",), (10_000, 100_000), (1_000_000,)),
    "cosine": (_cosine, ("ReLU",), (10_000,), (50_000, 200_000)),
    "spectrum": (_cosine, ("spectrum",), (10_000,), (50_000,)),
    "words": (_words, ("no two alike", "5 % alike"), (10_000,), (30_000,)),
    "judging": (_judging, ("copy", "stranger"), (20,), (100,)),
}
"""What is measured: of which kinds, at which sizes, and at which ones unless it's to be quick."""


if __name__ == "__main__":
    main()
