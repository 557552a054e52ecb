#!/usr/bin/env python3
"""What embedding costs: VGG16 in its three forms against this machine's own peaks, and end to end.

usage: scripts/bench_embedding.py [--quick] [--only forms|threads|folder]

Three tables, all of one run: `forms`, ms a picture and core by form and batch, with its share of
the peak; `threads`, one a lane against one call with all; `folder`, JPEGs through the real pass
against the bare session. What is compared takes turns, round by round, and the best round of each
counts: other work on the machine then disturbs the ratios least. CPU time unless it says wall
clock. Needs the extra 'exact'. The weights are random; they cost what trained ones do.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits
from twinsift.catalog import embedding_pass
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import index
from twinsift.catalog.progress import Control, silent
from twinsift.catalog.rereading import Job, compute_from_file
from twinsift.catalog.roots import scopes
from twinsift.catalog.settings import IndexSettings, Settings
from twinsift.models import digests
from twinsift.models.decode import squeeze
from twinsift.models.embedding import BATCH, Embedder

from measuring import pins

HERE = Path(__file__).resolve().parent
OPERATIONS = 2 * 15_449_849_856  # multiplications and additions of VGG16 up to fc1, a picture
LANES = os.cpu_count() or 1
WINDOW = 0.25  # seconds that a product is repeated for: about what VGG16 takes for a picture

# (rows, depth, columns) of products: square ones, and those that VGG16's blocks and fc1 amount to
# (channels out, 9 x channels in, pixels).
SHAPES = (
    *((side, side, side) for side in (256, 512, 768, 1024, 1536, 2048)),
    (64, 576, 50176),
    (128, 1152, 12544),
    (256, 2304, 3136),
    (512, 4608, 784),
    (512, 4608, 196),
    (784, 4608, 512),
    (32, 25088, 4096),
)
KEPT = 3  # of the products of each kind that the first round found fastest

TABLES = ("forms", "threads", "folder")
SMALL, LARGE = (500, 375), (4000, 3000)


@dataclass(slots=True)
class Best:
    """The least seconds that something took, of all rounds."""

    cpu: float = np.inf
    wall: float = np.inf

    def take(self, cpu: float, wall: float) -> None:
        """One more round."""
        self.cpu, self.wall = min(self.cpu, cpu), min(self.wall, wall)


@contextmanager
def clock(best: Best, share: float = 1.0) -> Iterator[None]:
    """Time a block, CPU of this process and of its children that ended; `share` of it counts."""
    began, wall = _cpu(), time.perf_counter()
    yield
    best.take((_cpu() - began) * share, (time.perf_counter() - wall) * share)


def _cpu() -> float:
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def session(model: Path | bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """A network on the CPU; its threads don't spin."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Peak:
    """One product as often as fits into a window: its operations a second, of one thread."""

    def __init__(self, shape: tuple[int, int, int], kind: str) -> None:
        rows, depth, columns = shape
        self.name = f"{rows}x{depth}x{columns} by {kind}"
        self.rate = 0.0
        self._operations = 2.0 * rows * depth * columns
        rng = np.random.default_rng(0)
        a: NDArray[np.generic] = rng.standard_normal((rows, depth), np.float32)
        if kind == "MatMulInteger":
            a = rng.integers(0, 256, (rows, depth), np.uint8)
        if kind == "numpy":
            b, out = rng.standard_normal((depth, columns), np.float32), None
            out = np.empty((rows, columns), np.float32)
            self._work: Callable[[], object] = lambda: np.matmul(a, b, out=out)
        else:
            run = session(_product(shape, kind))
            self._work = lambda: run.run(None, {"a": a})

    def measure(self) -> None:
        """One more window."""
        with threadpool_limits(1):
            self._work()
            began, count = time.process_time(), 0
            while (spent := time.process_time() - began) < WINDOW:
                self._work()
                count += 1
        self.rate = max(self.rate, count * self._operations / spent)


