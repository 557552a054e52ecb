from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from twinsift.catalog import decisions, matching
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.settings import IndexSettings, MatchSettings, Settings

SETTINGS = Settings(index=IndexSettings(workers=1, working_side=128, keypoints=50, model="none"))


class Library:
    """A folder with a picture and its copy, indexed; and how often pictures were matched."""

    def __init__(self, place: Path, photograph: Callable[..., Image.Image]) -> None:
        self.folder = place / "pictures"
        self.folder.mkdir()
        self.path = place / "catalog.sqlite"
        self.runs = 0
        photograph(1, 160, 120).save(self.folder / "a.png")
        photograph(1, 160, 120).save(self.folder / "b.jpg", quality=90)
        photograph(2, 160, 120).save(self.folder / "c.png")

    def index(self) -> None:
        index(self.path, [self.folder], SETTINGS)

    def match(self, settings: Settings = SETTINGS) -> tuple[int, int, int, int]:
        found = match(self.path, settings)
        return found.pictures, found.pairs, found.groups, found.near_groups


@pytest.fixture
def library(
    tmp_path: Path, photograph: Callable[..., Image.Image], monkeypatch: pytest.MonkeyPatch
) -> Library:
    made = Library(tmp_path, photograph)
    real = matching.Matching.match

    def counted(self: matching.Matching):
        made.runs += 1
        return real(self)

    monkeypatch.setattr(matching.Matching, "match", counted)
    made.index()
    return made


def test_a_match_with_nothing_new_says_the_same_and_compares_nothing(library: Library) -> None:
    first = library.match()
    assert first == (3, 1, 1, 0)
    assert [library.match(), library.match()] == [first, first]
    library.index()  # and finds nothing
    assert library.match() == first
    assert library.runs == 1


def test_whatever_groups_hang_on_makes_it_look_again(library: Library) -> None:
    library.match()
    strict = Settings(index=SETTINGS.index, match=MatchSettings(strictness="strict"))
    assert library.match(strict)[2] == 1
    assert library.runs == 2
    shutil.copy(library.folder / "c.png", library.folder / "d.png")
    library.index()
    assert library.match(strict)[2] == 2  # the same content twice
    (library.folder / "b.jpg").unlink()
    library.index()
    assert library.match(strict)[::2] == (2, 1)
    with Catalog.open(library.path) as catalog:
        catalog.connection.execute("UPDATE root SET role = 'excluded'")
    assert library.match(strict)[0] == 0
    assert library.runs == 5


def test_what_a_person_cuts_apart_is_a_change(library: Library) -> None:
    library.match()
    with Catalog.open(library.path) as catalog:
        ((group,),) = catalog.connection.execute("SELECT id FROM duplicate_group")
        decisions.mark_distinct(catalog, group)
    assert library.match()[2] == 0
    assert library.runs == 2


def test_one_that_was_stopped_or_missed_a_file_is_not_over(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(matching, "regroup", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            library.match()
    assert library.match()[2] == 1
    assert library.runs == 2


def test_neither_index_nor_match_loads_much_where_nothing_is_new(library: Library) -> None:
    library.match()
    heavy = ("cv2", "numpy", "scipy", "PIL.Image", "onnxruntime", "textual", "asyncio", "requests")
    script = (
        "import sys; from twinsift.tui.cli import main\n"
        "base = ['--catalog', sys.argv[1]]; flags = ['--model=none', '--workers=1',"
        " '--working-side=128', '--keypoints=50']\n"
        "done = main([*base, 'index', *flags, sys.argv[2]]) + main([*base, 'match'])\n"
        f"sys.exit(', '.join(set(sys.modules) & set({heavy!r})) or done)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, library.path, library.folder],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(library.folder.parent)},
        check=False,
    )
    assert (ended.returncode, ended.stderr.splitlines()[2:]) == (0, [])  # two lines of progress
    assert "3 unchanged" in ended.stdout
