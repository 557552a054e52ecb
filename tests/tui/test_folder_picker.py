"""Choosing a folder by typing and completion."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.widgets import Input
from twinsift.tui.folder_picker import FolderPicker, complete

from .conftest import Library, MakeApp, settled


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("Photos/2019", "Photos/2020", "photos old", ".hidden", "Music"):
        (tmp_path / "tree" / name).mkdir(parents=True)
    (tmp_path / "tree" / "photo.jpg").touch()
    return tmp_path / "tree"


def names(typed: str) -> list[bytes]:
    return [os.path.basename(folder) for folder in complete(os.fsencode(typed)).folders]


def test_folders_that_begin_like_what_is_typed(tree: Path) -> None:
    assert names(f"{tree}/pho") == [b"Photos", b"photos old"]
    assert names(f"{tree}/Photos/") == [b"2019", b"2020"]


def test_hidden_ones_only_when_asked_for(tree: Path) -> None:
    assert names(f"{tree}/") == [b"Music", b"Photos", b"photos old"]
    assert names(f"{tree}/.h") == [b".hidden"]


def test_a_folder_that_isnt_there_has_a_problem(tree: Path) -> None:
    found = complete(os.fsencode(f"{tree}/none/x"))
    assert found.folders == ()
    assert found.problem == "No such file or directory"


async def test_completing_step_by_step(library: Library, make_app: MakeApp, tree: Path) -> None:
    chosen: list[bytes | None] = []
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pilot.app.push_screen(FolderPicker("Which?", start=os.fsencode(tree)), chosen.append)
        await pilot.pause()
        await pilot.press("p", "tab", "down", "tab")
        assert pilot.app.screen.query_one(Input).value == f"{tree}/Photos/2020/"
        await pilot.press("enter")
        await pilot.pause()
    assert chosen == [os.fsencode(tree / "Photos" / "2020")]


async def test_what_is_no_folder_isnt_taken(
    library: Library, make_app: MakeApp, tree: Path
) -> None:
    chosen: list[bytes | None] = []
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pilot.app.push_screen(FolderPicker("Which?", start=os.fsencode(tree)), chosen.append)
        await pilot.pause()
        await pilot.press(*"photo.jpg", "enter")
        assert "is no folder" in str(pilot.app.screen.query_one("#state").render())
        await pilot.press("ctrl+c")
        await pilot.pause()
    assert chosen == [None]


async def test_a_new_folder_may_be_named_where_one_is_made(
    library: Library, make_app: MakeApp, tree: Path
) -> None:
    chosen: list[bytes | None] = []
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        picker = FolderPicker("Where?", start=os.fsencode(tree), may_be_new=True)
        pilot.app.push_screen(picker, chosen.append)
        await pilot.pause()
        await pilot.press(*"new", "enter")
        await pilot.pause()
    assert chosen == [os.fsencode(tree / "new")]


@pytest.mark.skipif(os.name != "posix", reason="needs names that are bytes")
async def test_a_name_that_isnt_text_can_be_completed(
    library: Library, make_app: MakeApp, tree: Path
) -> None:
    odd = os.path.join(os.fsencode(tree), b"odd\xff")
    try:
        os.makedirs(os.path.join(odd, b"inside"))
    except OSError:
        pytest.skip("the file system takes no such name")
    chosen: list[bytes | None] = []
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pilot.app.push_screen(FolderPicker("Which?", start=os.fsencode(tree)), chosen.append)
        await pilot.pause()
        await pilot.press("o", "tab", "i", "tab", "enter")
        await pilot.pause()
    assert chosen == [os.path.join(odd, b"inside")]
