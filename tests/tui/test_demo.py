"""The demo library: complete, the same each time, and never over a person's files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageOps
from twinsift.models.errors import TwinsiftError
from twinsift.tui import demo


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != demo.MARKER
    }


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.make(tmp_path_factory.mktemp("demo") / "library").folder


def test_every_entry_is_a_picture(library: Path) -> None:
    assert set(contents(library)) == {entry.path for entry in demo.LIBRARY}
    for entry in demo.LIBRARY:
        with Image.open(library / entry.path) as picture:
            picture.load()
            assert bool(picture.getexif().get_ifd(0x8769).get(0x9003)) == bool(entry.captured)


def test_two_makings_agree_in_bytes_and_times(library: Path, tmp_path: Path) -> None:
    again = demo.make(tmp_path / "again")
    assert again.is_new
    assert again.files == len(demo.LIBRARY)
    assert contents(again.folder) == contents(library)


def test_it_has_byte_copies_and_edits(library: Path) -> None:
    first = (library / "Photos/2015-02 Launch/DSC_0410.jpg").read_bytes()
    assert (library / "Photos/2015-02 Launch/DSC_0410 (1).jpg").read_bytes() == first
    assert (library / "Photos/2015-02 Launch/for the blog.jpg").read_bytes() != first


def test_a_tagged_picture_stands_upright(library: Path) -> None:
    folder = library / "Photos/2018-11 Camera test"
    with Image.open(folder / "DSC_0933.jpg") as plain:
        upright = plain.convert("L").resize((16, 16))
    with Image.open(folder / "DSC_0933_tagged.jpg") as tagged:
        assert tagged.getexif()[0x0112] == 6
        turned = ImageOps.exif_transpose(tagged).convert("L").resize((16, 16))
    pairs = zip(upright.tobytes(), turned.tobytes(), strict=True)
    assert max(abs(a - b) for a, b in pairs) < 12


def test_a_library_in_use_stays_as_it_is(tmp_path: Path) -> None:
    folder = demo.make(tmp_path / "library").folder
    (folder / demo.LIBRARY[0].path).unlink()
    before = contents(folder)
    again = demo.make(folder)
    assert not again.is_new
    assert again.files == len(demo.LIBRARY) - 1
    assert contents(folder) == before


def test_an_empty_folder_is_used_and_nothing_else_left(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    assert demo.make(folder).is_new
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_it_never_mixes_with_other_files(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "mine"
    if kind == "folder":
        place.mkdir()
        (place / "notes.txt").write_text("mine")
    else:
        place.write_text("mine")
    with pytest.raises(TwinsiftError, match="is there and not empty"):
        demo.make(place)
    assert ((place / "notes.txt") if kind == "folder" else place).read_text() == "mine"
