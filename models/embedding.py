"""Embeddings by any ONNX network that takes one picture: what two pictures show, as a vector."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import onnx_graph, preprocessing, providers
from .errors import ModelError
from .reduction import SQUEEZED
from .text import printable

BATCH = 8
"""Pictures a call, where the network takes several: measured, see docs/embedding.md."""

_DEFAULT_SIDE = 224  # where the network leaves height and width open


def identify(path: Path | str, output: str = "") -> str:
    """`Embedder.key` without loading the network.

    Raises:
        ModelError: the file can't be read, is no ONNX file, or has no such output.
    """
    place = os.fspath(path)
    outputs = list(onnx_graph.read(Path(place)).outputs)
    return _key(_sha256(place), _chosen(output, outputs, place))


class Embedder:
    """One network, loaded; from pixels to unit vectors. Safe to call from several threads.

    The network takes 1 x 3 x H x W or N x 3 x H x W floats, preprocessed as its file's metadata say
    (models.preprocessing), else as ImageNet's networks want it. Whatever it puts out is flattened
    and normalised.
    """

    def __init__(
        self,
        path: Path | str,
        output: str = "",
        *,
        threads: int = 0,
        provider: str = providers.AUTOMATIC,
    ) -> None:
        """Load a network.

        `output` names one of its outputs ('': the first). `threads` is the number that one call
        computes with on the CPU (0: all cores). `provider` is one of providers.CHOICES.

        Raises:
            ModelError: the file can't be loaded, or has another kind of input, or no such output,
                or the provider isn't there.
        """
        place = os.fspath(path)
        digest = _sha256(place)
        self._session = _session(place, threads, provider)
        self.provider: str = providers.short_name(self._session.get_providers()[0])
        """Where it runs: one of providers.CHOICES."""
        self._input, self._batch, self.width, self.height = _input(self._session, place)
        names = [node.name for node in self._session.get_outputs()]
        self.output: str = _chosen(output, names, place)
        self.preprocessing = preprocessing.of_metadata(
            self._session.get_modelmeta().custom_metadata_map
        )
        self.key: str = _key(digest, self.output)
        """Names all that its vectors hang on: the file with its metadata, output, squeezing."""

    def embed(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, dimension), of pictures as models.decode.squeeze makes them.

        They are uint8 (n, height, width, 3), RGB, of the network's own `height` and `width`.

        Raises:
            ModelError: the network fails, or puts out something that isn't finite.
        """
        prepared = self.preprocessing.apply(pictures)
        step = self._batch or BATCH
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

    def _run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        missing = max(0, self._batch - len(batch))
        if missing:  # a fixed batch wants to be full
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        try:
            (found,) = self._session.run([self.output], {self._input: batch})
        except Exception as error:  # ONNX Runtime's own exceptions share no base class
            reason = " ".join(str(error).split())[:160]
            raise ModelError(f"the network failed: {reason}", "try another one") from error
        vectors = np.asarray(found, np.float32).reshape(len(batch), -1)
        return vectors[: len(vectors) - missing]


def _key(digest: str, output: str) -> str:
    return f"{digest}:{output}:{SQUEEZED}"


def _sha256(place: str) -> str:
    try:
        with open(place, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"the network {printable(place)} can't be read: {error.strerror}",
            "give an ONNX file as index.model, or a name that `twinsift model list` shows",
        ) from error


def _chosen(output: str, names: Sequence[str], place: str) -> str:
    if output and output not in names:
        raise ModelError(
            f"{printable(place)} has no output {output!r}", f"it has {', '.join(names)}"
        )
    return output or names[0]


def _session(place: str, threads: int, wanted: str) -> Any:
    """A session of ONNX Runtime on the first provider that takes the network."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    # Threads that wait by spinning take the cores from whoever else has work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    there = providers.available()
    chosen = providers.to_try(wanted, there)
    if not chosen:
        raise ModelError(
            f"this ONNX Runtime can't compute on {wanted}", f"it has {', '.join(there)}"
        )
    failure: Exception | None = None
    for short in chosen:
        try:
            return onnxruntime.InferenceSession(
                _model(place), options, providers=[providers.full_name(short)]
            )
        except Exception as error:  # as above; the next provider may take it
            failure = error
    reason = " ".join(str(failure).split())[:160]
    raise ModelError(
        f"{printable(place)} can't be loaded as a network: {reason}", "give an ONNX file"
    ) from failure


def _model(place: str) -> str | bytes:
    """What ONNX Runtime takes: the path (half the memory), or the bytes where it isn't UTF-8."""
    try:
        place.encode()
    except UnicodeEncodeError:
        return Path(place).read_bytes()
    return place


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
