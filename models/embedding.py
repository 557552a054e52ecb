"""Embeddings by any ONNX network that takes one picture: what two pictures show, as a vector."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import ModelError
from .text import printable

# ImageNet's channel means and deviations as torchvision and the ONNX model zoo use them.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_DEFAULT_SIDE = 224  # where the network leaves height and width open


class Embedder:
    """One network, loaded; from RGB pictures to unit vectors.

    The network takes 1 x 3 x H x W or N x 3 x H x W floats: RGB / 255, less ImageNet's means, over
    its deviations. Whatever it puts out is flattened and normalised.
    """

    def __init__(self, path: Path | str, output: str = "", *, threads: int = 0) -> None:
        """Load a network; `output` names one of its outputs ('': the first); `threads` 0: all.

        Raises:
            ModelError: the file can't be loaded, or has another kind of input, or no such output.
        """
        import onnxruntime

        place = os.fspath(path)
        try:
            data = Path(place).read_bytes()
        except OSError as error:
            raise ModelError(
                f"the network {printable(place)} can't be read: {error.strerror}",
                "give an ONNX file as index.model",
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or os.cpu_count() or 1
        options.inter_op_num_threads = 1
        # Threads that wait by spinning take the cores from whoever else has work.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's own exceptions share no base class
            reason = " ".join(str(error).split())[:160]
            raise ModelError(
                f"{printable(place)} can't be loaded as a network: {reason}", "give an ONNX file"
            ) from error
        self._input, self._batch, self.width, self.height = _input(self._session, place)
        names = [node.name for node in self._session.get_outputs()]
        if output and output not in names:
            raise ModelError(
                f"{printable(place)} has no output {output!r}", f"it has {', '.join(names)}"
            )
        self.output: str = output or names[0]
        self.key = f"{hashlib.sha256(data).hexdigest()}:{self.output}"

    def embed(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Unit vectors of RGB pictures: float32 (number of pictures, dimension).

        The whole picture is squeezed to the network's input size: a crop would hide the edges.

        Raises:
            ModelError: the network fails, or puts out something that isn't finite.
        """
        prepared = np.stack([self._prepared(image) for image in images])
        step = self._batch or len(prepared)
        outputs = [
            self._run(prepared[start : start + step]) for start in range(0, len(prepared), step)
        ]
        vectors = np.concatenate(outputs)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all():
            raise ModelError(
                f"the network's output {self.output} isn't finite", "choose another output"
            )
        return vectors / np.maximum(norms, 1e-12)

    def _prepared(self, image: Image.Image) -> NDArray[np.float32]:
        reduced = image.convert("RGB").resize((self.width, self.height), Image.Resampling.BILINEAR)
        pixels = np.asarray(reduced, np.float32) / np.float32(255.0)
        return np.ascontiguousarray(((pixels - _MEAN) / _DEVIATION).transpose(2, 0, 1))

    def _run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            (found,) = self._session.run([self.output], {self._input: batch})
        except Exception as error:  # as above
            reason = " ".join(str(error).split())[:160]
            raise ModelError(f"the network failed: {reason}", "try another one") from error
        return np.asarray(found, np.float32).reshape(len(batch), -1)


def _input(session: Any, place: str) -> tuple[str, int, int, int]:
    """The input's name, batch size (0: open), width and height."""
    nodes = session.get_inputs()
    shape = nodes[0].shape if len(nodes) == 1 else []
    if len(shape) != 4 or shape[1] != 3 or nodes[0].type != "tensor(float)":
        wanted = "one input of 1 x 3 x height x width floats is needed"
        raise ModelError(f"{printable(place)} takes another kind of input", wanted)
    batch, _, height, width = shape
    return (
        nodes[0].name,
        batch if isinstance(batch, int) else 0,
        width if isinstance(width, int) else _DEFAULT_SIDE,
        height if isinstance(height, int) else _DEFAULT_SIDE,
    )
