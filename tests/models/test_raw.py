from __future__ import annotations

import struct

import numpy as np
import pytest
from twinsift.models import decode
from twinsift.models.errors import PictureError

pytest.importorskip("rawpy")

WIDTH, HEIGHT = 160, 96


def dng() -> bytes:
    """A small uncompressed DNG: left half bright, right half dark, and a made-up camera."""
    sensor = np.full((HEIGHT, WIDTH), 200, "<u2")
    sensor[:, : WIDTH // 2] = 12000
    unity = b"".join(struct.pack("<ii", int(i % 4 == 0), 1) for i in range(9))
    entries: list[tuple[int, int, int, bytes]] = [
        (254, 4, 1, struct.pack("<I", 0)),
        (256, 4, 1, struct.pack("<I", WIDTH)),
        (257, 4, 1, struct.pack("<I", HEIGHT)),
        (258, 3, 1, struct.pack("<H", 16)),
        (259, 3, 1, struct.pack("<H", 1)),
        (262, 3, 1, struct.pack("<H", 32803)),
        (271, 2, 6, b"Maker\0"),
        (272, 2, 6, b"Model\0"),
        (273, 4, 1, b""),
        (274, 3, 1, struct.pack("<H", 1)),
        (277, 3, 1, struct.pack("<H", 1)),
        (278, 4, 1, struct.pack("<I", HEIGHT)),
        (279, 4, 1, struct.pack("<I", sensor.nbytes)),
        (33421, 3, 2, struct.pack("<HH", 2, 2)),
        (33422, 1, 4, bytes((0, 1, 1, 2))),
        (50706, 1, 4, bytes((1, 4, 0, 0))),
        (50708, 2, 12, b"Maker Model\0"),
        (50714, 4, 1, struct.pack("<I", 0)),
        (50717, 4, 1, struct.pack("<I", 16383)),
        (50721, 10, 9, unity),
        (50728, 5, 3, struct.pack("<II", 1, 1) * 3),
    ]
    place = 8 + 2 + 12 * len(entries) + 4
    directory, more = struct.pack("<H", len(entries)), b""
    pixels_at = place + sum(len(value) for *_, value in entries if len(value) > 4)
    for tag, kind, count, value in entries:
        if tag == 273:
            value = struct.pack("<I", pixels_at)
        directory += struct.pack("<HHI", tag, kind, count)
        if len(value) > 4:
            directory += struct.pack("<I", place + len(more))
            more += value
        else:
            directory += value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + more + sensor.tobytes()


def test_a_raw_file_is_developed_and_not_taken_for_a_tiff() -> None:
    found = decode.read(dng(), side=512, max_pixels=10**8)
    assert (found.format, found.width, found.height) == ("RAW", WIDTH, HEIGHT)
    assert found.image.size == (WIDTH // 2, HEIGHT // 2)  # half scale: nothing to demosaic
    assert found.lossless
    assert found.metadata.camera == "Maker Model"
    pixels = np.asarray(found.image).astype(int)
    assert pixels[:, 5:30].mean() > pixels[:, 50:75].mean() + 80


def test_a_raw_file_beyond_the_limit_or_cut_short_is_refused() -> None:
    with pytest.raises(PictureError, match="more than the limit"):
        decode.read(dng(), side=512, max_pixels=1000)
    with pytest.raises(PictureError):
        decode.read(dng()[:300], side=512, max_pixels=10**8)