def _product(shape: tuple[int, int, int], kind: str) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    rows, depth, columns = shape
    whole = kind == "MatMulInteger"
    rng = np.random.default_rng(1)
    weights: NDArray[np.generic] = (
        rng.integers(-127, 128, (depth, columns)).astype(np.int8)
        if whole
        else rng.standard_normal((depth, columns), np.float32)
    )
    kinds = (TensorProto.UINT8, TensorProto.INT32) if whole else (TensorProto.FLOAT,) * 2
    graph = helper.make_graph(
        [helper.make_node(kind, ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", kinds[0], [rows, depth])],
        [helper.make_tensor_value_info("c", kinds[1], [rows, columns])],
        [numpy_helper.from_array(weights, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def photographs(folder: Path, size: tuple[int, int], count: int) -> int:
    """Save soft shapes, edges and grain as JPEGs, sized about as photographs; their mean bytes."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(2)
    for number in range(count):
        layers = [
            Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).resize(
                size, Image.Resampling.BICUBIC
            )
            for side in (4, 16, 128)
        ]
        image = Image.blend(Image.blend(layers[0], layers[1], 0.5), layers[2], 0.3)
        grain = rng.integers(-4, 5, (*size[::-1], 1), np.int16)
        noisy = np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / f"{number:03}.jpg", quality=90)
    return sum(path.stat().st_size for path in folder.iterdir()) // count


def export(folder: Path, photos: Path) -> dict[str, Path]:
    """VGG16 with the same random weights in its three forms."""
    flags = {"fp32": [], "fp16": ["--fp16"], "int8": ["--int8", os.fspath(photos)]}
    for form, more in flags.items():
        command = [sys.executable, os.fspath(HERE / "export_vgg16.py"), "--random", "1", *more]
        target = os.fspath(folder / f"{form}.onnx")
        subprocess.run([*command, target], check=True, capture_output=True)
    return {form: folder / f"{form}.onnx" for form in flags}


def forms_and_peaks(forms: dict[str, Path], batches: tuple[int, ...], rounds: int) -> None:
    """Print ms a picture by form and batch, in turns with the products that set the peaks."""
    peaks = {
        "sgemm": [Peak(shape, kind) for shape in SHAPES for kind in ("numpy", "MatMul")],
        "int8": [Peak(shape, "MatMulInteger") for shape in SHAPES],
    }
    sessions = {form: session(path) for form, path in forms.items()}
    found = {(form, batch): Best() for form in forms for batch in batches}
    rng = np.random.default_rng(3)
    for number in range(rounds):
        for form, batch in found:
            for peak in itertools.chain(*peaks.values()):
                if number or (form, batch) == next(iter(found)):
                    peak.measure()
            data = rng.standard_normal((batch, 3, 224, 224), np.float32)
            if not number:
                sessions[form].run(None, {"data": data})
            with clock(found[form, batch], 1 / batch):
                sessions[form].run(None, {"data": data})
        peaks = {
            name: sorted(some, key=lambda peak: -peak.rate)[:KEPT] for name, some in peaks.items()
        }
    for name, some in peaks.items():
        best = max(some, key=lambda peak: peak.rate)
        print(f"peak of a core, {name}: {best.rate / 1e9:.0f} G/s ({best.name})")
    for (form, batch), best in found.items():
        peak = max(peak.rate for peak in peaks["int8" if form == "int8" else "sgemm"])
        share = OPERATIONS / best.cpu / peak
        print(f"{form} batch {batch:2}: {1e3 * best.cpu:6.1f} ms, {share:4.0%} of the peak")
    least = {
        form: min(best.cpu for (one, _), best in found.items() if one == form) for form in forms
    }
    print(f"int8 is {least['fp32'] / least['int8']:.2f} times as fast as fp32")


def directions(forms: dict[str, Path], photos: Path) -> None:
    """Print the least cosine of each form's vectors to those of fp32."""
    files = sorted(photos.iterdir())[:8]
    pixels = np.stack([squeeze(f.read_bytes(), (224, 224), max_pixels=10**8) for f in files])
    vectors = {form: Embedder(path, threads=1).embed(pixels) for form, path in forms.items()}
    for form in ("fp16", "int8"):
        least = (vectors[form] * vectors["fp32"]).sum(axis=1).min()
        print(f"{form}: least cosine to fp32 {least:.6f}")


def threads(form: str, path: Path, rounds: int) -> None:
    """Print lanes of one thread each against one call with all threads, in turns."""
    one, several = session(path), session(path, LANES)
    data = np.random.default_rng(4).standard_normal((BATCH, 3, 224, 224), np.float32)
    lanes, calls = Best(), Best()
    with ThreadPoolExecutor(LANES) as pool:
        for number in range(rounds + 1):
            for best, run in ((lanes, one), (calls, several)):
                with clock(best if number else Best(), 1 / (LANES * BATCH)):
                    if run is one:
                        list(pool.map(lambda _: one.run(None, {"data": data}), range(LANES)))
                    else:
                        for _ in range(LANES):
                            several.run(None, {"data": data})
    for name, best in (
        (f"{LANES} lanes of one thread", lanes),
        (f"one call with {LANES} threads", calls),
    ):
        print(
            f"{form}, {name}: wall {1e3 * best.wall:.1f} ms a picture, CPU {1e3 * best.cpu:.1f} ms"
        )


class Folder:
    """An indexed folder of JPEGs, in two parts, and its catalog."""

    def __init__(self, place: Path, size: tuple[int, int], few: int, many: int) -> None:
        self.few, self.many = few, many
        photos = place / "photos"
        self.bytes = photographs(photos / "many", size, many)
        (photos / "few").mkdir()
        for path in sorted((photos / "many").iterdir())[:few]:
            path.rename(photos / "few" / path.name)
        self.many -= few
        self._photos = photos
        self._catalog = place / "catalog.sqlite"
        options = IndexSettings(model="none", working_side=128, keypoints=50)
        index(self._catalog, [photos], Settings(index=options))

    def reading(self, rounds: int) -> float:
        """CPU seconds that a worker needs for a file: each file's best of some rounds, the mean."""
        files = sorted((self._photos / "few").iterdir())
        jobs = [Job(0, digests.of_file(path), (os.fsencode(path),)) for path in files]
        squeezed = partial(squeeze, size=(224, 224), max_pixels=10**9)
        best = [Best() for _ in jobs]
        for _ in range(rounds):
            for job, one in zip(jobs, best, strict=True):
                with clock(one):
                    compute_from_file(job, squeezed, 10**9)
        return float(np.mean([one.cpu for one in best]))

    def embed(self, embedder: Embedder, model: Path, part: str) -> None:
        """The real pass over one part that nothing has embedded yet; the network is loaded."""
        with Catalog.open(self._catalog) as catalog:
            with catalog.transaction() as connection:
                connection.execute("DELETE FROM embedding")
            # One worker: a second one would start in the long run and not always in the short one.
            settings = IndexSettings(model=os.fspath(model), workers=1)
            covered = scopes(catalog, [self._photos / part])
            with mock.patch.object(embedding_pass, "load", lambda *_, **__: embedder):
                missed = embedding_pass.embed_all(
                    catalog, covered, settings, embedder.key, silent, Control()
                )
        assert not missed


def end_to_end(form: str, model: Path, folders: dict[str, Folder], rounds: int) -> None:
    """Print what the real pass costs a picture more than the bare session in as many lanes.

    The pass runs over few and over many files, and the difference counts: starting the worker,
    which a large folder pays once, is left out.
    """
    embedder = Embedder(model, threads=1)
    ready = np.zeros((BATCH, 3, embedder.height, embedder.width), np.float32)
    bare = Best()
    passes = {name: (Best(), Best()) for name in folders}
    batches = 2 * LANES
    with ThreadPoolExecutor(LANES) as pool:
        for _ in range(rounds):
            for name, folder in folders.items():
                with clock(bare, 1 / (batches * BATCH)):
                    list(pool.map(lambda _: embedder._run(ready), range(batches)))
                for part, best in zip(("few", "many"), passes[name], strict=True):
                    with clock(best):
                        folder.embed(embedder, model, part)
    print(f"{form}, bare session: {1e3 * bare.cpu:.1f} ms a picture")
    for name, (few, many) in passes.items():
        folder = folders[name]
        spent = (many.cpu - few.cpu) / (folder.many - folder.few)
        read = folder.reading(4 * rounds)
        print(
            f"{form}, {name} ({folder.bytes >> 10} KiB): the pass {1e3 * spent:.1f} ms,"
            f" {bare.cpu / spent:.0%} of the bare rate; reading and decoding alone"
            f" {1e3 * read:.1f} ms, which makes {bare.cpu / (bare.cpu + read):.0%}"
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        usage=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no batch of 32")
    parser.add_argument("--only", choices=TABLES, help="this table alone")
    given = parser.parse_args()
    quick, tables = given.quick, (given.only,) if given.only else TABLES
    print(f"pinned: {' '.join(pins()) or 'nothing'}; load {os.getloadavg()[0]:.1f}")
    print(f"ONNX Runtime {onnxruntime.__version__}, {LANES} cores", flush=True)
    with tempfile.TemporaryDirectory() as text:
        place = Path(text)
        photos = place / "photos"
        photographs(photos, SMALL, 8)
        forms = export(place, photos)
        if "forms" in tables:
            directions(forms, photos)
            forms_and_peaks(forms, (1, 8) if quick else (1, 8, 32), 2 if quick else 5)
        folders: dict[str, Folder] = {}
        if "folder" in tables:
            folders["500x375 JPEG"] = Folder(place / "small", SMALL, 8, 40)
            folders["12-megapixel JPEG"] = Folder(place / "large", LARGE, 8, 24)
        for form in ("fp32", "int8"):
            sys.stdout.flush()
            if "threads" in tables:
                threads(form, forms[form], 2 if quick else 6)
            if folders:
                end_to_end(form, forms[form], folders, 1 if quick else 3)
    print(f"load {os.getloadavg()[0]:.1f} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
