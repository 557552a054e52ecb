#!/usr/bin/env python3
"""Make an ONNX file of VGG16 up to fc1 from Keras's .h5, torchvision's .pth, or random weights.

usage: scripts/export_vgg16.py (--from-h5 FILE | --from-pth FILE | --random SEED) [options] OUT.onnx

    --output fc1|fc2|predictions   where the network ends (default: fc1, after its ReLU)
    --fp16                         store the weights in half the size; computing stays in float32
    --int8 PICTURES                static quantisation, per channel, calibrated on the pictures of a
                                   folder (U8S8, quantise-dequantise pairs)
    --calibrate N                  pictures of it to use (default: 16)

Needs the extra 'exact' (onnx, h5py, torch; torch only for --from-pth), never TensorFlow. The
preprocessing that the weights were trained with is written into the file's metadata, where twinsift
finds it: caffe's for Keras's weights, torchvision's for the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from twinsift.models.decode import squeeze
from twinsift.models.preprocessing import CAFFE, IMAGENET, METADATA_KEY, Preprocessing, of_metadata

Weights = Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""(weight, bias) by Keras's layer names; convolutions (out, in, 3, 3), dense layers (out, in)."""

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
DENSE = {"fc1": (25088, 4096), "fc2": (4096, 4096), "predictions": (4096, 1000)}
OPSET = 17
SIDE = 224


def convolutions() -> Iterator[tuple[str, int, int]]:
    """Name, channels in, channels out of the 13 convolutions, in order."""
    last = 3
    for block, widths in enumerate(BLOCKS, 1):
        for index, width in enumerate(widths, 1):
            yield f"block{block}_conv{index}", last, width
            last = width


def dense_until(output: str) -> list[str]:
    """The dense layers up to `output`."""
    names = list(DENSE)
    return names[: names.index(output) + 1]


def random_weights(seed: int, output: str = "fc1") -> Weights:
    """He-normal weights and small biases: activations keep their size through all layers."""
    rng = np.random.default_rng(seed)

    def layer(shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        spread = np.sqrt(2.0 / np.prod(shape[1:]))
        weight = rng.standard_normal(shape, np.float32) * np.float32(spread)
        return weight, rng.standard_normal(shape[0], np.float32) * np.float32(0.05)

    made = {name: layer((width, before, 3, 3)) for name, before, width in convolutions()}
    for name in dense_until(output):
        made[name] = layer(DENSE[name][::-1])
    return made


def read_h5(path: Path, output: str = "fc1") -> Weights:
    """The weights of Keras's published file (one group a layer, kernels height first)."""
    import h5py

    made = {}
    with h5py.File(path, "r") as file:
        root = file.get("model_weights", file)
        for name in [*(name for name, _, _ in convolutions()), *dense_until(output)]:
            arrays: list[NDArray[np.float32]] = []
            if isinstance(root, h5py.Group) and name in root:
                _collect(root[name], arrays)
            by_rank = {array.ndim: array for array in arrays}
            if len(arrays) != 2 or 1 not in by_rank:
                raise SystemExit(f"{path}: no weights of {name}; is it Keras's VGG16 with its top?")
            made[name] = (_from_keras(name, by_rank[max(by_rank)]), by_rank[1])
    return made


def _collect(group: object, arrays: list[NDArray[np.float32]]) -> None:
    import h5py

    if isinstance(group, h5py.Dataset):
        arrays.append(np.asarray(group, np.float32))
    elif isinstance(group, h5py.Group):
        for member in group.values():
            _collect(member, arrays)


def _from_keras(name: str, kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keras's kernel as ONNX's: output first, and channels before rows and columns."""
    if kernel.ndim == 4:
        return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
    if name == "fc1":
        # Keras flattens (7, 7, 512), ONNX (512, 7, 7).
        moved = kernel.reshape(7, 7, 512, -1).transpose(3, 2, 0, 1)
        return np.ascontiguousarray(moved.reshape(-1, 25088))
    return np.ascontiguousarray(kernel.T)


def read_pth(path: Path, output: str = "fc1") -> Weights:
    """The weights of torchvision's published file (a state dict)."""
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    places = {"fc1": "classifier.0", "fc2": "classifier.3", "predictions": "classifier.6"}
    index = 0
    made = {}
    for widths, block in zip(BLOCKS, range(1, 6), strict=True):
        for number in range(1, len(widths) + 1):
            places[f"block{block}_conv{number}"] = f"features.{index}"
            index += 2  # a ReLU follows each
        index += 1  # a pooling ends the block
    for name in [*(name for name, _, _ in convolutions()), *dense_until(output)]:
        try:
            weight, bias = (state[f"{places[name]}.{part}"] for part in ("weight", "bias"))
        except KeyError as error:
            raise SystemExit(f"{path}: {error} is missing; is it torchvision's vgg16?") from None
        made[name] = (weight.numpy(), bias.numpy())
    return made


def network(
    weights: Weights, preprocessing: Preprocessing, *, output: str = "fc1", fp16: bool = False
) -> onnx.ModelProto:
    """VGG16 (Simonyan and Zisserman 2014, configuration D) for any batch of 224 x 224 pictures."""
    nodes, initializers = [], []
    last = "data"

    def add(kind: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constants(name: str) -> list[str]:
        names = []
        for part, array in zip(("weight", "bias"), weights[name], strict=True):
            place = f"{name}_{part}"
            if fp16 and part == "weight":
                half = numpy_helper.from_array(array.astype(np.float16), place + "_half")
                initializers.append(half)
                # ONNX Runtime folds the cast when it loads the file.
                add("Cast", [half.name], place, to=TensorProto.FLOAT)
            else:
                initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), place))
            names.append(place)
        return names

    for block, widths in enumerate(BLOCKS, 1):
        for index in range(1, len(widths) + 1):
            name = f"block{block}_conv{index}"
            last = add("Conv", [last, *constants(name)], name + "_sum", pads=[1, 1, 1, 1])
            last = add("Relu", [last], name)
        last = add("MaxPool", [last], f"block{block}_pool", kernel_shape=[2, 2], strides=[2, 2])
    last = add("Flatten", [last], "flatten")
    for name in dense_until(output):
        gemm = name if name == "predictions" else name + "_sum"
        last = add("Gemm", [last, *constants(name)], gemm, transB=1)
        last = last if name == "predictions" else add("Relu", [last], name)
    graph = helper.make_graph(
        nodes,
        "vgg16",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", DENSE[output][1]])],
        initializers,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="twinsift export_vgg16",
    )
    helper.set_model_props(model, {METADATA_KEY: preprocessing.to_json()})
    return model


