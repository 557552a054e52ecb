"""Camera RAW files, developed by LibRaw at half size (the extra `raw`)."""

from __future__ import annotations

import io

from PIL import Image

from .errors import PictureError


def develop(data: bytes, *, max_pixels: int) -> tuple[Image.Image, int, int]:
    """The upright picture, mode RGB at half scale, with the camera's white balance, and its size.

    Half scale takes one pixel from each 2 x 2 cell of the sensor: no demosaicking is needed.

    Raises:
        PictureError: the file is damaged, of an unknown camera, or has more than `max_pixels`.
    """
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            sizes = raw.sizes
            width, height = sizes.width, sizes.height
            if width * height > max_pixels:
                raise PictureError(
                    f"{width} x {height} pixels are more than the limit",
                    "raise index.max_megapixels to read it",
                )
            if sizes.flip in (5, 6):  # a quarter turn
                width, height = height, width
            pixels = raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
    except rawpy.LibRawError as error:
        raise PictureError(f"the RAW file can't be developed: {error}") from error
    return Image.fromarray(pixels), width, height
