"""What every test may ask for: a home of its own, pictures made by code, and the shared data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent

Photograph = Callable[..., Image.Image]

settings.register_profile("twinsift", deadline=None)  # no test asserts a time
settings.load_profile("twinsift")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home folder: no test reads or writes a person's catalog and settings."""
    folder = tmp_path_factory.mktemp("home")
    places = {
        "HOME": "",
        "USERPROFILE": "",
        "XDG_DATA_HOME": ".local/share",
        "XDG_CONFIG_HOME": ".config",
        "XDG_CACHE_HOME": ".cache",
        "XDG_STATE_HOME": ".local/state",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, place in places.items():
            patch.setenv(name, str(folder / place))
        yield folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures beside the checkout; tests that need it skip without it."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the pictures in {os.path.relpath(folder, REPOSITORY)}")
    return folder


@pytest.fixture(scope="session")
def photograph() -> Photograph:
    """`photograph(seed, width=640, height=480)`: an RGB picture with a photograph's traits."""
    return make_photograph


def make_photograph(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A picture of its own for each seed: soft light, hard-edged objects, texture and grain.

    Two seeds share nothing that a hash or a keypoint could mistake for a copy.
    """
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for cells, strength in ((3, 90.0), (9, 45.0), (40, 22.0)):
        coarse = rng.normal(0.0, 1.0, (cells, cells, 3)).astype(np.float32)
        picture += strength * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture += 128.0
    for _ in range(60):
        colour = [float(value) for value in rng.integers(0, 256, 3)]
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (int(rng.integers(6, 5 + width // 9)), int(rng.integers(6, 5 + height // 9)))
        if rng.random() < 0.5:
            cv2.ellipse(
                picture, centre, axes, float(rng.integers(0, 180)), 0, 360, colour, -1, cv2.LINE_AA
            )
        else:
            corners = cv2.boxPoints(
                (centre, (2 * axes[0], 2 * axes[1]), float(rng.integers(0, 180)))
            )
            cv2.fillConvexPoly(picture, np.rint(corners).astype(np.int32), colour, cv2.LINE_AA)
    picture += rng.normal(0.0, 3.0, picture.shape).astype(np.float32)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
