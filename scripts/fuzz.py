"""Feeds readers of foreign text and bytes with whatever breaks them: coverage-guided by atheris.

    .venv/bin/python scripts/fuzz.py plan --seconds 600 [--corpus DIR]

Targets: the plan file, the trash's record, the settings file, a network's record and file, a
picture's metadata, alone and in its file. A target may refuse its input by an error of twinsift's
own; anything else, a hang of 10 seconds, or more than 2 GB of memory, is a finding: libFuzzer
prints it and leaves the input as a file in the present folder. Without atheris (pip install
atheris; Linux and macOS) inputs are mutated blindly. A finding becomes a test before it is mended.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import io
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

try:
    atheris: Any = importlib.import_module("atheris")
except ImportError:
    atheris = None

Target = Callable[[bytes], None]


def plan_target(folder: Path) -> Target:
    """`catalog.plan_file.read`."""
    from twinsift.catalog import plan_file
    from twinsift.catalog.database import Catalog
    from twinsift.models.errors import TwinsiftError

    catalog = Catalog.open(folder / "catalog.sqlite")
    place = folder / "plan.jsonl"

    def read(data: bytes) -> None:
        place.write_bytes(data)
        try:
            plan_file.read(place, catalog)
        except TwinsiftError as error:
            _check_message(error)

    return read


def record_target(folder: Path) -> Target:
    """`catalog.trash.read_record`."""
    from twinsift.catalog import trash
    from twinsift.models.errors import TwinsiftError

    def read(data: bytes) -> None:
        (folder / "record.jsonl").write_bytes(data)
        try:
            record = trash.read_record(bytes(folder))
        except TwinsiftError as error:
            _check_message(error)
        else:
            inside = bytes(folder) + b"/files/"
            assert all(stored.path.startswith(inside) for stored in record.files)

    return read


def settings_target(folder: Path) -> Target:
    """`catalog.settings_file.load`."""
    from twinsift.catalog import settings_file
    from twinsift.models.errors import TwinsiftError

    place = folder / "settings.toml"

    def read(data: bytes) -> None:
        place.write_bytes(data)
        try:
            settings_file.load(place)
        except TwinsiftError as error:
            _check_message(error)

    return read


def registry_target(folder: Path) -> Target:
    """`models.registry.Registry.installed`, with the text as the record of a network."""
    from twinsift.models.errors import TwinsiftError
    from twinsift.models.registry import Registry

    (folder / "networks").mkdir()
    registry = Registry(folder / "networks")

    def read(data: bytes) -> None:
        (registry.folder / "net.json").write_bytes(data)
        try:
            registry.installed()
        except TwinsiftError as error:
            _check_message(error)

    return read


def network_target(folder: Path) -> Target:
    """`models.onnx_graph.read`: the outline of an ONNX file."""
    from twinsift.models import onnx_graph
    from twinsift.models.errors import TwinsiftError

    place = folder / "net.onnx"

    def read(data: bytes) -> None:
        place.write_bytes(data)
        try:
            onnx_graph.read(place)
        except TwinsiftError as error:
            _check_message(error)

    return read


def metadata_target(folder: Path) -> Target:
    """`models.metadata.from_exif` and `jpeg_quality`, of a block of EXIF and of a JPEG's head."""
    from PIL import Image
    from twinsift.models import metadata

    def read(data: bytes) -> None:
        exif = Image.Exif()
        try:
            exif.load(data)
        except Exception:  # Pillow's own: decoding tells it as a damaged file
            return
        found = metadata.from_exif(exif)
        for text in (found.captured_at, found.camera):
            assert text is None or all(character.isprintable() for character in text), text
        numbers = list(data)
        metadata.jpeg_quality({0: numbers[:64], 1: numbers[64:128]})

    return read


def tags_target(folder: Path) -> Target:
    """`models.tags.tags`, of a whole file: what the view of all metadata shows."""
    from twinsift.models.errors import TwinsiftError
    from twinsift.models.tags import tags

    def read(data: bytes) -> None:
        try:
            rows = tags(io.BytesIO(data))
        except TwinsiftError as error:
            _check_message(error)
        else:
            assert all((row.name + row.value).isprintable() for row in rows), rows

    return read


