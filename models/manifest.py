"""The networks that are known by name: where their files are, and what is in them.

It is read at every start of the program, so it imports nothing heavy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

FC1 = "fc1"
"""As a tensor's name: the first dense layer after its ReLU, whatever the file calls it."""
NONE = "none"
"""Setting index.model: no network, although some are installed."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def is_name(text: str) -> bool:
    """Whether a text is a network's name; everything else is the path of a file."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Known:
    """A published network: an entry of the manifest."""

    name: str
    file: str
    bytes: int
    sha256: str
    addresses: tuple[str, ...]
    cut: str
    """The tensor to cut at, as models.onnx_graph.install takes it."""
    dimension: int
    input: str
    width: int
    height: int
    preprocessing: str
    """One of preprocessing.KINDS."""
    licence: str
    about: str


_ZOO = "https://huggingface.co/onnxmodelzoo"
_LFS = "https://media.githubusercontent.com/media/onnx/models/main"
_VGG = "validated/vision/classification/vgg/model"

MANIFEST: Mapping[str, Known] = {
    entry.name: entry
    for entry in (
        Known(
            name="vgg16",
            file="vgg16-12.onnx",
            bytes=553_437_752,
            sha256="722c42f53ca03a5480296bf8f9c85a151de3eed9ec982d7d2302ff6e2900c67b",
            addresses=(
                f"{_ZOO}/vgg16-12/resolve/main/vgg16-12.onnx",
                f"{_LFS}/{_VGG}/vgg16-12.onnx",
            ),
            cut=FC1,
            dimension=4096,
            input="data",
            width=224,
            height=224,
            preprocessing="imagenet",
            licence="Apache-2.0",
            about="VGG16 up to fc1, float32, of the ONNX model zoo",
        ),
        Known(
            name="vgg16-int8",
            file="vgg16-12-int8.onnx",
            bytes=138_407_238,
            sha256="0d0a8e1d69f70404421e37dbad4f8bd21d42758e9f426bd5b39e9e4e9e1afa23",
            addresses=(
                f"{_ZOO}/vgg16-12-int8/resolve/main/vgg16-12-int8.onnx",
                f"{_LFS}/{_VGG}/vgg16-12-int8.onnx",
            ),
            cut=FC1,
            dimension=4096,
            input="data",
            width=224,
            height=224,
            preprocessing="imagenet",
            licence="Apache-2.0",
            about="the same in 8-bit integers: a quarter of the size, several times as fast",
        ),
    )
}
