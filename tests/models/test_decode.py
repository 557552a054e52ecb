from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from twinsift.models import decode, formats, hashes, keypoints, reduction
from twinsift.models.errors import PictureError

LIMIT = 220_000_000
Photograph = Callable[..., Image.Image]


def saved(picture: Image.Image, name: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, name, **options)
    return stream.getvalue()


def read(data: bytes, side: int | None = 512) -> decode.Picture:
    return decode.read(data, side=side, max_pixels=LIMIT)


def tagged(picture: Image.Image, name: str, orientation: int, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(picture, name, exif=exif, **options)


def png_chunk(name: bytes, data: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + crc


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(b"\0")) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + body


@pytest.mark.parametrize("name", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_come_back_as_they_were(name: str, photograph: Photograph) -> None:
    picture = photograph(1, 300, 200)
    found = read(saved(picture, name))
    assert (found.format, found.width, found.height) == (name, 300, 200)
    assert found.lossless
    assert found.quality is None
    assert (np.asarray(found.image) == np.asarray(picture)).all()


@pytest.mark.parametrize("name", ["JPEG", "WEBP", "AVIF", "HEIF", "GIF"])
def test_lossy_formats_come_back_nearly_so(name: str, photograph: Photograph) -> None:
    formats.prepare(name)
    picture = photograph(2, 300, 200)
    found = read(saved(picture, name))
    assert (found.format, found.width, found.height) == (name, 300, 200)
    assert not found.lossless
    apart = np.abs(np.asarray(found.image).astype(int) - np.asarray(picture)).mean()
    assert apart < 12


def test_jpeg_xl_comes_with_its_extra(photograph: Photograph) -> None:
    pytest.importorskip("pillow_jxl")
    picture = photograph(2, 120, 80)
    assert read(saved(picture, "JXL")).width == 120


@pytest.mark.parametrize("name", ["PPM", "TGA", "PCX", "QOI"])
def test_seldom_formats_keep_every_pixel(name: str, photograph: Photograph) -> None:
    formats.prepare(name)
    picture = photograph(2, 300, 200)
    found = read(saved(picture, name))
    assert found.lossless
    assert found.image.tobytes() == picture.tobytes()


def test_jpeg_2000_is_a_picture_like_any_other(photograph: Photograph) -> None:
    formats.prepare("JPEG2000")
    picture = photograph(2, 300, 200)
    for options in ({}, {"no_jp2": True}, {"quality_mode": "rates", "quality_layers": [20]}):
        found = read(saved(picture, "JPEG2000", **options))
        assert (found.format, found.width, found.height) == ("JPEG2000", 300, 200)
        assert np.abs(np.asarray(found.image).astype(int) - np.asarray(picture)).mean() < 12


def photoshop(picture: np.ndarray) -> bytes:
    """An uncompressed PSD (Adobe Photoshop File Formats Specification) of (h, w, channels)."""
    height, width, channels = picture.shape
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, channels, height, width, 8, 3)
    return head + bytes(12) + bytes(2) + picture.transpose(2, 0, 1).tobytes()


def test_a_psd_shows_its_composite_whatever_was_selected(photograph: Photograph) -> None:
    picture = np.asarray(photograph(2, 120, 80))
    selection = np.zeros((80, 120, 1), np.uint8)
    for data in (photoshop(picture), photoshop(np.concatenate([picture, selection], axis=2))):
        found = read(data)
        assert (found.format, found.frames, found.lossless) == ("PSD", 1, True)
        assert (np.asarray(found.image) == picture).all()


def test_lossless_webp_is_told_from_lossy(photograph: Photograph) -> None:
    picture = photograph(3, 64, 64)
    frames = {"save_all": True, "append_images": [picture.rotate(90)]}
    assert read(saved(picture, "WEBP", lossless=True)).lossless
    assert read(saved(picture, "WEBP", lossless=True, icc_profile=bytes(400))).lossless
    assert not read(saved(picture, "WEBP")).lossless
    assert read(saved(picture, "WEBP", **frames)).frames == 2


def test_the_picture_is_reduced_to_the_side_and_never_enlarged(photograph: Photograph) -> None:
    for size in ((1600, 1200), (1200, 1601), (700, 90), (513, 512), (200, 100)):
        for name in ("JPEG", "PNG"):
            found = read(saved(photograph(4, *size), name))
            assert (found.width, found.height) == size
            if max(size) > 512:
                assert found.image.size == keypoints.working_size(*size, 512)
            else:
                assert found.image.size == size
    assert read(saved(photograph(4, 700, 90), "JPEG"), None).image.size == (700, 90)


def test_a_jpeg_reduced_while_decoding_shows_what_the_full_one_shows(
    photograph: Photograph,
) -> None:
    picture = photograph(5, 2400, 1800)
    found = read(saved(picture, "JPEG", quality=92)).image
    direct = picture.resize(found.size, Image.Resampling.LANCZOS)
    assert np.abs(np.asarray(found).astype(int) - np.asarray(direct)).mean() < 3
    assert hashes.hamming(hashes.phash(found.convert("L")), hashes.phash(direct.convert("L"))) <= 2


# How a picture that is upright must be stored for each value of EXIF's orientation tag.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("name", ["PNG", "TIFF", "WEBP", "AVIF", "JPEG"])
def test_every_orientation_of_every_format_comes_out_upright(
    name: str, orientation: int, photograph: Photograph
) -> None:
    formats.prepare(name)
    picture = photograph(6, 200, 120)
    turn = STORED[orientation]
    stored = picture if turn is None else picture.transpose(turn)
    found = read(tagged(stored, name, orientation, **({} if name == "TIFF" else {"quality": 95})))
    assert (found.width, found.height) == (200, 120)
    assert found.image.size == (200, 120)
    apart = np.abs(np.asarray(found.image).astype(int) - np.asarray(picture)).mean()
    assert apart < (0.001 if name in ("PNG", "TIFF") else 10)


def test_heif_is_turned_by_its_own_boxes_and_not_by_the_tag(photograph: Photograph) -> None:
    # ISO/IEC 23008-12: EXIF's orientation only repeats what the boxes irot and imir say.
    formats.prepare("HEIF")
    picture = photograph(6, 200, 120)
    found = read(tagged(picture, "HEIF", 6))
    assert found.image.size == (200, 120)
    assert np.abs(np.asarray(found.image).astype(int) - np.asarray(picture)).mean() < 10


def test_turned_by_the_tag_or_without_loss_the_pixels_are_the_same(
    photograph: Photograph,
) -> None:
    picture = photograph(7, 1100, 800)
    by_tag = read(tagged(picture.transpose(Image.Transpose.ROTATE_90), "PNG", 6))
    assert (np.asarray(by_tag.image) == np.asarray(read(saved(picture, "PNG")).image)).all()


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_orientations_that_do_not_exist_are_passed_over(
    orientation: int, photograph: Photograph
) -> None:
    found = read(tagged(photograph(8, 80, 40), "JPEG", orientation))
    assert (found.width, found.height) == (80, 40)


def test_the_first_frame_counts_and_the_others_are_counted(photograph: Photograph) -> None:
    first, second = photograph(9, 64, 48), photograph(10, 64, 48)
    for name in ("TIFF", "PNG", "MPO"):
        options = {"quality": 95} if name == "MPO" else {}
        data = saved(first, name, save_all=True, append_images=[second, second], **options)
        found = read(data)
        assert found.frames == 3
        assert found.format == name
        apart = np.abs(np.asarray(found.image).astype(int) - np.asarray(first)).mean()
        assert apart < 20  # a picture of 64 pixels and much detail, subsampled in MPO
    gif = saved(first.quantize(), "GIF", save_all=True, append_images=[second.quantize()])
    assert read(gif).frames == 2


def test_an_mpo_is_reduced_while_decoding_as_a_jpeg_is(photograph: Photograph) -> None:
    data = saved(photograph(9, 1600, 1200), "MPO", save_all=True, append_images=[photograph(1)])
    assert read(data).image.size == (512, 384)
    with pytest.raises(PictureError, match="more than the limit"):
        decode.read(data, side=None, max_pixels=1_000_000)
    assert decode.read(data, side=512, max_pixels=1_000_000).width == 1600


@pytest.mark.parametrize(
    "data",
    [
        png_header(30000, 30000),
        png_header(0x7FFFFFFF, 0x7FFFFFFF),
        b"GIF89a"
        + struct.pack("<HH", 65535, 65535)
        + b"\x80\0\0\0\0\0\xff\xff\xff,"
        + struct.pack("<HHHH", 0, 0, 65535, 65535)
        + b"\0\x02\x02D\x01\0;",
    ],
)
def test_headers_that_claim_too_much_are_refused_before_anything_is_allocated(
    data: bytes,
) -> None:
    with pytest.raises(PictureError, match="more than the limit") as caught:
        read(data)
    assert "max_megapixels" in caught.value.remedy


def test_a_progressive_jpeg_counts_in_full_since_it_is_held_in_full(
    photograph: Photograph,
) -> None:
    plain = saved(photograph(1, 1600, 1200), "JPEG")
    progressive = saved(photograph(1, 1600, 1200), "JPEG", progressive=True)
    assert decode.read(plain, side=512, max_pixels=1_000_000).width == 1600
    with pytest.raises(PictureError, match="1600 x 1200"):
        decode.read(progressive, side=512, max_pixels=1_000_000)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_file_cut_short_is_refused_in_one_line_wherever_it_is_cut(
    name: str, photograph: Photograph
) -> None:
    data = saved(photograph(11, 160, 120), name)
    for part in (0.02, 0.3, 0.7, 0.97):
        with pytest.raises(PictureError) as caught:
            read(data[: int(len(data) * part)])
        assert "\n" not in str(caught.value)
        assert "0x" not in str(caught.value)  # no address of an object of ours


def test_what_is_no_picture_is_said_so() -> None:
    for data in (b"", b"<html></html>", b"\xff\xd8"):
        with pytest.raises(PictureError, match="not a picture"):
            read(data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"]), st.data())
def test_rotten_bytes_give_a_picture_or_a_reason_and_nothing_else(
    name: str, data: st.DataObject
) -> None:
    rotten = bytearray(ROTTEN[name])
    for _ in range(data.draw(st.integers(1, 12))):
        rotten[data.draw(st.integers(0, len(rotten) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = decode.read(bytes(rotten), side=64, max_pixels=4_000_000)
    except PictureError as error:
        assert "\n" not in str(error)
    else:
        assert found.image.mode == "RGB"
        assert max(found.image.size) <= 64


_SEED = Image.fromarray(np.random.default_rng(5).integers(0, 255, (48, 64, 3), np.uint8))
ROTTEN = {name: saved(_SEED, name) for name in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")}


def test_the_digest_of_all_pixels_is_equal_only_for_equal_pictures(
    photograph: Photograph,
) -> None:
    picture = photograph(12, 900, 700)
    digest = decode.full_pixels_digest(saved(picture, "PNG"))
    assert digest == decode.full_pixels_digest(saved(picture, "BMP"))
    assert digest == decode.full_pixels_digest(saved(picture, "WEBP", lossless=True))
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    assert digest == decode.full_pixels_digest(tagged(turned, "TIFF", 6))
    assert digest != decode.full_pixels_digest(saved(turned, "PNG"))
    other = picture.copy()
    other.putpixel((899, 699), (1, 2, 3))
    assert digest != decode.full_pixels_digest(saved(other, "PNG"))
    jpeg = saved(picture, "JPEG")
    again = saved(Image.open(io.BytesIO(jpeg)), "PNG")
    assert decode.full_pixels_digest(jpeg) == decode.full_pixels_digest(again)


def test_every_camera_file_of_the_shared_photographs_is_read(shared_data: Path) -> None:
    files = sorted((shared_data / "photos" / "metadata_extractor").rglob("*.jpg"))
    assert files
    for file in files[::3]:
        found = read(file.read_bytes())
        assert found.format in ("JPEG", "MPO")
        assert found.metadata.camera or found.metadata.exif_count >= 0
        assert max(found.image.size) == min(512, max(found.width, found.height))


def test_the_eight_orientations_of_real_files_show_one_picture(shared_data: Path) -> None:
    folder = shared_data / "natural" / "exif_orientation"
    for shape in ("Landscape", "Portrait"):
        files = sorted(folder.glob(f"{shape}_[1-8].jpg"))
        if not files:
            pytest.skip("no orientation samples")
        found = [read(file.read_bytes()) for file in files]
        assert len({(one.width, one.height) for one in found}) == 1
        marks = [hashes.phash(one.image.convert("L")) for one in found]
        assert max(hashes.hamming(marks[0], mark) for mark in marks) <= 4


def plainly_squeezed(picture: Image.Image, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BILINEAR))


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "GIF"])
def test_a_squeezed_picture_is_what_pillow_makes_of_the_whole_upright_one(
    name: str, photograph: Photograph
) -> None:
    whole = Image.open(io.BytesIO(saved(photograph(13, 300, 200), name)))
    found = decode.squeeze(saved(photograph(13, 300, 200), name), (80, 64), max_pixels=LIMIT)
    assert (found.shape, found.dtype) == ((64, 80, 3), np.uint8)
    assert (found == plainly_squeezed(whole, (80, 64))).all()
    if name in ("PNG", "JPEG"):
        data = tagged(photograph(13, 300, 200), name, 6)
        turned = Image.open(io.BytesIO(data)).transpose(Image.Transpose.ROTATE_270)
        upright = decode.squeeze(data, (80, 64), max_pixels=LIMIT)
        assert (upright == plainly_squeezed(turned, (80, 64))).all()


@pytest.mark.parametrize(
    ("whole", "decoded"),
    [((4000, 3000), (1000, 750)), ((3000, 4000), (750, 1000)), ((8000, 700), (8000, 700))],
)
def test_what_is_squeezed_is_decoded_at_three_times_its_size_or_more(
    whole: tuple[int, int], decoded: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    apply = reduction.Squeezed.apply

    def spy(self: reduction.Squeezed, image: Image.Image) -> Image.Image:
        seen.append(image.size)
        return apply(self, image)

    monkeypatch.setattr(reduction.Squeezed, "apply", spy)
    data = saved(Image.linear_gradient("L").convert("RGB").resize(whole), "JPEG")
    found = decode.squeeze(data, (224, 224), max_pixels=LIMIT)
    assert seen == [decoded]
    apart = found.astype(int) - plainly_squeezed(Image.open(io.BytesIO(data)), (224, 224))
    assert np.abs(apart).max() <= 2
