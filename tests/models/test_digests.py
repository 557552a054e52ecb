from __future__ import annotations

from pathlib import Path

import blake3
import numpy as np
import pytest
from twinsift.models import digests


def test_a_file_and_its_bytes_have_the_same_digest(tmp_path: Path) -> None:
    data = bytes(range(256)) * 9000  # more than two pieces
    (tmp_path / "a").write_bytes(data)
    assert digests.of_bytes(data) == blake3.blake3(data).digest()
    assert digests.of_file(tmp_path / "a") == digests.of_bytes(data)
    assert len(digests.of_bytes(b"")) == 32


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digests.of_file(tmp_path / "none")


def test_pixels_of_another_shape_or_value_have_another_digest() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert digests.of_pixels(pixels) == digests.of_pixels(pixels.copy())
    assert digests.of_pixels(pixels) != digests.of_pixels(pixels.reshape(2, 8, 3))
    other = pixels.copy()
    other[3, 3, 2] ^= 1
    assert digests.of_pixels(pixels) != digests.of_pixels(other)
    assert digests.of_pixels(pixels[:, ::-1]) == digests.of_pixels(pixels[:, ::-1].copy())
