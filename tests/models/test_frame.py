"""Two pictures in one frame: each lies where the transform says, at any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from twinsift.models.frame import Frame, Part, draw, frame, scale
from twinsift.models.orientations import dihedral

Photograph = Callable[..., Image.Image]
WIDE, HIGH = 640, 480


def shifted(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]], np.float64)


def both(laid: Frame, a: np.ndarray, b: np.ndarray, part: Part) -> tuple[float, float]:
    """Mean difference of a and b where both are seen, and the share of the part that is."""
    size = part.width, part.height
    first, in_a = draw(a, part.onto(laid.to_a), size)
    second, in_b = draw(b, part.onto(laid.to_b), size)
    inside = in_a & in_b
    return float(np.abs(first.astype(int) - second)[inside].mean()), float(inside.mean())


def whole(laid: Frame, step: float = 4.0) -> Part:
    return Part(0, 0, step, round(laid.width / step), round(laid.height / step))


@pytest.fixture(scope="module")
def picture(photograph: Photograph) -> np.ndarray:
    return np.asarray(photograph(5, WIDE, HIGH))


def test_a_crop_lies_in_its_place(picture: np.ndarray) -> None:
    crop = np.ascontiguousarray(picture[60:380, 100:500])
    laid = frame(shifted(100, 60), (WIDE, HIGH), (400, 320))
    assert (laid.width, laid.height) == (WIDE, HIGH)
    assert laid.shared() == pytest.approx((100, 60, 500, 380))
    apart, share = both(laid, picture, crop, whole(laid))
    assert apart < 1.5
    assert share == pytest.approx(400 * 320 / (WIDE * HIGH), abs=0.01)


def test_a_crop_that_comes_first_is_seen_in_the_whole(picture: np.ndarray) -> None:
    crop = np.ascontiguousarray(picture[60:380, 100:500])
    laid = frame(np.linalg.inv(shifted(100, 60)), (400, 320), (WIDE, HIGH))
    assert (laid.width, laid.height) == pytest.approx((WIDE, HIGH))
    assert both(laid, crop, picture, whole(laid))[0] < 1.5


@pytest.mark.parametrize("orientation", range(8))
def test_turned_and_mirrored_pictures_cover_each_other(
    picture: np.ndarray, orientation: int
) -> None:
    turns = [
        None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90,
        Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE,
    ]  # fmt: skip
    turn = turns[orientation]
    image = Image.fromarray(picture)
    found = []
    for o in range(8):
        b = np.asarray(image if turn is None else image.transpose(turn))
        size = b.shape[1], b.shape[0]
        laid = frame(dihedral(o, WIDE, HIGH, *size), (WIDE, HIGH), size)
        found.append(both(laid, picture, b, whole(laid))[0])
    assert min(found) < 1.0  # one of the eight undoes the turn, exactly
    assert sorted(found)[1] > 10


def test_a_part_at_full_size_is_the_pixels_themselves(picture: np.ndarray) -> None:
    laid = frame(np.eye(3), (WIDE // 2, HIGH // 2), (WIDE // 2, HIGH // 2))
    part = Part(50, 40, 0.5, 60, 30)
    drawn, inside = draw(picture, part.onto(laid.to_a), (60, 30))
    assert inside.all()
    assert (drawn == picture[80:110, 100:160]).all()
    assert scale(part.onto(laid.to_a), (WIDE, HIGH), (30, 15)) == pytest.approx(1.0)


def test_magnified_pixels_are_squares() -> None:
    board = np.zeros((4, 4, 3), np.uint8)
    board[::2, ::2] = 255
    laid = frame(np.eye(3), (4, 4), (4, 4))
    drawn, _ = draw(board, Part(0, 0, 0.125, 32, 32).onto(laid.to_a), (32, 32))
    assert (drawn == np.kron(board, np.ones((8, 8, 1), np.uint8))).all()


def test_what_shrinks_is_averaged() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 200
    laid = frame(np.eye(3), (400, 400), (400, 400))
    drawn, _ = draw(stripes, Part(0, 0, 10.0, 40, 40).onto(laid.to_a), (40, 40))
    assert np.abs(drawn.astype(int) - 100).max() <= 6


def test_where_a_picture_doesnt_reach_is_told(picture: np.ndarray) -> None:
    laid = frame(shifted(-100, 0), (WIDE, HIGH), (WIDE, HIGH))
    assert laid.width == WIDE + 100
    _, inside = draw(picture, whole(laid, 10.0).onto(laid.to_a), (74, 48))
    assert not inside[:, :9].any()
    assert inside[:, 11:].all()


def test_a_transform_out_of_all_bounds_leaves_the_first_picture_alone() -> None:
    wild = np.array([[1e-7, 0, 0], [0, 1e-7, 0], [0, 0, 1]])
    laid = frame(wild, (WIDE, HIGH), (WIDE, HIGH))
    assert (laid.width, laid.height) == (WIDE, HIGH)
    flat = frame(np.zeros((3, 3)), (WIDE, HIGH), (WIDE, HIGH))
    assert (flat.width, flat.height) == (WIDE, HIGH)
