#!/usr/bin/env python3
"""What embedding costs: VGG16 in its three forms by batch, against this machine's own peaks.

usage: scripts/bench_embedding.py [--quick]

Everything is CPU time of one thread, the best of several runs, and ratios are taken within this
run: other work on the machine then disturbs them least. Needs the extra 'exact'. The weights are
random; they cost what trained ones do.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits
from twinsift.models.embedding import BATCH, Embedder

HERE = Path(__file__).resolve().parent
OPERATIONS = 2 * 15_449_849_856  # multiplications and additions of VGG16 up to fc1, a picture
PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def best(work: Callable[[], object], runs: int) -> float:
    """The least CPU seconds of some runs, after one that warms up."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """One thread on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def sgemm_peak(side: int = 2048) -> float:
    """Operations a second of one thread, by numpy's BLAS and by ONNX Runtime, the better one."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((side, side), np.float32)
    with threadpool_limits(1):
        seconds = best(lambda: a @ a, 8)
    run = session(_product(side, "MatMul"))
    return 2 * side**3 / min(seconds, best(lambda: run.run(None, {"a": a}), 8))


def int8_peak(side: int = 2048) -> float:
    """Operations a second of one thread of ONNX Runtime's 8-bit product (unsigned by signed)."""
    a = np.random.default_rng(0).integers(0, 256, (side, side), np.uint8)
    run = session(_product(side, "MatMulInteger"))
    return 2 * side**3 / best(lambda: run.run(None, {"a": a}), 8)


def _product(side: int, kind: str) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    whole = kind == "MatMulInteger"
    rng = np.random.default_rng(1)
    weights: NDArray[np.generic] = (
        rng.integers(-127, 128, (side, side)).astype(np.int8)
        if whole
        else rng.standard_normal((side, side), np.float32)
    )
    kinds = (TensorProto.UINT8, TensorProto.INT32) if whole else (TensorProto.FLOAT,) * 2
    graph = helper.make_graph(
        [helper.make_node(kind, ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", kinds[0], [side, side])],
        [helper.make_tensor_value_info("c", kinds[1], [side, side])],
        [numpy_helper.from_array(weights, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def pictures(folder: Path, count: int) -> list[Image.Image]:
    """Noise of several scales, saved as the JPEGs that decoding is measured with."""
    rng = np.random.default_rng(2)
    made = []
    for number in range(count):
        layers = [
            Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).resize((512, 384))
            for side in (4, 16, 128)
        ]
        image = Image.blend(Image.blend(layers[0], layers[1], 0.5), layers[2], 0.3)
        image.save(folder / f"{number:03}.jpg", quality=90)
        made.append(image)
    return made


def end_to_end(model: Path, jpegs: list[bytes], lanes: int) -> tuple[float, float]:
    """Seconds a picture of the bare session and with decoding and preparing, in `lanes` threads.

    The two take turns, chunk by chunk, so that what else the machine does meets both alike.
    """
    embedder = Embedder(model, threads=1)
    chunks = [jpegs[start : start + BATCH] for start in range(0, len(jpegs), BATCH)]
    ready = np.zeros((BATCH, 3, embedder.height, embedder.width), np.float32)

    def whole(chunk: list[bytes]) -> None:
        embedder.embed([Image.open(io.BytesIO(jpeg)) for jpeg in chunk])

    def bare(chunk: list[bytes]) -> None:
        embedder._run(ready[: len(chunk)])

    spent = {}
    with ThreadPoolExecutor(lanes) as pool:
        for name, work in (("bare", bare), ("whole", whole), ("bare", bare), ("whole", whole)):
            list(pool.map(work, chunks[:lanes]))
            start = time.process_time()
            list(pool.map(work, chunks))
            spent[name] = min(spent.get(name, np.inf), time.process_time() - start)
    return spent["bare"] / len(jpegs), spent["whole"] / len(jpegs)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        usage=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer runs, no batch of 32")
    quick = parser.parse_args().quick
    pins = [f"{name}={os.environ[name]}" for name in PINS if name in os.environ]
    print(f"pinned: {' '.join(pins) or 'nothing'}; load {os.getloadavg()[0]:.1f}")
    print(f"ONNX Runtime {onnxruntime.__version__}, {os.cpu_count()} cores")
    floats, integers = sgemm_peak(), int8_peak()
    print(f"peaks of a core: sgemm {floats / 1e9:.0f} GFLOP/s, int8 {integers / 1e9:.0f} GOP/s")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        photos = folder / "photos"
        photos.mkdir()
        images = pictures(photos, 32)
        forms: dict[str, list[str]] = {
            "fp32": [],
            "fp16": ["--fp16"],
            "int8": ["--int8", str(photos), "--calibrate", "8"],
        }
        least: dict[str, float] = {}
        vectors: dict[str, NDArray[np.float32]] = {}
        for form, flags in forms.items():
            path = folder / f"{form}.onnx"
            command = [sys.executable, str(HERE / "export_vgg16.py"), "--random", "1", *flags]
            subprocess.run([*command, str(path)], check=True, stdout=subprocess.DEVNULL)
            run = session(path)
            peak = integers if form == "int8" else floats
            for batch in (1, 8) if quick else (1, 8, 32):
                data = np.random.default_rng(3).standard_normal((batch, 3, 224, 224), np.float32)
                runs = max(2, (8 if quick else 24) // batch)
                spent = best(lambda run=run, data=data: run.run(None, {"data": data}), runs) / batch
                least[form] = min(spent, least.get(form, np.inf))
                share = OPERATIONS / spent / peak
                print(f"{form} batch {batch:2}: {1e3 * spent:6.1f} ms, {share:4.0%} of the peak")
            del run
            vectors[form] = Embedder(path, threads=1).embed(images[:8])
            cosines = (vectors[form] * vectors["fp32"]).sum(axis=1)
            print(f"{form}: least cosine to fp32 {cosines.min():.6f}")
        print(f"int8 is {least['fp32'] / least['int8']:.2f} times as fast as fp32")
        jpegs = [path.read_bytes() for path in sorted(photos.iterdir())]
        for form in ("fp32", "int8"):
            bare, whole = end_to_end(folder / f"{form}.onnx", jpegs, os.cpu_count() or 1)
            print(
                f"{form} in lanes: bare {1e3 * bare:.1f} ms, with decoding {1e3 * whole:.1f} ms:"
                f" {bare / whole:.0%} of the bare rate"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
