"""Things that one of two pictures holds and the other lacks: in both, after an edit in one only."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from twinsift.models.exchange import exchanged

HIGH, WIDE = 240, 320


def scene() -> np.ndarray:
    x, y = np.meshgrid(np.arange(WIDE), np.arange(HIGH))
    return (110 + 0.2 * x + 0.1 * y + 3 * np.sin(x / 17) * np.cos(y / 13)).astype(np.float32)


def body(photograph, seed: int) -> np.ndarray:
    return np.asarray(photograph(seed, 44, 60).convert("L"), np.float32) * 0.5


def put(picture: np.ndarray, thing: np.ndarray, left: int, top: int) -> np.ndarray:
    """The thing with a soft outline, laid into a copy of the picture."""
    mask = np.zeros(thing.shape, np.float32)
    high, wide = thing.shape
    cv2.ellipse(mask, (wide // 2, high // 2), (wide // 2 - 3, high // 2 - 3), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.0)
    found = picture.copy()
    part = found[top : top + high, left : left + wide]
    part[:] = part * (1 - mask) + thing * mask
    return found


def share(x: np.ndarray, y: np.ndarray) -> float:
    apart = cv2.absdiff(x, y) > 5
    return exchanged(x, y, np.ones(x.shape, bool), apart)


def test_one_went_and_another_came(photograph):
    first = put(scene(), body(photograph, 1), 60, 90)
    second = put(scene(), body(photograph, 2), 200, 90)
    assert share(first, second) > 0.01
    assert share(first, second) == pytest.approx(share(second, first), rel=0.2)


def test_a_thing_that_moved_by_less_than_itself_was_at_two_places(photograph):
    walker = body(photograph, 3)
    assert share(put(scene(), walker, 120, 90), put(scene(), walker, 138, 90)) > 0.005


def test_what_only_one_picture_holds_may_be_an_edit(photograph):
    bare = scene()
    assert (
        share(bare, put(put(bare, body(photograph, 4), 60, 90), body(photograph, 5), 200, 90)) == 0
    )
    sticker = bare.copy()
    cv2.rectangle(sticker, (80, 60), (180, 150), 250.0, -1)
    assert share(put(bare, body(photograph, 6), 110, 75), sticker) == 0  # it hides what was there


def test_what_lies_at_the_border_may_surround_a_picture_laid_into_another(photograph):
    first = put(scene(), body(photograph, 1), 0, 90)
    second = put(scene(), body(photograph, 2), WIDE - 44, 90)
    first[:, :4], second[:, -4:] = 0, 0
    assert share(first, second) == 0