def _check_message(error: Exception) -> None:
    """An error is one line that can't steer the terminal."""
    text = str(error)
    assert "\n" not in text, text
    assert all(character.isprintable() for character in text), text


TARGETS: dict[str, Callable[[Path], Target]] = {
    "plan": plan_target,
    "record": record_target,
    "settings": settings_target,
    "registry": registry_target,
    "network": network_target,
    "metadata": metadata_target,
    "tags": tags_target,
}

_SEAL = {"companions": [], "verb": "delete", "to": None, "group": "", "seal": "", "links": 1}
SEEDS: dict[str, tuple[bytes, ...]] = {
    "plan": (
        b'{"twinsift": "plan", "version": 1, "name": "a-1", "machine": "", "follows_links": false}',
        json.dumps(
            {
                "file": "/a",
                "keeper": "/b",
                "size": 1,
                "mtime_ns": 1,
                "device": 1,
                "inode": 1,
                "digest": "00" * 32,
                "keeper_digest": "00" * 32,
                **_SEAL,
            }
        ).encode(),
    ),
    "record": (
        b'{"twinsift": "trash record", "version": 1, "batch": "a"}',
        b'{"stored": "files/a", "source": "/a", "digest": "%s", "size": 1, "mtime_ns": 1}'
        % (b"00" * 32),
    ),
    "settings": (b'[match]\nhamming = 8\n[keep]\norder = ["size"]\n[files]\ntrash = "~/x"\n',),
    "registry": (b'{"name": "net", "file": "net.onnx", "dimension": 4, "width": 2, "height": 2}',),
    "network": (bytes.fromhex("08071a046e616d653a0c0a06120164220252657a0062016f"),),
    "metadata": (
        b"Exif\0\0II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0abc\0\x69\x87\x04\0\x01\0\0\0"
        b"\x26\0\0\0\0\0\0\0\x01\0\x03\x90\x02\0\x14\0\0\0\x38\0\0\0\0\0\0\0",
    ),
    "tags": (
        b"\xff\xd8\xff\xe1\x00\x36Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0abc\0"
        + bytes(22),
        b"\xff\xfe\x00\x08\x1b[31m\xff\xc0\x00\x0b\x08\0\x08\0\x08\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55",
        b"II*\0\x08\0\0\0\x02\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x01\x01\x03\0\x01\0\0\0\x01\0\0\0",
    ),
}
"""Lines or inputs to begin with; a blind mutation puts lines together."""


def guided(target: Target, name: str, seconds: int, corpus: Path) -> None:
    """Let atheris look for inputs that reach new code."""
    for number, seed in enumerate((*SEEDS[name], b"\n".join(SEEDS[name]))):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target)
    atheris.Fuzz()


def blind(target: Target, name: str, seconds: int) -> int:
    """Mutate the seeds at random, with a watch on the time; how many inputs were tried."""
    rng = random.Random(seconds)
    end, tried = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        text = bytearray(b"\n".join(rng.choices(SEEDS[name], k=rng.randint(1, 4))))
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(text) + 1)
            text[at : at + rng.randint(0, 6)] = rng.randbytes(rng.randint(0, 6))
        faulthandler.dump_traceback_later(10, exit=True)
        try:
            target(bytes(text))
        except BaseException:
            Path(f"finding-{name}").write_bytes(bytes(text))
            raise
        faulthandler.cancel_dump_traceback_later()
        tried += 1
    return tried


def main(argv: Sequence[str] | None = None) -> int:
    """Run one target for some time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, help="keep the inputs that were found here")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if atheris is None:
            tried = blind(TARGETS[given.target](folder), given.target, given.seconds)
            print(f"{given.target}: {tried:,} inputs, mutated blindly: nothing found")
            return 0
        corpus = given.corpus or folder / "corpus"
        corpus.mkdir(exist_ok=True, parents=True)
        with atheris.instrument_imports(include=["twinsift"]):
            target = TARGETS[given.target](folder)
        guided(target, given.target, given.seconds, corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
