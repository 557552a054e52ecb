"""Keypoints: caps, storage, the mirrored descriptors, ORB as second."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from twinsift.models.keypoints import FEWEST_SIFT, Keypoints, detect, working_size


@pytest.fixture(scope="module")
def grey(photograph) -> np.ndarray:
    return np.asarray(photograph(11, 512, 384).convert("L"))


def test_no_more_keypoints_than_asked_for(grey):
    found = detect(grey, side=512, limit=120)
    assert found.kind == "sift"
    assert 100 <= len(found) <= 120
    assert (found.width, found.height) == (512, 384)
    assert found.vectors.shape == (len(found), 128)


def test_small_pictures_are_enlarged_to_the_working_size(grey):
    small = np.asarray(Image.fromarray(grey).resize((200, 150)))
    found = detect(small, side=512, limit=300)
    assert (found.width, found.height) == (512, 384)
    assert found.positions[:, 0].max() > 300


def test_vectors_have_the_length_of_root_sift(grey):
    lengths = np.linalg.norm(detect(grey, side=512, limit=200).vectors / 512.0, axis=1)
    assert np.abs(lengths - 1).max() < 0.02


def test_storage_keeps_vectors_exactly_and_positions_to_a_hundredth(grey):
    found = detect(grey, side=512, limit=200)
    again = Keypoints.unpack(found.pack())
    assert (again.vectors == found.vectors).all()
    assert np.abs(again.positions[:, :2] - found.positions[:, :2]).max() < 0.01


def test_mirrored_descriptors_are_those_of_the_mirrored_picture(grey):
    derived = detect(grey, side=512, limit=400).mirrored
    detected = detect(np.ascontiguousarray(grey[:, ::-1]), side=512, limit=400)
    cosines = derived.unit @ detected.unit.T
    best = cosines.argmax(axis=1)
    same = cosines[np.arange(len(best)), best] > 0.98
    apart = np.linalg.norm(derived.positions[same, :2] - detected.positions[best[same], :2], axis=1)
    assert same.mean() > 0.75
    assert np.median(apart) < 1.0


def test_orb_describes_what_sift_finds_too_little_in():
    picture = np.full((400, 400), 120, np.uint8)
    picture[150:250, 150:250] = 200  # one square: a few SIFT keypoints, ORB's corners
    found = detect(picture, side=400, limit=300)
    assert found.kind == "orb"
    assert found.vectors.shape[1] == 32
    again = Keypoints.unpack(found.pack())
    assert (again.vectors == found.vectors).all()


@pytest.mark.parametrize("shape", [(300, 300), (1, 3000), (9, 2000)])
def test_flat_and_thin_pictures_have_none_and_do_no_harm(shape):
    found = detect(np.full(shape, 128, np.uint8), side=512, limit=100)
    assert len(found) < FEWEST_SIFT


@pytest.mark.parametrize(
    ("size", "expected"),
    [((4000, 3000), (512, 384)), ((100, 50), (512, 256)), ((1, 9000), (1, 512))],
)
def test_working_size(size, expected):
    width, height = size
    assert working_size(width, height, 512) == expected
