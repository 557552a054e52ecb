"""One decode of a file's bytes, at the smallest scale that serves: upright, 8-bit, sRGB."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from . import colour, digests, formats, metadata, raw
from .errors import MissingExtraError, PictureError
from .features import Metadata
from .reduction import Coarse, Reduction, Squeezed, Whole, Within
from .text import printable

_REDUCIBLE = frozenset(("JPEG", "MPO"))
_LOSSLESS = frozenset(("PNG", "BMP", "RAW", "PSD", "PPM", "TGA", "PCX", "QOI"))
_LOSSY_TIFF = frozenset(("jpeg", "tiff_jpeg", "webp"))
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and what its file says about it."""

    image: Image.Image
    """Mode RGB, sRGB, upright, reduced to the side that was asked for (never enlarged); mode L of a
    small JPEG of which only hashes are wanted."""
    format: str
    width: int
    """Of the whole upright picture, in pixels."""
    height: int
    metadata: Metadata
    lossless: bool
    """Whether the coding keeps full colour pictures as they are (a palette doesn't)."""
    quality: int | None
    frames: int
    as_stored: bool = False
    """Whether the file is a JPEG that shows `image` as it is, neither turned nor converted."""


def read(data: bytes, *, side: int | None, max_pixels: int) -> Picture:
    """Decode the first frame with its longest side reduced to `side` (None: in full).

    JPEGs are decoded at the smallest of the scales 1/8, 1/4, 1/2 that still has `side` pixels
    (the cost is then that of reading the coefficients); `max_pixels` bounds what is decoded.

    Raises:
        PictureError: the bytes are no picture, are damaged, or claim too many pixels.
        MissingExtraError: the format's decoder isn't installed.
        MemoryError: the process may not take what the picture needs.
    """
    return reduced(data, Whole() if side is None else Within(side), max_pixels=max_pixels)


def squeeze(data: bytes, size: tuple[int, int], *, max_pixels: int) -> NDArray[np.uint8]:
    """The whole upright sRGB picture squeezed to `size`, (width, height): uint8 (height, width, 3).

    That is what networks take. Pillow's bilinear filter spans what it shrinks, so that no pixel is
    passed over. JPEGs are decoded at the smallest scale that is three times `size` or more.

    Raises:
        PictureError, MissingExtraError, MemoryError: as `read`.
    """
    return np.asarray(reduced(data, Squeezed(size), max_pixels=max_pixels).image)


def reduced(data: bytes, reduction: Reduction, *, max_pixels: int) -> Picture:
    """Decode the first frame, reduced as `reduction` says; else as `read`.

    Raises:
        PictureError, MissingExtraError, MemoryError: as `read`.
    """
    kind = formats.sniff(data)
    if not kind:
        raise PictureError(
            "not a picture by its content", "check what it is; its name says otherwise"
        )
    if kind == "TIFF" and formats.is_camera_raw(data):
        kind = "RAW"
    formats.prepare(kind)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged EXIF and the like: the picture is what counts
            if kind == "RAW":
                return _read_raw(data, reduction, max_pixels)
            with Image.open(io.BytesIO(data), formats=(kind,)) as image:
                return _read_open(image, data, reduction, max_pixels)
    except (PictureError, MissingExtraError, MemoryError):
        raise
    except Exception as error:  # Pillow's plugins raise anything at all on hostile bytes
        raise PictureError(
            f"damaged or unsupported {kind}: {_reason(error)}", "look for another copy of it"
        ) from error


def full_pixels_digest(data: bytes, max_pixels: int = 220_000_000) -> bytes:
    """BLAKE3-256 of the whole upright sRGB picture's pixels: equal only for equal pictures.

    Raises:
        PictureError, MissingExtraError, MemoryError: as `read`.
    """
    picture = read(data, side=None, max_pixels=max_pixels)
    return digests.of_pixels(np.asarray(picture.image))


