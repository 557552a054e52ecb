"""What matching costs: Hamming and cosine joins against exact peers, and judging a pair.

usage: .venv/bin/python scripts/bench_match.py [--quick]

CPU seconds of one thread. faiss-cpu is compared with where it is installed; it is no dependency.
What is extrapolated says so.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from threadpoolctl import threadpool_limits
from twinsift.catalog import cosine, hamming
from twinsift.models.comparison import Picture, examine
from twinsift.models.extract import extract
from twinsift.models.features import ExtractSpec
from twinsift.models.keypoints import Keypoints

from measuring import Table, cpu, peak_mb

Hashes = NDArray[np.uint64]
RADIUS = 10


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only: under a minute")
    quick = parser.parse_args().quick
    cv2.setNumThreads(1)
    table = Table(("what", "n", "CPU s", "compared with", "found", "peak MB"))
    with threadpool_limits(limits=1):
        _hamming(table, [10_000, 100_000] if quick else [10_000, 100_000, 1_000_000])
        _cosine(table, 8_000 if quick else 50_000)
        _judging(table, 20 if quick else 100)
    table.print()


def _hamming(table: Table, sizes: list[int]) -> None:
    rng = np.random.default_rng(7)
    for n in sizes:
        uniform = rng.integers(0, 2**64, n, dtype=np.uint64)
        clustered = _clustered(rng, n)
        flat = clustered.copy()
        flat[rng.choice(n, n // 20, replace=False)] = 0x8000000000000000
        for name, hashes in (("uniform", uniform), ("clustered", clustered)):
            ours, found = _count(hamming.join(hashes, hashes, RADIUS))
            beside = _faiss(hashes, ours) if name == "uniform" and n <= 200_000 else ""
            table.add(f"Hamming <= {RADIUS}, {name}", n, ours, beside, found, peak_mb())
        plain = 0.0
        for name, hashes in (("clustered", clustered), ("5 % flat", flat)):
            turned = np.stack([hashes, *(rng.permutation(hashes) for _ in range(7))], axis=1)
            ours, found = _count(hamming.join_oriented(turned, RADIUS))
            beside = f"{ours / plain:.2f} x without" if plain else ""
            plain = plain or ours
            table.add(f"the same, 8 orientations, {name}", n, ours, beside, found, peak_mb())


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
    few = rows[: max(1000, len(rows) // 20)]
    theirs = cpu(lambda: index.range_search(few, RADIUS + 1)) * len(rows) / len(few)
    return f"faiss IndexBinaryFlat {theirs:.3g} (extrapolated): {ours / theirs:.2f} x"


def _cosine(table: Table, n: int) -> None:
    """Vectors with a spectrum like a network's, some planted copies among them."""
    rng = np.random.default_rng(9)
    length = 4096
    spectrum = (np.arange(1, length + 1) ** -0.6).astype(np.float32)
    vectors = np.empty((n, length), np.float16)
    for start in range(0, n, 1000):
        part = rng.standard_normal((min(1000, n - start), length), np.float32) * spectrum
        vectors[start : start + 1000] = part / np.linalg.norm(part, axis=1, keepdims=True)
    for i in rng.choice(np.arange(1, n), n // 50, replace=False):
        copy = vectors[i - 1].astype(np.float32)
        copy += 0.3 * np.linalg.norm(copy) * rng.standard_normal(length, np.float32) / length**0.5
        vectors[i] = copy / np.linalg.norm(copy)
    ours, found = _count(cosine.join(vectors, 0.9))
    few = min(n, 2048)

    def exact() -> int:
        left = vectors[:few].astype(np.float32)
        return sum(
            int((left @ vectors[k : k + 512].astype(np.float32).T >= 0.9).sum())
            for k in range(0, n, 512)
        )

    theirs = cpu(exact) * n / few / 2
    beside = f"all blocks {theirs:.3g} (extrapolated): 1 / {theirs / ours:.0f}"
    table.add("cosine >= 0.9, 4,096 values", n, ours, beside, found, peak_mb())


def _judging(table: Table, n: int) -> None:
    rng = np.random.default_rng(3)
    pictures = [_photograph(rng) for _ in range(n)]
    originals = [_stored(p, 90) for p in pictures]
    copies = [
        _stored(ImageEnhance.Color(p.crop((8, 8, 632, 472))).enhance(1.3), 60) for p in pictures
    ]
    for p in (*originals, *copies):  # prepared once a picture, whatever the number of its pairs
        _ = p.grey, p.detail, p.even, p.keypoints.unit, p.keypoints.mirrored.unit
    pairs = {
        "judging a copy": list(zip(originals, copies, strict=True)),
        "judging a stranger": [(originals[k], copies[k - 1]) for k in range(n)],
    }
    for name, some in pairs.items():
        spent = cpu(lambda some=some: [examine(a, b) for a, b in some])
        table.add(name, n, spent, f"{spent / n * 1e3:.1f} ms a pair", "", peak_mb())


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


if __name__ == "__main__":
    main()
