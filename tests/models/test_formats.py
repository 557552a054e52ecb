from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from twinsift.models import formats
from twinsift.models.errors import MissingExtraError


def encoded(picture: Image.Image, name: str) -> bytes:
    formats.prepare(name)
    stream = io.BytesIO()
    picture.save(stream, name)
    return stream.getvalue()


@pytest.mark.parametrize(
    "name",
    sorted(set(formats._PLUGINS) - {"PSD"}),  # which Pillow doesn't write
)
def test_each_format_is_told_by_its_first_bytes_whatever_the_name(
    name: str, photograph: Callable[..., Image.Image]
) -> None:
    data = encoded(photograph(1, 96, 64), name)
    assert formats.sniff(data) == name
    assert formats.sniff(data[: formats.HEAD]) == name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\xff\xd8",
        b"BMW is no bitmap, though it begins like one",
        b"this is not an image\n" * 9,
        b"%PDF-1.4\n%%EOF",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(500),
        b"\0\0\0\x1cftypmp42\0\0\0\0mp42heicisom" + bytes(500),
        bytes(200),
        b"P1 was the first of five drafts, P2 the second",
        b"P6\n",
        b"\n\x05 a text that begins with an empty line, and what follows it" + bytes(9),
        b"\0\0\x02\0\x01\0\x20\x20\0\0\x04\0\x04\0\xa8\x0e\0\0" + bytes(50),  # a cursor
        b"\0\0\x01\0\x01\0\x20\x20\0\0\x01\0\x20\0\xa8\x10\0\0" + bytes(50),  # an icon
        b"\0\0\x02\0" + bytes(60),
        b"8BPS\0\x02" + bytes(60),  # PSB, which nothing here reads
        b"qoif" + bytes(60),
    ],
)
def test_other_files_are_not_taken_for_pictures(data: bytes) -> None:
    assert formats.sniff(data) == ""


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("compression", [None, "tga_rle"])
def test_a_tga_without_a_signature_is_told_by_its_header(
    mode: str, compression: str | None, photograph: Callable[..., Image.Image]
) -> None:
    stream = io.BytesIO()
    photograph(1, 96, 64).convert(mode).save(stream, "TGA", compression=compression)
    assert formats.sniff(stream.getvalue()) == "TGA"


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_netpbm_picture_may_begin_with_a_remark(
    mode: str, photograph: Callable[..., Image.Image]
) -> None:
    stream = io.BytesIO()
    photograph(1, 96, 64).convert(mode).save(stream, "PPM")
    data = stream.getvalue()
    assert formats.sniff(data) == "PPM"
    assert formats.sniff(data[:3] + b"# made by a scanner\n" + data[3:]) == "PPM"


def test_a_bare_jpeg_2000_codestream_is_told(photograph: Callable[..., Image.Image]) -> None:
    stream = io.BytesIO()
    photograph(1, 96, 64).save(stream, "JPEG2000", no_jp2=True)
    assert stream.getvalue()[:4] == b"\xff\x4f\xff\x51"
    assert formats.sniff(stream.getvalue()) == "JPEG2000"


@pytest.mark.parametrize(
    "data",
    [
        b"II*\0\x10\0\0\0CR\x02\0" + bytes(60),
        b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
        b"FUJIFILMCCD-RAW 0201",
        b"IIRO\x08\0\0\0",
        b"IIU\0\x18\0\0\0",
    ],
)
def test_camera_raw_is_told_by_its_first_bytes(data: bytes) -> None:
    assert formats.sniff(data) == "RAW"


def tiff(entries: list[tuple[int, int, int, int]], order: str) -> bytes:
    mark = b"II*\0" if order == "little" else b"MM\0*"
    data = mark + (8).to_bytes(4, order) + len(entries).to_bytes(2, order)  # type: ignore[arg-type]
    for tag, kind, count, value in entries:
        data += tag.to_bytes(2, order) + kind.to_bytes(2, order)  # type: ignore[arg-type]
        data += count.to_bytes(4, order) + value.to_bytes(4, order)  # type: ignore[arg-type]
    return data + bytes(4)


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_raw_file_laid_out_as_tiff_is_told_by_its_directory(order: str) -> None:
    assert formats.is_camera_raw(tiff([(50706, 1, 4, 1)], order))
    assert formats.is_camera_raw(tiff([(254, 4, 1, 1), (330, 4, 1, 99)], order))
    assert not formats.is_camera_raw(tiff([(254, 4, 1, 0), (256, 4, 1, 64)], order))
    assert not formats.is_camera_raw(tiff([(330, 4, 1, 99)], order))


def test_a_tiff_cut_anywhere_is_no_raw_file(photograph: Callable[..., Image.Image]) -> None:
    data = encoded(photograph(1, 32, 32), "TIFF")
    for end in range(64):
        assert not formats.is_camera_raw(data[:end])
    assert not formats.is_camera_raw(b"II*\0" + b"\xff" * 40)


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        (b"a.JPG", True),
        (b"/x.y/photo.HeIc", True),
        (b"scan.tiff", True),
        (b"raw.nef", True),
        (b"jpg", False),
        (b"a.txt", False),
        (b"folder.jpg/readme", False),
        (b"a.\xff\xfe", False),
        (b"trailing.jpg.", False),
    ],
)
def test_which_names_claim_to_be_pictures(name: bytes, claims: bool) -> None:
    assert formats.has_picture_extension(name) is claims


def test_a_missing_extra_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for kind, extra in (("RAW", "twinsift[raw]"), ("JXL", "twinsift[jxl]")):
        formats.prepare.cache_clear()
        with pytest.raises(MissingExtraError) as caught:
            formats.prepare(kind)
        assert extra in str(caught.value)
    formats.decoders.cache_clear()
    without = formats.decoders()
    monkeypatch.undo()
    formats.decoders.cache_clear()
    formats.prepare.cache_clear()
    assert without != formats.decoders()  # so what was refused without them is tried again
