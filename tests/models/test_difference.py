"""Where two aligned pictures differ: the same SSIM as the evidence, how much, and where."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from twinsift.models.difference import Where, colours_apart, difference
from twinsift.models.frame import frame
from twinsift.models.similarity import compare

Photograph = Callable[..., Image.Image]


@pytest.fixture(scope="module")
def picture(photograph: Photograph) -> Image.Image:
    return photograph(11, 512, 384)


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def test_a_picture_doesnt_differ_from_itself(picture: Image.Image) -> None:
    found = difference(grey(picture), grey(picture), np.eye(3))
    assert found is not None
    assert (found.share, found.where) == (0.0, None)
    assert found.ssim == pytest.approx(1.0)
    assert found.amount.max() < 1e-4


def test_the_ssim_is_the_evidences(picture: Image.Image) -> None:
    other = picture.point([min(255, int(v * 0.7 + 30)) for v in range(256)] * 3)
    a, b = grey(picture), cv2.GaussianBlur(grey(other), (0, 0), 1.2)
    shift = np.array([[1, 0, 6], [0, 1, -4], [0, 0, 1]], np.float64)
    found, measured = difference(a, b, shift), compare(a, b, shift)
    assert found is not None
    assert measured is not None
    assert found.ssim == pytest.approx(measured.ssim, abs=1e-6)


@pytest.mark.parametrize(
    ("box", "where"),
    [
        ((20, 20, 120, 100), Where.UPPER_LEFT),
        ((400, 300, 500, 370), Where.LOWER_RIGHT),
        ((200, 10, 320, 90), Where.TOP),
        ((200, 150, 310, 230), Where.MIDDLE),
    ],
)
def test_a_sticker_is_found_in_its_place(
    picture: Image.Image, box: tuple[int, int, int, int], where: Where
) -> None:
    stuck = picture.copy()
    ImageDraw.Draw(stuck).rectangle(box, "white")
    found = difference(grey(picture), grey(stuck), np.eye(3))
    assert found is not None
    area = (box[2] - box[0]) * (box[3] - box[1]) / (512 * 384)
    assert found.share == pytest.approx(area, rel=0.5)
    assert found.where is where
    scaled = [round(v / 2) for v in box]
    there = found.amount[scaled[1] : scaled[3], scaled[0] : scaled[2]]
    assert there.mean() > 10 * np.delete(found.amount, slice(scaled[1], scaled[3]), axis=0).mean()


def test_what_differs_everywhere_is_nowhere_in_particular(picture: Image.Image) -> None:
    blurred = cv2.GaussianBlur(grey(picture), (0, 0), 9.0)
    found = difference(grey(picture), blurred, np.eye(3))
    assert found is not None
    assert found.share > 0.1
    assert found.where is None


def test_jpeg_at_a_low_quality_hardly_differs(picture: Image.Image) -> None:
    _, coded = cv2.imencode(".jpg", grey(picture), [cv2.IMWRITE_JPEG_QUALITY, 30])
    decoded = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    found = difference(grey(picture), decoded, np.eye(3))
    assert found is not None
    assert found.share < 0.02


def test_too_little_overlap_is_none(picture: Image.Image) -> None:
    far = np.array([[1, 0, 510], [0, 1, 0], [0, 0, 1]], np.float64)
    assert difference(grey(picture), grey(picture), far) is None


def test_colours_are_compared_where_both_are_seen(picture: Image.Image) -> None:
    whole = np.asarray(picture)
    crop = np.ascontiguousarray(whole[80:300, 100:400])
    move = np.array([[1, 0, -100], [0, 1, -80], [0, 0, 1]], np.float64)
    laid = frame(move, (512, 384), (300, 220))
    assert colours_apart(whole, crop, laid) <= 1.5
    faded = np.asarray(picture.convert("L").convert("RGB"))[80:300, 100:400]
    assert colours_apart(whole, np.ascontiguousarray(faded), laid) > 8
