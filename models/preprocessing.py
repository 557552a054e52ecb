"""What a network wants of a picture: channel order, range, means, deviations; kept in its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError

METADATA_KEY = "twinsift.preprocessing"
"""Key of the ONNX metadata entry that holds a `Preprocessing` as JSON."""

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From 8-bit pixels to a network's input: (pixels / divisor - mean) / deviation."""

    order: Literal["RGB", "BGR"]
    divisor: float
    mean: Triple
    """In the channel order above, like `deviation`."""
    deviation: Triple

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """RGB pixels, uint8 (..., height, width, 3), as float32 (..., 3, height, width)."""
        *several, height, width, channels = pixels.shape
        made = np.empty((*several, channels, height, width), np.float32)
        for place, channel in enumerate(self.order):
            # Plane by plane and in place: a fifth of the time of whole pictures and copies of them.
            plane = made[..., place, :, :]
            plane[...] = pixels[..., "RGB".index(channel)]
            plane /= np.float32(self.divisor)
            plane -= np.float32(self.mean[place])
            plane /= np.float32(self.deviation[place])
        return made

    def to_json(self) -> str:
        """For the metadata of an ONNX file, under METADATA_KEY."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Preprocessing:
        """What `to_json` wrote.

        Raises:
            ModelError: it isn't that.
        """
        try:
            found: dict[str, Any] = json.loads(text)
            made = cls(
                order=found["order"],
                divisor=float(found["divisor"]),
                mean=_triple(found["mean"]),
                deviation=_triple(found["deviation"]),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(
                "the network's file holds a preprocessing that can't be read", "export it again"
            ) from error
        if made.order not in ("RGB", "BGR") or not made.divisor or not all(made.deviation):
            raise ModelError(
                "the network's file holds a preprocessing that makes no sense", "export it again"
            )
        return made


def of_metadata(metadata: Mapping[str, str]) -> Preprocessing:
    """What a file's metadata ask for; ImageNet's where they say nothing.

    Raises:
        ModelError: they can't be understood.
    """
    text = metadata.get(METADATA_KEY)
    return IMAGENET if text is None else Preprocessing.from_json(text)


def _triple(values: Any) -> Triple:
    a, b, c = (float(value) for value in values)
    return (a, b, c)


# As torchvision and the ONNX model zoo use it.
IMAGENET = Preprocessing("RGB", 255.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# keras.applications.imagenet_utils.preprocess_input(mode="caffe"): what Keras's VGG16 wants.
CAFFE = Preprocessing("BGR", 1.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0))
# The same with mode="tf": -1 to 1.
SYMMETRIC = Preprocessing("RGB", 127.5, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))

KINDS: Mapping[str, Preprocessing] = {
    "imagenet": IMAGENET,
    "caffe": CAFFE,
    "symmetric": SYMMETRIC,
}
"""By the names that `twinsift model add --preprocessing` takes."""
