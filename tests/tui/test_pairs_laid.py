"""What the views rest on: two contents laid over each other, and parts of the files themselves."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from twinsift.catalog.alignment import overlay
from twinsift.catalog.closeup import Closeup, Failed, Part, Tags, look
from twinsift.models.errors import TwinsiftError
from twinsift.models.evidence import Verdict
from twinsift.models.frame import Part as FramePart
from twinsift.models.frame import frame

from .conftest import Library, Picture
from .paired import Made, group, indexed

Photograph = Callable[..., Image.Image]
MOST = 50_000_000


@pytest.fixture
def pair(library: Library, photograph: Photograph, tmp_path: Path) -> tuple[Made, Made]:
    picture = photograph(21, 800, 600)
    crop = picture.crop((100, 100, 700, 500)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    made = (
        indexed(library, tmp_path / "whole.png", picture),
        indexed(library, tmp_path / "crop.png", crop),
    )
    group(library, *made)
    return made


def test_the_figures_are_the_same_whichever_comes_first(
    library: Library, pair: tuple[Made, Made]
) -> None:
    ids = [made.content_id for made in pair]
    one, other = overlay(library.catalog, *ids), overlay(library.catalog, *reversed(ids))
    assert one.is_aligned
    assert one.verdict is other.verdict is Verdict.CROPPED
    assert one.evidence.inliers == other.evidence.inliers == one.matches.places
    assert one.evidence.ssim == other.evidence.ssim
    assert (one.matches.first == other.matches.second).all()
    assert one.frame.shared() == pytest.approx((64, 64, 448, 320), abs=1.5)  # at 512 pixels


def test_the_same_content_lies_on_itself(library: Library, pair: tuple[Made, Made]) -> None:
    laid = overlay(library.catalog, pair[0].content_id, pair[0].content_id)
    assert laid.is_aligned
    assert laid.verdict is Verdict.IDENTICAL_FILE
    assert laid.difference is not None
    assert laid.difference.share == 0.0
    assert laid.colour == 0.0


def test_a_content_without_a_picture_is_refused(library: Library, pair: tuple[Made, Made]) -> None:
    _, content_id = library.file(Picture(b"lost.jpg"))
    with pytest.raises(TwinsiftError, match="no stored picture"):
        overlay(library.catalog, pair[0].content_id, content_id)


def part(made: Made, step: float) -> Part:
    """60 x 40 pixels from a quarter in; `step` of the picture's own pixels each."""
    whole = frame(np.eye(3), (800, 600), (800, 600))
    onto = FramePart(200, 150, step, 60, 40).onto(whole.to_a)
    return Part(bytes(made.path), made.identity, (800, 600), tuple(onto.ravel().tolist()), (60, 40))


def test_a_part_at_full_size_is_the_files_own_pixels(pair: tuple[Made, Made]) -> None:
    found = look(part(pair[0], 1.0), MOST)
    assert isinstance(found, Closeup)
    pixels = np.asarray(Image.open(io.BytesIO(pair[0].path.read_bytes())).convert("RGB"))
    assert (found.pixels == pixels[150:190, 200:260]).all()
    assert found.inside.all()


def test_what_cant_be_shown_is_told(pair: tuple[Made, Made]) -> None:
    whole, crop = pair
    assert look(part(whole, 1.5), 1000) == Failed(
        "800 x 600 pixels are more than the limit (raise index.max_megapixels to read it)"
    )
    whole.path.write_bytes(b"another file")
    changed = Failed("the file has changed since it was indexed (index again)")
    assert look(Tags(bytes(whole.path), whole.identity), MOST) == changed
    crop.path.unlink()
    gone = look(Tags(bytes(crop.path), crop.identity), MOST)
    assert isinstance(gone, Failed)
    assert "removed meanwhile" in gone.reason


def test_all_tags_of_a_file_are_told(library: Library, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "Lumo\x1b[31m F2"
    details = exif.get_ifd(0x8769)
    details[0x829A], details[0x829D] = 1 / 250, 2.8
    made = indexed(library, tmp_path / "tagged.jpg", Image.new("RGB", (64, 48)), exif=exif)
    found = look(Tags(bytes(made.path), made.identity), MOST)
    assert isinstance(found, tuple)
    told = {tag.name: tag.value for tag in found}
    assert told["exposure"] == "1/250 s"
    assert told["aperture"] == "f/2.8"
    assert told["camera"] == "Lumo\\x1b[31m F2"
    assert told["colour sampling"] == "4:2:0"
