"""Find by its keys, on hits that are given; and once in earnest, from files to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input
from twinsift.catalog.decisions import Verb
from twinsift.catalog.indexer import index
from twinsift.catalog.query import Hit
from twinsift.catalog.settings import Settings
from twinsift.models.evidence import Verdict
from twinsift.tui import find_screen
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.bars import KeyBar
from twinsift.tui.compare_screen import CompareScreen
from twinsift.tui.dialogs import Confirm
from twinsift.tui.find_screen import AskLine, FindScreen, HitList
from twinsift.tui.folder_picker import FolderPicker
from twinsift.tui.plan_list import PlanList
from twinsift.tui.plan_screen import PlanScreen
from twinsift.tui.search import Found

from .conftest import SETTINGS, Library, MakeApp, settled

Driver = Pilot[int]


def rows(pilot: Driver) -> list[str]:
    hits = pilot.app.screen.query_one(HitList)
    return [hits.render_line(y).text.rstrip() for y in range(hits.row_count())]


def message(pilot: Driver) -> str:
    return pilot.app.screen.query_one("MessageLine").text  # type: ignore[attr-defined]


def app(pilot: Driver) -> TwinsiftApp:
    assert isinstance(pilot.app, TwinsiftApp)
    return pilot.app


@pytest.fixture
def asked(
    filled: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[tuple[Path, int]]:
    """Searches find the files of the catalog, the n-th 100 - 7·n per cent alike."""
    done: list[tuple[Path, int]] = []
    files = filled.catalog.connection.execute(
        "SELECT f.id, r.path || '/' || f.path, f.size FROM file f JOIN root r ON r.id = f.root_id"
        " ORDER BY f.id LIMIT 4"
    ).fetchall()

    def search(
        catalog: object, image: Path, folders: list[bytes], minimum: int, settings: Settings
    ) -> Found:
        done.append((image, minimum))
        hits = [
            Hit(i, path.encode() if isinstance(path, str) else path, 1 - 0.07 * n, 3 * n,
                Verdict.RESIZED, size, 400, 300)
            for n, (i, path, size) in enumerate(files)
        ]  # fmt: skip
        kept = tuple(hit for hit in hits if hit.similarity * 100 >= minimum)
        return Found(image, 1, kept, "evidence", "a notice")

    monkeypatch.setattr(find_screen, "search", search)
    (tmp_path / "asked for.jpg").write_bytes(b"")
    return done


async def test_the_empty_line_names_the_key_that_picks_where_one_is(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("F")
        line = pilot.app.screen.query_one(AskLine)
        assert "o picks one" in line.placeholder
        await pilot.press("slash")
        assert "Tab picks one" in line.placeholder
        await pilot.press("down")
        assert "o picks one" in line.placeholder


async def test_a_typed_path_a_pasted_one_and_a_dropped_one(
    asked: list[tuple[Path, int]], make_app: MakeApp, tmp_path: Path
) -> None:
    file = tmp_path / "asked for.jpg"
    async with make_app().run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await pilot.press("F", "slash")
        await pilot.pause()
        line = pilot.app.screen.query_one(AskLine)
        assert pilot.app.focused is line
        assert " Enter search " in pilot.app.screen.query_one(KeyBar).render_line(0).text
        line.value = str(file)
        await pilot.press("enter")
        await settled(pilot)
        assert len(rows(pilot)) == 2
        assert rows(pilot)[0].startswith("›   100 %  resized      400×300")
        assert message(pilot) == "a notice"
        await pilot.press("slash")
        pilot.app.post_message(events.Paste(f"'{file}'\n"))
        await pilot.pause(0.1)
        assert line.value.strip("'") == str(file)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("q")
        assert app(pilot).current_mode == "groups"
        pilot.app.post_message(events.Paste(file.as_uri()))
        await settled(pilot)
        assert app(pilot).current_mode == "find"
        await settled(pilot)
        assert {image for image, _ in asked} == {file}


async def test_what_is_no_file_is_said(filled: Library, make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("F", "F", *"nowhere", "enter")
        await settled(pilot)
        assert "nowhere is no file" in message(pilot)
        await pilot.press("ctrl+c", "d")
        assert "nothing was found yet" in message(pilot)


async def test_every_key(
    asked: list[tuple[Path, int]],
    make_app: MakeApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned: list[tuple[list[int], Verb, bytes | None]] = []

    def plan_for(catalog: object, settings: object, ids: list[int], image: Path, verb: Verb,
                 target: bytes | None) -> object:  # fmt: skip
        planned.append((list(ids), verb, target))
        from .test_screen_snapshots import PLAN

        return PLAN

    monkeypatch.setattr(find_screen, "plan_for", plan_for)
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("F", "slash", "tab")
        await pilot.pause()
        assert isinstance(pilot.app.screen, FolderPicker)
        await pilot.press("ctrl+c")
        screen = pilot.app.screen
        assert isinstance(screen, FindScreen)
        screen.search_for(str(tmp_path / "asked for.jpg"))
        await settled(pilot)
        hits = screen.query_one(HitList)
        await pilot.press("minus")
        await settled(pilot)
        assert (len(rows(pilot)), asked[-1][1]) == (3, 85)
        await pilot.press("plus")
        await settled(pilot)
        assert len(rows(pilot)) == 2
        await pilot.press("space", "space")
        assert len(hits.marks) == 2
        await pilot.press("d")
        await settled(pilot)
        assert isinstance(pilot.app.screen, PlanScreen)
        assert pilot.app.screen.query_one(PlanList).row_count() > 0
        await pilot.press("q")
        await settled(pilot)
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(pilot.app.screen, FolderPicker)
        await pilot.press("enter")
        await settled(pilot)
        assert planned[0][1:] == (Verb.TRASH, None)
        assert planned[-1][1] is Verb.MOVE
        assert planned[-1][2] is not None
        await pilot.press("q", "o")
        await pilot.pause()
        assert isinstance(pilot.app.screen, FolderPicker)
        await pilot.press("ctrl+c", "slash", "down")
        assert pilot.app.focused is hits


@pytest.mark.slow
async def test_from_a_picture_to_the_trash(
    library: Library,
    make_app: MakeApp,
    photograph: Callable[..., Image.Image],
    tmp_path: Path,
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    photograph(1).save(photos / "one.jpg", quality=90)
    photograph(2).save(photos / "other.jpg")
    asked_for = tmp_path / "elsewhere.png"
    photograph(1).resize((320, 240)).save(asked_for)
    index(library.path, [photos], SETTINGS)
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("F")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, FindScreen)
        screen.search_for(str(asked_for))
        await settled(pilot)
        assert len(rows(pilot)) == 1
        assert "one.jpg" in rows(pilot)[0]
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, CompareScreen)
        assert len([p for p in pilot.app.screen.query("FilePane") if p.display]) == 2
        await pilot.press("z", "l", "q", "q")
        await settled(pilot)
        assert isinstance(pilot.app.screen, FindScreen)
        await pilot.press("d")
        await settled(pilot)
        await pilot.press("exclamation_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("y")
        for _ in range(100):
            await pilot.pause(0.05)
            if not (photos / "one.jpg").exists():
                break
        await settled(pilot)
        assert not (photos / "one.jpg").exists()
        assert asked_for.exists()


async def test_pictures_are_picked_from_the_library_s_folder(
    filled: Library, make_app: MakeApp, tmp_path: Path
) -> None:
    there = tmp_path / "library"
    there.mkdir()
    filled.catalog.connection.execute("UPDATE root SET path = ?", (bytes(there),))
    async with make_app().run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        await pilot.press("F", "o")
        await settled(pilot)
        assert isinstance(pilot.app.screen, FolderPicker)
        assert pilot.app.screen.query_one(Input).value.endswith("/library/")
