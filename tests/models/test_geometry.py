"""Geometry: known transforms are recovered, strangers aren't aligned, parallax shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from twinsift.models.geometry import align, match
from twinsift.models.keypoints import detect


@pytest.fixture(scope="module")
def grey(photograph) -> np.ndarray:
    return np.asarray(photograph(21, 512, 384).convert("L"))


def keypoints(picture: np.ndarray):
    return detect(picture, side=512, limit=500)


def apart(found: np.ndarray, planted: np.ndarray) -> float:
    """Largest distance, in pixels, between where two transforms put the corners and the centre."""
    points = np.array([[[0, 0], [511, 0], [511, 383], [0, 383], [256, 192]]], np.float64)
    put, meant = (cv2.perspectiveTransform(points, m) for m in (found, planted))
    return float(np.linalg.norm(put - meant, axis=2).max())


@pytest.mark.parametrize(
    ("angle", "scale"), [(0, 0.75), (15, 1.0), (-40, 0.8), (90, 0.7), (180, 1.0)]
)
def test_rotation_and_scale_are_recovered(grey, angle, scale):
    planted = np.vstack([cv2.getRotationMatrix2D((256, 192), angle, scale), [0, 0, 1]])
    turned = cv2.warpAffine(grey, planted[:2], (512, 384), borderValue=128)
    found = align(keypoints(grey), keypoints(turned))
    assert found is not None
    assert not found.mirrored
    assert apart(found.transform, planted) < 3.0
    assert found.scale == pytest.approx(scale, rel=0.02)
    assert (found.rotation - angle + 180) % 360 - 180 == pytest.approx(0, abs=1)
    assert found.residual < 0.6


@pytest.mark.parametrize("angle", [0, 25])
def test_a_mirrored_picture_is_aligned_as_mirrored(grey, angle):
    turn = np.vstack([cv2.getRotationMatrix2D((256, 192), angle, 1.0), [0, 0, 1]])
    flip = np.array([[-1.0, 0, 511], [0, 1, 0], [0, 0, 1]])
    mirrored = cv2.warpAffine(grey, (turn @ flip)[:2], (512, 384), borderValue=128)
    found = align(keypoints(grey), keypoints(mirrored))
    assert found is not None
    assert found.mirrored
    assert apart(found.transform, turn @ flip) < 3.0
    # The points refer to the picture as it is, not to its mirror image.
    put = cv2.perspectiveTransform(found.points_a[None].astype(np.float64), turn @ flip)[0]
    assert np.median(np.linalg.norm(put - found.points_b, axis=1)) < 2.0


def test_a_perspective_view_gets_a_homography(grey):
    corners = np.array([[0, 0], [511, 0], [511, 383], [0, 383]], np.float32)
    moved = corners + np.array([[40, 25], [-20, 5], [0, 0], [-5, -10]], np.float32)
    planted = cv2.getPerspectiveTransform(corners, moved)
    view = cv2.warpPerspective(grey, planted, (512, 384), borderValue=128)
    found = align(keypoints(grey), keypoints(view))
    assert found is not None
    assert found.homography is not None
    assert apart(found.homography, planted) < 4.0
    assert found.residual < 0.6


def test_strangers_have_few_inliers(photograph):
    pictures = [keypoints(np.asarray(photograph(s, 512, 384).convert("L"))) for s in range(30, 38)]
    for i, a in enumerate(pictures):
        for b in pictures[:i]:
            found = align(a, b)
            assert found is None or found.inliers < 12


def test_parallax_leaves_coherent_errors_and_an_edit_does_not(grey):
    y, x = np.mgrid[:384, :512].astype(np.float32)
    depth = 6 * np.sin(x / 60) * np.cos(y / 50)  # a step aside moves near things further
    step = cv2.remap(grey, x + depth, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    noise = np.random.default_rng(1).normal(0, 12, grey.shape)
    noisy = np.clip(grey + noise, 0, 255).astype(np.uint8)
    beside, edited = (align(keypoints(grey), keypoints(p)) for p in (step, noisy))
    assert beside is not None
    assert edited is not None
    assert beside.coherence > 0.6
    assert beside.residual > 0.4
    assert abs(edited.coherence) < 0.35


def test_each_keypoint_is_matched_once_at_most(grey):
    found = match(keypoints(grey), keypoints(grey[:, :400].copy()))
    assert len(found) > 50
    for side in (0, 1):
        assert len(np.unique(found[:, side])) == len(found)


def test_sift_and_orb_are_not_compared(grey):
    square = np.full((400, 400), 120, np.uint8)
    square[150:250, 150:250] = 200
    assert len(match(keypoints(grey), detect(square, side=400, limit=300))) == 0
