from __future__ import annotations

import io

import pytest
from PIL import ExifTags, Image
from twinsift.models import metadata


def exif_with(make: str = "", model: str = "", taken: str = "", scanned: str = "") -> Image.Exif:
    exif = Image.Exif()
    if make:
        exif[0x010F] = make
    if model:
        exif[0x0110] = model
    details = exif.get_ifd(0x8769)
    if taken:
        details[0x9003] = taken
    if scanned:
        details[0x9004] = scanned
    again = Image.Exif()
    again.load(exif.tobytes())
    return again


def test_what_a_camera_writes_is_read() -> None:
    found = metadata.from_exif(exif_with("Canon", "Canon EOS 7D", "2019:08:07 06:05:04"))
    assert found.captured_at == "2019-08-07 06:05:04"
    assert found.camera == "Canon EOS 7D"
    assert found.exif_count >= 3


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("SONY", "DSC-W1", "SONY DSC-W1"),
        ("  Apple \0rubbish", "iPhone  12", "Apple iPhone 12"),
        ("Maker", "", "Maker"),
        ("", "", None),
        ("", "a\x1b[2Jb", "a\\x1b[2Jb"),
    ],
)
def test_the_camera_is_named_once_and_shown_safely(
    make: str, model: str, camera: str | None
) -> None:
    assert metadata.from_exif(exif_with(make, model)).camera == camera


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "yesterday", "2019:13:01 00:00:00", "    :  :     :  :  "]
)
def test_times_that_are_none_are_left_out(taken: str) -> None:
    assert metadata.from_exif(exif_with(taken=taken)).captured_at is None
    both = metadata.from_exif(exif_with(taken=taken, scanned="2001:02:03 04:05:06"))
    assert both.captured_at == "2001-02-03 04:05:06"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_says_less_and_never_raises() -> None:
    whole = exif_with("Canon", "Canon EOS 7D", "2019:08:07 06:05:04").tobytes()
    for end in range(8, len(whole)):
        exif = Image.Exif()
        try:
            exif.load(whole[:end])
        except Exception:  # what Pillow does with it is its own affair
            continue
        assert metadata.from_exif(exif).exif_count >= 0


@pytest.mark.parametrize("quality", [1, 5, 10, 25, 49, 50, 51, 75, 85, 90, 95, 99, 100])
def test_the_quality_of_a_jpeg_is_the_one_it_was_saved_at(quality: int) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), (90, 30, 200)).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as saved:
        assert metadata.jpeg_quality(saved.quantization) == quality  # type: ignore[attr-defined]


def test_tables_that_are_none_have_no_quality() -> None:
    assert metadata.jpeg_quality({}) is None
    assert metadata.jpeg_quality({0: [1, 2, 3]}) is None
    assert metadata.jpeg_quality({0: [65535] * 64}) is not None


@pytest.mark.parametrize(
    ("north", "ns", "east", "ew", "told"),
    [
        ((47, 22, 36.84), "N", (8, 32, 30.12), "E", "47.37690, 8.54170"),
        ((33, 51, 31), "S", (151, 12, 40), "E", "-33.85861, 151.21111"),
        ((40, 42, 46), "N", (74, 0, 21), "W", "40.71278, -74.00583"),
        ((0, 0, 0), "N", (0, 0, 0), "E", ""),  # what a receiver without a fix writes
        ((95, 0, 0), "N", (8, 0, 0), "E", ""),
        ((float("nan"), 0, 0), "N", (8, 0, 0), "E", ""),
    ],
)
def test_the_place_in_degrees(
    north: tuple[float, ...], ns: str, east: tuple[float, ...], ew: str, told: str
) -> None:
    assert metadata.position({1: ns, 2: north, 3: ew, 4: east}) == told


def test_the_place_is_part_of_the_metadata() -> None:
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps.update({1: "N", 2: (47.0, 30.0, 0.0), 3: "E", 4: (8.0, 15.0, 0.0)})
    assert metadata.from_exif(exif).gps == "47.50000, 8.25000"
    assert metadata.from_exif(Image.Exif()).gps is None
