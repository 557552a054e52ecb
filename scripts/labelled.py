"""A labelled set on disk: pictures in one folder, and ground_truth.csv saying what each shows."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

TRUTH = "ground_truth.csv"
IMAGES = "images"
ORIGINAL = "original"
_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".heic", ".avif"}


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of a labelled set.

    Two files whose `group` differs show different pictures, unless one names the other's group in
    `also_group` (several are parted by spaces). `tier`: 0 the original or its bytes, 1 must be
    found, 2 should be found, 3 hard; 'negative' in a set where no two pictures are copies.
    """

    file: str
    group: str
    transform: str
    family: str
    tier: str
    also_group: str = ""

    @property
    def groups(self) -> frozenset[str]:
        """All groups that the picture belongs to."""
        return frozenset({self.group, *self.also_group.replace(";", " ").split()})


def write_truth(folder: Path, rows: Iterable[Row]) -> None:
    """Write the labels of a set into its folder, in the order of the file names."""
    names = [field.name for field in fields(Row)]
    with open(folder / TRUTH, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(names)
        for row in sorted(rows, key=lambda row: row.file):
            writer.writerow([getattr(row, name) for name in names])


def read_truth(folder: Path) -> dict[str, Row]:
    """The labels of a set by file name; columns of other tools are passed over.

    Raises:
        ValueError: the folder has no labels, or they lack a column; one line that says so.
    """
    path = folder / TRUTH
    if not path.is_file():
        raise ValueError(f"{folder}: no {TRUTH} in it; make a set with scripts/make_copies.py")
    names = [field.name for field in fields(Row)]
    with open(path, newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle)
        missing = set(names) - set(reader.fieldnames or ()) - {"also_group"}
        if missing:
            raise ValueError(f"{path}: no column {', '.join(sorted(missing))}")
        rows = [Row(**{name: record.get(name) or "" for name in names}) for record in reader]
    return {row.file: row for row in rows}


def images_of(folder: Path) -> Path:
    """Where a set's pictures are: its subfolder 'images', or the folder itself."""
    return folder / IMAGES if (folder / IMAGES).is_dir() else folder


def new_set(folder: Path) -> Path:
    """Make the folders of a new set and answer where its pictures go.

    Raises:
        ValueError: there is something in the folder already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: not empty; name a folder that is yet to be made")
    images = folder / IMAGES
    images.mkdir(parents=True)
    return images


def photographs(folder: Path) -> list[Path]:
    """The pictures below a folder in the order of their paths, the same bytes only once.

    Of a labelled set its originals alone.

    Raises:
        ValueError: its labels can't be read; one line that says so.
    """
    paths = sorted(folder.rglob("*"))
    if (folder / TRUTH).is_file():
        originals = [row.file for row in read_truth(folder).values() if row.transform == ORIGINAL]
        paths = sorted(images_of(folder) / name for name in originals)
    found: dict[str, Path] = {}
    for path in paths:
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            found.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    return list(found.values())


def load(path: Path, side: int) -> Image.Image:
    """A picture upright, in RGB, its longest side at most `side` pixels."""
    with Image.open(path) as opened:
        opened.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    upright.thumbnail((side, side), Image.Resampling.LANCZOS)
    return upright


def generator(*names: object) -> np.random.Generator:
    """Random numbers that hang on these names alone, the same on every machine."""
    text = "\0".join(str(name) for name in names)
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


@dataclass(frozen=True, slots=True)
class Seeds:
    """Random numbers and file names by what they are for; another seed gives others throughout."""

    seed: str = ""

    def __call__(self, *names: object) -> np.random.Generator:
        """Random numbers that hang on the seed and these names alone."""
        return generator(*self._with(names))

    def name(self, *names: object) -> str:
        """A file's name, without suffix, that tells nothing of what it is."""
        return neutral_name(*self._with(names))

    def _with(self, names: tuple[object, ...]) -> tuple[object, ...]:
        return (self.seed, *names) if self.seed else names


def neutral_name(*names: object) -> str:
    """A file's name, without suffix, that tells nothing of what it is."""
    text = "\0".join(str(name) for name in names)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def pick(rng: np.random.Generator, values: Sequence[str]) -> str:
    """One of the values."""
    return values[int(rng.integers(len(values)))]
