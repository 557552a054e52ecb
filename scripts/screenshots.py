"""Make the README's pictures of the screens, docs/*.svg, from the demo library.

    .venv/bin/python scripts/screenshots.py [--size 80x24] [FOLDER]

The library, its catalog and a home folder are made anew in a temporary folder each time, so the
pictures show what the program does now; nothing of the person's own is read or written.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from textual.pilot import Pilot
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.review import load_group
from twinsift.catalog.settings import ScreenSettings, Settings
from twinsift.tui import demo
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.find_screen import FindScreen
from twinsift.tui.panes import FilePane

DOCS = Path(__file__).resolve().parent.parent / "docs"
SETTINGS = Settings(screen=ScreenSettings(pictures="halfblock", colours="truecolor"))

REVIEWED = b"IMG_2210.jpg"
"""The review shows the group that this file of the demo library is in."""
SEARCHED = "Photos/2016-07 Chelsea/IMG_2210.jpg"
SCANNED_AT = 1_559_390_400.0  # else the library's picture would differ with every run

# Each picture's keys go on from where the one before it ended; '_' waits for lists and pictures.
PICTURES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("groups", ("enter", "_", "enter", "q", "_", "j")),
    ("review", ()),
    ("keys", ("?",)),
    ("plan", ("q", "q", "A", "_", "y", "_", "P")),
    ("library", ("L",)),
    ("find", ("F", "_")),
)


async def settle(pilot: Pilot[int]) -> None:
    """Wait until lists are loaded and pictures drawn."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    for _ in range(250):
        panes = [pane for pane in pilot.app.screen.query(FilePane) if pane.display]
        if all(pane.wanted() is None or pane.drawn is not None for pane in panes):
            break
        await pilot.pause(0.02)
    await pilot.pause()


async def press(pilot: Pilot[int], keys: Iterable[str]) -> None:
    """Press keys one after the other."""
    names = {"/": "slash", "?": "question_mark", "+": "plus"}
    for key in keys:
        if key == "_":
            await settle(pilot)
        else:
            await pilot.press(names.get(key, key))


def group_of(app: TwinsiftApp, name: bytes) -> str:
    """The id of the group that has a file of this name."""
    for group in app.triage.shown:
        detail = load_group(app.catalog, group.id)
        if detail and any(os.path.basename(member.path) == name for member in detail.members):
            return group.id
    raise LookupError(f"no group has a file {name!r}")


async def take(catalog: Path, pictures: Path, size: tuple[int, int], folder: Path) -> None:
    """Write the pictures to a folder."""
    app = TwinsiftApp(catalog, SETTINGS)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for name, keys in PICTURES:
            if name == "review":
                app.review_group(group_of(app, REVIEWED))
            await press(pilot, keys)
            await settle(pilot)
            if name == "find" and isinstance(app.screen, FindScreen):
                app.screen.search_for(str(pictures / SEARCHED))
                await settle(pilot)
            svg = app.export_screenshot(title="twinsift", simplify=True)
            # A number that follows from the content alone: the same picture is the same file.
            svg = re.sub(r"terminal-\d+-", f"twinsift-{name}-", svg)
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    """Make the library, index and match it, and take the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DOCS)
    parser.add_argument("--size", default="80x24", help="columns and lines of the window")
    arguments = parser.parse_args()
    columns, lines = (int(part) for part in arguments.size.split("x"))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["HOME"] = scratch
        os.environ["TZ"] = "UTC"
        time.tzset()
        pictures = Path(scratch) / "Pictures"
        catalog = Path(scratch) / "catalog.sqlite"
        demo.make(pictures)
        index(catalog, [pictures], SETTINGS)
        match(catalog, SETTINGS)
        with Catalog.open(catalog) as opened, opened.transaction() as connection:
            connection.execute("UPDATE root SET scanned_at = ?", (SCANNED_AT,))
        asyncio.run(take(catalog, pictures, (columns, lines), arguments.folder))


if __name__ == "__main__":
    main()
