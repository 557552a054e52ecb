"""Stored previews are decoded as the workers decode, and in silence."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from twinsift.models import preview
from twinsift.models.extract import extract
from twinsift.models.features import ExtractSpec


def coded(image: Image.Image, **options: bool) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, **options)
    return stream.getvalue()


@pytest.fixture
def jpeg(photograph: Callable[..., Image.Image]) -> bytes:
    return coded(photograph(3, 320, 241))


def test_the_pixels_are_those_that_opencv_decodes(jpeg: bytes) -> None:
    def decoded(flags: int) -> NDArray[Any]:
        found = cv2.imdecode(np.frombuffer(jpeg, np.uint8), flags)
        assert found is not None
        return found

    assert np.array_equal(preview.grey(jpeg), decoded(cv2.IMREAD_GRAYSCALE))
    assert np.array_equal(preview.colour(jpeg)[:, :, ::-1], decoded(cv2.IMREAD_COLOR))
    quarter = decoded(cv2.IMREAD_REDUCED_COLOR_4)
    assert np.array_equal(preview.colour(jpeg, reduced=4)[:, :, ::-1], quarter)


def test_a_damaged_one_prints_nothing_on_the_screen(
    jpeg: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """A small file is its own preview, and its bytes may be anybody's."""
    damaged = bytearray(jpeg)
    damaged[-400:-300] = b"\xff\xd0" + bytes(98)
    found = extract(bytes(damaged), ExtractSpec())
    assert found.preview == bytes(damaged)
    preview.grey(found.preview)
    preview.colour(found.preview)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_decodes_slowly_is_not_its_own_preview(
    photograph: Callable[..., Image.Image],
) -> None:
    """The main process, which has no limit of time, would decode its many scans again."""
    data = coded(photograph(3, 320, 241), progressive=True)
    with Image.open(io.BytesIO(extract(data, ExtractSpec()).preview)) as image:
        assert not image.info.get("progressive")


def test_what_is_no_picture_is_told(jpeg: bytes) -> None:
    for data in (b"", b"no picture", jpeg[:100]):
        with pytest.raises(ValueError, match="no picture"):
            preview.grey(data)