def quantise(source: Path, target: Path, pictures: Sequence[NDArray[np.uint8]]) -> None:
    """Static quantisation of a network's file: weights signed per channel, activations unsigned.

    `pictures` are uint8 (224, 224, 3), RGB; ranges are the smallest and largest values on them.
    U8S8 because that is what the integer units of x86 multiply at full speed. The preprocessing is
    that of the file.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    metadata = {
        entry.key: entry.value
        for entry in onnx.load(source, load_external_data=False).metadata_props
    }
    wanted = of_metadata(metadata)

    class Pictures(CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(pictures)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pixels = next(self._left, None)
            return None if pixels is None else {"data": wanted.apply(pixels)[None]}

    quantize_static(
        source,
        target,
        Pictures(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        extra_options={"CalibTensorRangeSymmetric": False},
    )
    quantised = onnx.load(target)
    helper.set_model_props(quantised, metadata)
    onnx.save(quantised, target)


def pictures_of(folder: Path, count: int) -> list[NDArray[np.uint8]]:
    """Up to `count` pictures below a folder, evenly taken in the order of their names, squeezed."""
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")
    )
    if not found:
        raise SystemExit(f"{folder}: no pictures to calibrate on")
    step = max(1, len(found) // count)
    return [
        squeeze(path.read_bytes(), (SIDE, SIDE), max_pixels=10**8) for path in found[::step][:count]
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Read the weights, build, write."""
    parser = argparse.ArgumentParser(
        usage=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from-h5", type=Path)
    source.add_argument("--from-pth", type=Path)
    source.add_argument("--random", type=int)
    parser.add_argument("--output", choices=tuple(DENSE), default="fc1")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--fp16", action="store_true")
    size.add_argument("--int8", type=Path, metavar="PICTURES")
    parser.add_argument("--calibrate", type=int, default=16)
    parser.add_argument("target", type=Path, metavar="OUT.onnx")
    given = parser.parse_args(argv)
    if given.from_h5:
        weights, wanted = read_h5(given.from_h5, given.output), CAFFE
    elif given.from_pth:
        weights, wanted = read_pth(given.from_pth, given.output), IMAGENET
    else:
        weights, wanted = random_weights(given.random, given.output), IMAGENET
    model = network(weights, wanted, output=given.output, fp16=given.fp16)
    del weights
    # Beside the target, and renamed: nobody ever finds half a file under the name.
    with tempfile.TemporaryDirectory(dir=given.target.absolute().parent) as folder:
        made = Path(folder) / "whole.onnx"
        onnx.save(model, made)
        del model
        if given.int8:
            whole, made = made, Path(folder) / "int8.onnx"
            quantise(whole, made, pictures_of(given.int8, given.calibrate))
        os.replace(made, given.target)
    print(f"{given.target}: {given.target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
