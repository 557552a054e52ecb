from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import replace

import imagehash
import numpy as np
import pytest
from PIL import Image
from twinsift.models import decode, digests, hashes
from twinsift.models.errors import PictureError
from twinsift.models.extract import extract
from twinsift.models.features import ExtractSpec

SPEC = ExtractSpec()


@pytest.fixture(scope="module")
def jpeg(photograph: Callable[..., Image.Image]) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Model 1"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    stream = io.BytesIO()
    photograph(21, 1280, 960).save(stream, "JPEG", quality=87, exif=exif)
    return stream.getvalue()


def test_one_decode_gives_everything_that_the_catalog_keeps(jpeg: bytes) -> None:
    found = extract(jpeg, SPEC)
    assert found.digest == digests.of_bytes(jpeg)
    assert found.size == len(jpeg)
    assert (found.format, found.width, found.height) == ("JPEG", 1280, 960)
    assert found.metadata.captured_at == "2020-01-02 03:04:05"
    assert found.metadata.camera == "Maker Model 1"
    assert found.metadata.exif_count >= 3
    assert (found.lossless, found.quality, found.frames) == (False, 87, 1)
    assert found.keypoints.count > 50
    assert (found.keypoints.width, found.keypoints.height) == (512, 384)


def test_hashes_are_those_of_the_picture_that_the_products_are_made_from(jpeg: bytes) -> None:
    found = extract(jpeg, replace(SPEC, hashes=("whash", "ahash")))
    picture = decode.read(jpeg, side=512, max_pixels=10**9).image
    kinds = dict(found.hashes)
    assert list(kinds) == ["phash", "dhash", "ahash", "whash"]
    for kind, function in (
        ("phash", imagehash.phash),
        ("dhash", imagehash.dhash),
        ("ahash", imagehash.average_hash),
        ("whash", imagehash.whash),
    ):
        assert kinds[kind][:8] == np.packbits(function(picture).hash).tobytes()
    assert len(kinds["phash"]) == 64
    assert found.pixel_digest == digests.of_pixels(np.asarray(picture))
    assert found.contrast == pytest.approx(np.asarray(picture.convert("L")).std())


def test_the_preview_is_a_jpeg_of_the_reduced_picture(jpeg: bytes) -> None:
    with Image.open(io.BytesIO(extract(jpeg, SPEC).preview)) as preview:
        assert (preview.format, preview.size) == ("JPEG", (512, 384))
    with Image.open(io.BytesIO(extract(jpeg, replace(SPEC, working_side=256)).preview)) as small:
        assert small.size == (256, 192)


def test_the_same_bytes_give_the_same_features_in_any_process(jpeg: bytes) -> None:
    assert pickle.dumps(extract(jpeg, SPEC)) == pickle.dumps(extract(jpeg, SPEC))


def test_pictures_of_one_pixel_and_of_extreme_shapes_have_features_too() -> None:
    for size in ((1, 1), (2, 1), (1, 3000), (3000, 1), (9, 20000), (7, 7)):
        stream = io.BytesIO()
        Image.linear_gradient("L").resize(size).save(stream, "PNG")
        found = extract(stream.getvalue(), SPEC)
        assert (found.width, found.height) == size
        assert len(dict(found.hashes)["phash"]) == 64


def test_the_key_names_what_the_features_hang_on() -> None:
    keys = {
        spec.key()
        for spec in (
            SPEC,
            replace(SPEC, working_side=640),
            replace(SPEC, keypoints=250),
            replace(SPEC, hashes=("ahash",)),
        )
    }
    assert len(keys) == 4
    assert replace(SPEC, hashes=("ahash", "whash")).key() == (
        replace(SPEC, hashes=("whash", "ahash", "whash")).key()
    )
    assert replace(SPEC, max_megapixels=1.0).key() == SPEC.key()


HASHES_ONLY = replace(SPEC, keypoints=0)


def saved(picture: Image.Image, **how: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90, **how)
    return stream.getvalue()


@pytest.mark.parametrize("size", [(2400, 1800), (1300, 970), (500, 375), (375, 500), (300, 120)])
def test_hashes_alone_are_those_of_a_coarser_decode_within_a_few_bits(
    photograph: Callable[..., Image.Image], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pictures of a copy differ by as many when it is merely resized."""
    decoded: list[tuple[int, int]] = []
    real = hashes.compute

    def spy(grey: Image.Image, kinds: tuple[str, ...]):
        decoded.append(grey.size)
        return real(grey, kinds)

    data = saved(photograph(31, *size))
    fine = dict(extract(data, SPEC).hashes)["phash"]
    monkeypatch.setattr(hashes, "compute", spy)
    found = extract(data, HASHES_ONLY)
    coarse = dict(found.hashes)["phash"]
    assert max(hashes.hamming(fine[k : k + 8], coarse[k : k + 8]) for k in range(0, 64, 8)) <= 4
    assert 90 <= min(decoded[0]) < 180
    assert found.keypoints.count == 0
    assert max(found.keypoints.width, found.keypoints.height) == 240
    assert (found.width, found.height) == size
    assert found.contrast == pytest.approx(extract(data, SPEC).contrast, abs=2)


def test_hashes_alone_keep_a_preview_in_colour(photograph: Callable[..., Image.Image]) -> None:
    small, large = saved(photograph(32, 500, 375)), saved(photograph(32, 4000, 3000))
    assert extract(small, HASHES_ONLY).preview == small
    with Image.open(io.BytesIO(extract(large, HASHES_ONLY).preview)) as preview:
        assert (preview.mode, preview.size) == ("RGB", (500, 375))
    tag = Image.Exif()
    tag[0x0112] = 6
    turned = extract(saved(photograph(32, 500, 375), exif=tag), HASHES_ONLY)
    assert (turned.width, turned.height) == (375, 500)
    with Image.open(io.BytesIO(turned.preview)) as preview:
        assert (preview.mode, preview.size) == ("RGB", (188, 250))


def test_the_two_ways_of_hashing_never_pass_for_one_another() -> None:
    assert HASHES_ONLY.key() != SPEC.key()
    assert "coarse" in HASHES_ONLY.key()


def test_a_picture_beyond_the_limit_is_refused(jpeg: bytes) -> None:
    assert extract(jpeg, replace(SPEC, max_megapixels=0.4)).width == 1280  # reduced while decoding
    with pytest.raises(PictureError):
        extract(jpeg, replace(SPEC, max_megapixels=0.1))
