from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms
from twinsift.models import colour


def rgb(image: Image.Image, profile: bytes | None = None) -> np.ndarray:
    result = colour.to_srgb(colour.resizable(image), profile)
    assert result.mode == "RGB"
    return np.asarray(result).astype(int)


def test_plain_modes_keep_their_values() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    assert (rgb(Image.fromarray(pixels)) == pixels).all()
    grey = Image.fromarray(pixels[..., 0])
    assert (rgb(grey) == pixels[..., :1]).all()
    assert (rgb(Image.fromarray(pixels).quantize(16)).shape) == (4, 4, 3)
    bits = Image.fromarray(np.eye(8, dtype=bool))
    assert set(np.unique(rgb(bits))) == {0, 255}


def test_transparent_pixels_show_white_whatever_colour_hides_in_them() -> None:
    hidden = Image.new("RGBA", (4, 4), (200, 10, 10, 0))
    assert (rgb(hidden) == 255).all()
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert abs(rgb(half) - 127).max() <= 1
    assert (rgb(Image.new("LA", (4, 4), (9, 0))) == 255).all()
    keyed = Image.new("RGB", (4, 4), (10, 20, 30))
    keyed.info["transparency"] = (10, 20, 30)
    assert (rgb(keyed) == 255).all()
    palette = Image.new("P", (4, 4), 3)
    palette.info["transparency"] = 3
    assert (rgb(palette) == 255).all()


def test_sixteen_bits_become_eight_with_white_staying_white() -> None:
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    expected = [0, 1, 128, 255]
    assert rgb(Image.fromarray(values))[0, :, 0].tolist() == expected
    assert rgb(Image.fromarray(values.astype(">u2")))[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 200.0]], np.float32), [0, 100, 200]),
        (np.array([[0.0, 257.0, 65535.0]], np.float32), [0, 1, 255]),
        (np.array([[-2.0, 0.0, 2.0]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, np.inf, 1.0]], np.float32), [0, 0, 255]),
        (np.array([[7.0, 7.0]], np.float32) * 1e6, [0, 0]),
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 257, 65535]], np.int32), [0, 1, 255]),
        (np.array([[0, 70000 * 255]], np.int32), [0, 255]),
    ],
)
def test_pictures_that_do_not_say_what_white_is(values: np.ndarray, expected: list[int]) -> None:
    assert rgb(Image.fromarray(values))[0, :, 0].tolist() == expected


def test_lab_and_cmyk_and_ycbcr_show_the_colours_they_were_made_from() -> None:
    original = Image.new("RGB", (8, 8), (200, 100, 50))
    lab = ImageCms.applyTransform(
        original,
        ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        ),
    )
    assert lab is not None
    for picture in (lab, original.convert("CMYK"), original.convert("YCbCr")):
        assert abs(rgb(picture) - (200, 100, 50)).max() <= 4, picture.mode


def wide_profile() -> bytes:
    """sRGB's profile with the red and green columns swapped: colours change visibly."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    start = data.index(b"s\0R\0G\0B") if b"s\0R\0G\0B" in data else data.index(b"sRGB", 128)
    data[start : start + 4] = b"t\0R\0" if b"s\0R\0G\0B" in data else b"tRGB"
    return bytes(data)


def test_a_profile_other_than_srgb_is_applied() -> None:
    picture = Image.new("RGB", (4, 4), (220, 40, 40))
    assert abs(rgb(picture, wide_profile())[0, 0] - (220, 40, 40)).max() > 40


def test_srgb_itself_broken_profiles_and_those_of_another_mode_change_nothing() -> None:
    picture = Image.new("RGB", (4, 4), (220, 40, 40))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (srgb, lab, b"not an icc profile", b"", wide_profile()[:200]):
        assert (rgb(picture, profile) == (220, 40, 40)).all()
    assert (rgb(Image.new("L", (4, 4), 9), wide_profile()) == 9).all()
