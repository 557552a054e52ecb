"""Other ways to find copies, to stand beside twinsift: hashes by other packages, cosine alone."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

REACH = 10
"""Hamming distance of 64 bits up to which a hash calls two pictures copies."""
PACKAGES = ("imagehash", "imagededup")
_ROWS = 512
_NAMES = (
    "torch",
    "torch.nn",
    "torch.utils",
    "torch.utils.data",
    "torchvision",
    "torchvision.models",
    "torchvision.models.vision_transformer",
    "torchvision.transforms",
)

Pair = tuple[str, str]
Hashes = NDArray[np.uint64]


class UnavailableError(Exception):
    """A package that was asked for can't be used here; says why and what to do."""


def found_by(package: str, folder: Path, names: Sequence[str]) -> dict[str, set[Pair]]:
    """The pairs of file names that a package's pHash and dHash call copies, by method.

    Raises:
        UnavailableError: the package can't be imported.
    """
    encoders = _imagehash() if package == "imagehash" else _imagededup()
    found = {}
    for method, encode in encoders.items():
        kept, values = [], []
        for name in names:
            value = encode(folder / name)
            if value is not None:
                kept.append(name)
                values.append(value)
        found[f"{package} {method}"] = within(kept, np.array(values, np.uint64), REACH)
    return found


def within(names: Sequence[str], hashes: Hashes, reach: int) -> set[Pair]:
    """All pairs of names, in order, whose hashes differ in at most `reach` bits."""
    return _joined(
        names, lambda part: np.bitwise_count(hashes[part][:, None] ^ hashes[None, :]) <= reach
    )


def alike(names: Sequence[str], vectors: NDArray[np.float32], minimum: float) -> set[Pair]:
    """All pairs of names, in order, whose unit vectors' cosine is at least `minimum`."""
    return _joined(names, lambda part: vectors[part] @ vectors.T >= minimum)


def _joined(names: Sequence[str], near: Callable[[slice], NDArray[np.bool_]]) -> set[Pair]:
    """The pairs that `near` tells of for a block of rows at a time, each against all."""
    pairs: set[Pair] = set()
    for start in range(0, len(names), _ROWS):
        for i, j in np.argwhere(near(slice(start, start + _ROWS))).tolist():
            if start + i < j:
                pairs.add(ordered(names[start + i], names[j]))
    return pairs


def ordered(a: str, b: str) -> Pair:
    """The pair with its lower name first."""
    return (a, b) if a < b else (b, a)


def _imagehash() -> dict[str, Callable[[Path], int | None]]:
    module = _import("imagehash")

    def encoder(method: str) -> Callable[[Path], int | None]:
        def encode(path: Path) -> int | None:
            try:
                with Image.open(path) as picture:
                    return int(str(getattr(module, method)(picture)), 16)
            except (OSError, ValueError):
                return None

        return encode

    return {"pHash": encoder("phash"), "dHash": encoder("dhash")}


def _imagededup() -> dict[str, Callable[[Path], int | None]]:
    with _without_torch():
        methods = _import("imagededup.methods")

    def encoder(method: str) -> Callable[[Path], int | None]:
        hasher = getattr(methods, method)(verbose=False)

        def encode(path: Path) -> int | None:
            try:
                value = hasher.encode_image(image_file=path)
            except (OSError, ValueError):
                return None
            return None if value is None else int(value, 16)

        return encode

    return {"pHash": encoder("PHash"), "dHash": encoder("DHash")}


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as error:
        raise UnavailableError(f"{name.split('.')[0]} can't be imported ({error})") from error


class _Anything(type):
    """Of a class: every name in it is the class itself."""

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class _Nothing(metaclass=_Anything):
    """Stands for whatever is defined with PyTorch and never used."""

    def __init__(self, *_arguments: object, **_named: object) -> None: ...


class _Placeholder(ModuleType):
    """A module of which every name is a submodule or stands for nothing."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return sys.modules.get(f"{self.__name__}.{name}", _Nothing)


@contextmanager
def _without_torch() -> Iterator[None]:
    """Let imagededup be imported where PyTorch isn't there or doesn't fit.

    The package imports torch and torchvision for its CNN even if only its hashes are asked for,
    which use neither; some systems have no torchvision that fits their torch.
    """
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError):
        broken = [n for n in sys.modules if n.split(".")[0] in ("torch", "torchvision")]
        for name in broken:
            del sys.modules[name]
    else:
        yield
        return
    placeholders = {name: _Placeholder(name) for name in _NAMES}
    sys.modules.update(placeholders)
    try:
        yield
    finally:
        for name in placeholders:
            sys.modules.pop(name, None)
