"""Which picture format bytes are in, told by their content, and which decoder reads it."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
import struct
from typing import Any

import PIL

from .errors import MissingExtraError, PictureError

VERSION = 2  # raised whenever `sniff` knows more
HEAD = 64
"""So many of a file's first bytes suffice for `sniff`."""

_COMMON = "jpg jpeg jpe jfif png apng webp gif bmp dib tif tiff mpo avif avifs heic heif hif jxl"
_SELDOM = "jp2 j2k j2c jpc jpf jpx psd ppm pgm pbm pnm tga pcx qoi"
_CAMERAS = "3fr arw cr2 cr3 dng erf iiq kdc mef mos mrw nef nrw orf pef raf rw2 sr2 srf srw x3f"
CAMERA_EXTENSIONS = frozenset(_CAMERAS.split())
"""Extensions, lower case, of cameras' RAW files."""
EXTENSIONS = frozenset(f"{_COMMON} {_SELDOM} {_CAMERAS}".split())
"""Extensions, lower case, whose files are reported where they can't be read as pictures."""

_PLUGINS = {
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "HEIF": "pillow_heif",
    "JXL": "pillow_jxl",
    "JPEG2000": "PIL.Jpeg2KImagePlugin",
    "PSD": "PIL.PsdImagePlugin",
    "PPM": "PIL.PpmImagePlugin",
    "TGA": "PIL.TgaImagePlugin",
    "PCX": "PIL.PcxImagePlugin",
    "QOI": "PIL.QoiImagePlugin",
}
_EXTRAS = {"JXL": ("pillow_jxl", "jxl", "JPEG XL"), "RAW": ("rawpy", "raw", "camera RAW")}
_BMP_HEADERS = frozenset((12, 16, 40, 52, 56, 64, 108, 124))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
_RAW_HEADS = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM")
_JPEG2000_HEADS = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_PPM_HEAD = re.compile(rb"P[1-6]\s+(#|\d+\s+(#|\d+\s))")
_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def sniff(data: bytes) -> str:
    """The format of a file by its first HEAD bytes: Pillow's name, 'RAW', or '' for no picture.

    A RAW file that is laid out as a TIFF is called 'TIFF'; `is_camera_raw` tells by all its bytes.
    Left out on purpose, though Pillow reads some: icons (ICO, ICNS, CUR), textures of games (DDS,
    BLP), drawings and documents (SVG, EPS, WMF, PDF): nobody looks for his photographs among them,
    and some of their readers start other programs.
    """
    head = data[:HEAD]
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(_TIFF_HEADS):
        return "RAW" if head[8:10] == b"CR" else "TIFF"
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")):
        return "JXL"
    if head.startswith(_RAW_HEADS):
        return "RAW"
    if head.startswith(_JPEG2000_HEADS):
        return "JPEG2000"
    if head.startswith(b"8BPS\0\x01"):  # version 2, PSB, is another format
        return "PSD"
    if head.startswith(b"qoif") and head[12:13] in (b"\x03", b"\x04"):
        return "QOI"
    return _by_header(head)


def _by_header(head: bytes) -> str:
    """The format of a file with next to no signature, where the header that follows makes sense."""
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if _PPM_HEAD.match(head):
        return "PPM"
    if len(head) < 18:
        return ""
    kind, version, coding, bits, left, top, right, bottom = struct.unpack_from("<4B4H", head)
    if (kind, coding) == (10, 1) and version in (0, 2, 3, 4, 5) and bits in (1, 2, 4, 8):
        return "PCX" if left <= right and top <= bottom else ""
    return "TGA" if _is_tga(head) else ""


def _is_tga(head: bytes) -> bool:
    """Whether a header is Truevision's for full colour or grey (TGA FFS 2.0, 1991).

    Of those with a palette none is believed: too many other files begin with such bytes.
    """
    _, palette, kind, first, count, depth = struct.unpack_from("<3BHHB", head)
    x, y, width, height, bits, flags = struct.unpack_from("<4H2B", head, 8)
    if (palette, first, count, depth) != (0, 0, 0, 0) or not width or not height:
        return False
    if kind not in (2, 3, 10, 11) or x or y not in (0, height) or flags & 0xC0:
        return False
    return bits == 8 if kind in (3, 11) else bits in (16, 24, 32)


def _by_brand(head: bytes) -> str:
    """The format of an ISO base media file: HEIF, AVIF, Canon's CR3, or a video ('')."""
    end = min(int.from_bytes(head[:4], "big"), len(head) - len(head) % 4)
    major = head[8:12]
    brands = {major, *(head[i : i + 4] for i in range(16, end, 4))}
    if major == b"crx ":
        return "RAW"
    if brands & _AVIF_BRANDS and not major.startswith(b"he"):
        return "AVIF"
    # A video may list a picture's brand among the compatible ones; its own comes first.
    return "HEIF" if major in _HEIF_BRANDS else ""


def is_camera_raw(data: bytes) -> bool:
    """Whether a TIFF is camera RAW: a DNG, or a first image that is the preview of a sub-image.

    Pillow would open such a file and show its thumbnail of 160 x 120.
    """
    order = "<" if data[:2] == b"II" else ">"
    try:
        (offset,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, offset)
        entries = [
            struct.unpack_from(order + "HHI", data, offset + 2 + 12 * i)
            + struct.unpack_from(order + "I", data, offset + 10 + 12 * i)
            for i in range(min(count, 512))
        ]
    except struct.error:
        return False
    tags = {tag: value for tag, _, _, value in entries}
    reduced = tags.get(254, 0) == 1  # NewSubfileType: a reduced-resolution image
    return 50706 in tags or (330 in tags and reduced)  # DNGVersion; SubIFDs


def has_picture_extension(name: bytes) -> bool:
    """Whether a file's name, or path, claims that it is a picture."""
    _, dot, extension = name.rpartition(b".")
    return bool(dot) and extension.lower().decode("ascii", "replace") in EXTENSIONS


@functools.cache
def prepare(name: str) -> None:
    """Load the decoder of one format, once; nothing is loaded for formats that don't occur.

    Raises:
        MissingExtraError: it belongs to an extra that isn't installed.
        PictureError: this installation has no decoder for the format.
    """
    from PIL import Image  # who only asks what can be read, as an unchanged folder does, needs none

    # Our own limit is checked at each opening, from the settings; Pillow's is one for the process.
    Image.MAX_IMAGE_PIXELS = None
    if name in _EXTRAS:
        module, extra, title = _EXTRAS[name]
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(
                f"{title} needs an extra that isn't installed", f"pip install 'twinsift[{extra}]'"
            )
    if name == "RAW":
        return
    try:
        plugin: Any = importlib.import_module(_PLUGINS[name])
    except ImportError as error:
        raise PictureError(f"this installation can't decode {name}: {error}") from error
    if name == "HEIF":
        plugin.register_heif_opener()
        plugin.options.DECODE_THREADS = 1  # processes share the cores already
    if name == "AVIF":
        plugin.DEFAULT_MAX_THREADS = 1


@functools.cache
def decoders() -> str:
    """Names what can be told and decoded: with others, a file passed over is worth another try."""
    extras = [module for module, _, _ in _EXTRAS.values() if importlib.util.find_spec(module)]
    return "+".join([f"formats-{VERSION}", f"pillow-{PIL.__version__}", *extras])
