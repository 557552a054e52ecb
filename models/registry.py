"""The networks that there are: those known by name, and those installed, pulled or a person's own.

An installed network is two files in one folder: NAME.onnx, cut off behind the output that is used,
and NAME.json, which says what it is. The second is written last and removed first, so that a name
never stands for half a network.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from . import download, onnx_graph
from .errors import ModelError
from .manifest import MANIFEST, NONE, is_name
from .process_lock import process_lock
from .text import printable


@dataclass(frozen=True, slots=True)
class Installed:
    """A network that is on this machine; the record beside its file."""

    name: str
    output: str
    dimension: int
    width: int
    height: int
    bytes: int
    """Of the file as it is kept."""
    sha256: str
    """Of the file as it is kept."""
    source_sha256: str
    """Of the file that it was made from."""
    licence: str
    added_at: float
    """Seconds since the epoch."""


def default_folder() -> Path:
    """Where networks are kept: beside the catalog, in the platform's data folder."""
    return Path(platformdirs.user_data_dir("twinsift", appauthor=False)) / "models"


class Registry:
    """The networks of one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = default_folder() if folder is None else folder

    def installed(self) -> list[Installed]:
        """Every network that is complete, the one added first at the front."""
        if not self.folder.is_dir():
            return []
        found = [self._read(path) for path in self.folder.glob("*.json")]
        complete = [one for one in found if one is not None and self.path(one.name).is_file()]
        return sorted(complete, key=lambda one: (one.added_at, one.name))

    def path(self, name: str) -> Path:
        """The file of a network."""
        return self.folder / f"{name}.onnx"

    def get(self, name: str) -> Installed | None:
        """The network of this name, if it is installed."""
        return next((one for one in self.installed() if one.name == name), None)

    def default(self) -> Installed | None:
        """The network that is used where none is named: VGG16 if there, else the newest."""
        there = {one.name: one for one in self.installed()}
        for name in MANIFEST:
            if name in there:
                return there[name]
        return next(reversed(there.values()), None)

    def resolve(self, model: str) -> Path | None:
        """The file that the setting index.model stands for: a name, a path, '' or 'none'.

        Raises:
            ModelError: there is no network of this name; the remedy says how to get it.
        """
        if model == NONE:
            return None
        if not model:
            chosen = self.default()
            return None if chosen is None else self.path(chosen.name)
        if not is_name(model):
            return Path(model).expanduser()
        if self.get(model) is None:
            raise ModelError(f"the network {model} isn't installed", _how_to_get(model))
        return self.path(model)

    def pull(self, name: str, *, tell: download.Tell = lambda done, size: None) -> Installed:
        """Download a network of the manifest, check it, cut it, and install it.

        Raises:
            ModelError: no such entry, or the file can't be used.
            DownloadError: it can't be had; what has arrived stays for the next time.
        """
        entry = MANIFEST.get(name)
        if entry is None:
            raise ModelError(
                f"there is no network {printable(name)} to download",
                f"there are {', '.join(MANIFEST)}; `twinsift model add FILE` takes your own",
            )
        with self._lock(name):
            there = self.get(name)
            if there is not None and there.source_sha256 == entry.sha256:
                return there
            fetched = self.folder / entry.file
            download.fetch(
                entry.addresses, fetched, size=entry.bytes, sha256=entry.sha256, tell=tell
            )
            try:
                return self._install(fetched, name, entry.cut, {}, entry.licence, entry.sha256)
            finally:
                fetched.unlink(missing_ok=True)

    def add(
        self, file: Path, *, name: str = "", output: str = "", kind: str = "", licence: str = ""
    ) -> Installed:
        """Install a person's own file, whatever its name; the file itself is only read.

        `output` is as onnx_graph.install takes it; `kind` names the preprocessing, '' leaves what
        the file's metadata say. A file of the manifest is known by its digest, and treated so.

        Raises:
            ModelError: the name is taken or no name, or the file is no network that can be used.
        """
        name = name or re.sub(r"[^A-Za-z0-9_-]+", "-", file.stem).strip("-_")[:64] or "network"
        if not is_name(name) or name == NONE:
            raise ModelError(
                f"{printable(name)} can't be a network's name", "use letters, digits, - and _"
            )
        digest = _sha256(file)
        entry = next((one for one in MANIFEST.values() if one.sha256 == digest), None)
        if name in MANIFEST and (entry is None or entry.name != name):
            raise ModelError(
                f"{printable(os.fspath(file))} isn't the published {name}", "choose another --name"
            )
        cut = output or (entry.cut if entry else "")
        from . import preprocessing  # and numpy with it: `index` only asks what is installed

        extra = {preprocessing.METADATA_KEY: preprocessing.KINDS[kind].to_json()} if kind else {}
        with self._lock(name):
            if self.get(name) is not None:
                raise ModelError(
                    f"there is a network {name} already", f"`twinsift model remove {name}` first"
                )
            granted = licence or (entry.licence if entry else "")
            return self._install(file, name, cut, extra, granted, digest)

    def remove(self, name: str) -> None:
        """Remove an installed network; embeddings made with it stay in the catalog.

        Raises:
            ModelError: there is none of this name.
        """
        with self._lock(name):
            if self.get(name) is None:
                raise ModelError(f"there is no network {printable(name)}", self._names())
            (self.folder / f"{name}.json").unlink()
            self.path(name).unlink()

    def check(self, one: Installed) -> str:
        """Load an installed network, embed a picture, and return where it runs.

        Raises:
            ModelError: its file has changed or can't be used.
        """
        if _sha256(self.path(one.name)) != one.sha256:
            raise ModelError(
                f"the file of {one.name} is damaged",
                f"`twinsift model remove {one.name}`, get it anew",
            )
        return _probe(self.path(one.name), one.output)[2]

    def _install(
        self,
        file: Path,
        name: str,
        cut: str,
        metadata: Mapping[str, str],
        licence: str,
        digest: str,
    ) -> Installed:
        try:
            # The same folder, so that the last step is a rename.
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".installing-") as place:
                made = Path(place) / "network.onnx"
                output = onnx_graph.install(file, made, cut, metadata)
                dimension, (width, height), _ = _probe(made, output)
                one = Installed(
                    name=name,
                    output=output,
                    dimension=dimension,
                    width=width,
                    height=height,
                    bytes=made.stat().st_size,
                    sha256=_sha256(made),
                    source_sha256=digest,
                    licence=licence,
                    added_at=time.time(),
                )
                record = Path(place) / "network.json"
                record.write_text(json.dumps(asdict(one), indent=1), encoding="utf-8")
                os.replace(made, self.path(name))
                os.replace(record, self.folder / f"{name}.json")
        except OSError as error:
            reason = error.strerror or str(error)
            remedy = "make room" if error.errno == errno.ENOSPC else "see to its folder"
            raise ModelError(
                f"{name} can't be written to {printable(os.fspath(self.folder))}: {reason}", remedy
            ) from error
        return one

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        place = self.folder / f".{name if is_name(name) else 'other'}.lock"
        with ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                held = stack.enter_context(process_lock(place))
            except OSError as error:
                folder = printable(os.fspath(self.folder))
                raise ModelError(f"{folder} can't be written: {error.strerror}") from error
            if not held:
                raise ModelError(f"another twinsift is busy with {name}", "wait for it")
            yield

    def _read(self, path: Path) -> Installed | None:
        """A record; None where it isn't one (a newer twinsift's, or damaged)."""
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            one = Installed(**found)
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        numbers = (one.added_at, one.dimension, one.width, one.height, one.bytes)
        is_whole = one.name == path.stem and all(isinstance(n, int | float) for n in numbers)
        return one if is_whole else None

    def _names(self) -> str:
        names = [one.name for one in self.installed()]
        return f"there are {', '.join(names)}" if names else "none is installed"


def _how_to_get(name: str) -> str:
    if name in MANIFEST:
        return f"get it: twinsift model pull {name}"
    return "see `twinsift model list`; a file is given as ./FILE"


def _probe(path: Path, output: str) -> tuple[int, tuple[int, int], str]:
    """The dimension, the input's width and height, and the provider, by embedding a picture."""
    import numpy as np

    from .embedding import Embedder

    embedder = Embedder(path, output)
    size = (embedder.width, embedder.height)
    noise = np.random.default_rng(0).integers(0, 256, (1, *size[::-1], 3), np.uint8)
    vector = embedder.embed(noise)[0]
    if vector.size < 2 or not vector.any():
        raise ModelError(
            f"the output {output} says nothing about a picture ({vector.size} values)",
            "choose another one with --output",
        )
    return vector.size, size, embedder.provider


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"{printable(os.fspath(path))} can't be read: {error.strerror}", "give an ONNX file"
        ) from error
