from __future__ import annotations

from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from twinsift.models import hashes


def packed(found: imagehash.ImageHash) -> bytes:
    return np.packbits(found.hash.flatten()).tobytes()


def oriented(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return picture if turn is None else picture.transpose(turn)


def flat_pictures() -> list[Image.Image]:
    ramp = np.tile(np.linspace(0, 255, 320), (200, 1)).astype(np.uint8)
    checker = ((np.indices((256, 256)) // 16).sum(0) % 2 * 255).astype(np.uint8)
    spot = np.full((64, 64), 255, np.uint8)
    spot[30:34, 30:34] = 0
    return [
        *(Image.new("L", (320, 240), level) for level in (0, 2, 128, 255)),
        Image.fromarray(ramp),
        Image.fromarray(np.ascontiguousarray(ramp.T)),
        Image.fromarray(checker),
        Image.fromarray(spot),
        Image.new("L", (1, 1), 7),
        Image.new("L", (3000, 1), 7),
    ]


def test_all_hashes_are_imagehashs_bit_for_bit_in_every_orientation(
    photograph: Callable[..., Image.Image],
) -> None:
    photographs = [photograph(seed, 512, 300 + 20 * seed).convert("L") for seed in range(12)]
    for picture in photographs:
        found = hashes.phashes(picture)
        assert len(found) == 64
        for index, turn in enumerate(hashes.ORIENTATIONS):
            expected = packed(imagehash.phash(oriented(picture, turn)))
            assert found[8 * index : 8 * index + 8] == expected, turn
        assert hashes.phash(picture) == found[:8]
        assert hashes.dhash(picture) == packed(imagehash.dhash(picture))
        assert hashes.ahash(picture) == packed(imagehash.average_hash(picture))
    assert hashes.whash(photographs[0]) == packed(imagehash.whash(photographs[0]))


@pytest.mark.parametrize("picture", flat_pictures())
def test_flat_and_symmetric_pictures_too_where_rounding_decides(picture: Image.Image) -> None:
    found = hashes.phashes(picture)
    for index, turn in enumerate(hashes.ORIENTATIONS):
        assert found[8 * index : 8 * index + 8] == packed(imagehash.phash(oriented(picture, turn)))
    assert hashes.dhash(picture) == packed(imagehash.dhash(picture))
    assert hashes.ahash(picture) == packed(imagehash.average_hash(picture))


def test_a_turned_picture_is_found_at_distance_0_in_one_of_the_orientations(
    photograph: Callable[..., Image.Image],
) -> None:
    picture = photograph(3).convert("L")
    found = hashes.phashes(picture)
    of_original = [found[8 * k : 8 * k + 8] for k in range(8)]
    assert len(set(of_original)) == 8
    for turn in hashes.ORIENTATIONS:
        assert hashes.phash(oriented(picture, turn)) in of_original


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_the_distance_is_the_count_of_differing_bits(a: bytes, b: bytes) -> None:
    bits_a = np.unpackbits(np.frombuffer(a, np.uint8))
    bits_b = np.unpackbits(np.frombuffer(b, np.uint8))
    assert hashes.hamming(a, b) == int((bits_a != bits_b).sum())
    assert hashes.hamming(a, a) == 0


def test_hashes_of_two_lengths_are_not_compared() -> None:
    with pytest.raises(ValueError, match="8 and 16 bytes"):
        hashes.hamming(bytes(8), bytes(16))