def _read_open(image: Image.Image, data: bytes, reduction: Reduction, max_pixels: int) -> Picture:
    kind = image.format or ""
    whole = image.size
    greyed = False
    if kind in _REDUCIBLE and isinstance(image, ImageFile.ImageFile):
        image.decodermaxblock = len(data)  # at once: in pieces, which are joined anew, costs 5 %
        least = reduction.least(whole)
        if isinstance(reduction, Coarse) and _is_only_hashed(image, data, reduction):
            greyed, least = True, reduction.least_hashed(whole)
        if greyed or least != whole:
            image.draft("L" if greyed else None, least)
    # A progressive JPEG holds all coefficients in memory, whatever the scale.
    decoded = whole if image.info.get("progressive") else image.size
    if min(whole) < 1 or decoded[0] * decoded[1] > max_pixels:
        raise PictureError(
            f"{whole[0]} x {whole[1]} pixels are more than the limit",
            "raise index.max_megapixels to read it",
        )
    drafted = image.size != whole
    frames = 1 if kind == "PSD" else _frames(image)  # its layers are no frames
    lossless = _is_lossless(image, kind, data)
    image.load()
    # After loading: some decoders (TIFF, HEIF) turn the picture themselves and drop the tag then.
    orientation = _orientation(image)
    if not drafted:
        whole = image.size
    if orientation >= 5:
        whole = whole[1], whole[0]
    if kind == "PSD" and image.mode == "RGBA":
        # Its picture is laid over white already; a fourth channel may be somebody's selection.
        image = image.convert("RGB")
    upright = colour.resizable(image)
    if orientation in _UPRIGHT:
        # Before reducing: a file that is turned by its tag and one that was turned without loss
        # then give the same pixels.
        upright = upright.transpose(_UPRIGHT[orientation])
    finished = reduction.apply(upright)
    if not greyed:
        finished = colour.to_srgb(finished, image.info.get("icc_profile"))
    return Picture(
        image=finished,
        format=kind,
        width=whole[0],
        height=whole[1],
        metadata=_metadata(image),
        lossless=lossless,
        quality=metadata.jpeg_quality(getattr(image, "quantization", {}))
        if kind in _REDUCIBLE
        else None,
        frames=frames,
        # One of many scans takes long to decode again, where no time limit holds.
        as_stored=kind == "JPEG" and finished is image and not image.info.get("progressive"),
    )


def _is_only_hashed(image: Image.Image, data: bytes, reduction: Coarse) -> bool:
    """Whether a JPEG will be its own preview, so that its luminance is all that's wanted."""
    return (
        image.format == "JPEG"
        and image.mode == "RGB"
        and max(image.size) <= reduction.most
        and len(data) <= reduction.largest
        and not (image.info.get("progressive") or "icc_profile" in image.info)
        and _orientation(image) == 1
    )


def _read_raw(data: bytes, reduction: Reduction, max_pixels: int) -> Picture:
    image, width, height = raw.develop(data, max_pixels=max_pixels)
    exif = Image.Exif()
    found = Metadata()
    if data[:2] in (b"II", b"MM"):  # most are laid out as TIFF, whose directory is EXIF's
        try:
            exif.load(data)
            found = metadata.from_exif(exif)
        except Exception:  # damaged metadata don't make a developed picture worse
            found = Metadata()
    upright = colour.to_srgb(reduction.apply(image), None)
    return Picture(upright, "RAW", width, height, found, True, None, 1)


def _orientation(image: Image.Image) -> int:
    """The value 1..8 of EXIF's tag; 1, upright, where there is none or it is out of range."""
    if _has_no_exif(image):
        return 1
    try:
        value = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow's EXIF parser raises anything at all on hostile bytes
        return 1
    return value if value in _UPRIGHT else 1


def _metadata(image: Image.Image) -> Metadata:
    if _has_no_exif(image):
        return Metadata()
    try:
        return metadata.from_exif(image.getexif())
    except Exception:  # as above
        return Metadata()


def _has_no_exif(image: Image.Image) -> bool:
    """Whether a JPEG holds nothing to be read as EXIF: looking for it takes as long as a hash."""
    return image.format == "JPEG" and not ("exif" in image.info or "xmp" in image.info)


def _frames(image: Image.Image) -> int:
    try:
        return max(1, int(getattr(image, "n_frames", 1)))
    except Exception:  # a damaged later frame doesn't spoil the first
        image.seek(0)
        return 1


def _is_lossless(image: Image.Image, kind: str, data: bytes) -> bool:
    if image.mode in ("P", "PA"):
        return False
    if kind == "WEBP":
        return b"VP8L" in _webp_chunks(data)
    if kind == "TIFF":
        return image.info.get("compression") not in _LOSSY_TIFF
    return kind in _LOSSLESS


def _webp_chunks(data: bytes) -> list[bytes]:
    """Names of a WebP file's chunks, those inside animation frames left out."""
    names, place = [], 12
    while place + 8 <= len(data) and len(names) < 64:
        names.append(data[place : place + 4])
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8 + length + length % 2
    return names


def _reason(error: Exception) -> str:
    """The decoder's words as one short line."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "cannot identify image file" in text:  # Pillow goes on with the address of our buffer
        text = "its header can't be read"
    return printable(text)[:160]
