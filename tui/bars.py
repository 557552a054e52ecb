"""The one-line bars of every screen: title with places and background work, messages, keys."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from .cells import clip
from .keymap import Key
from .own_keys import keys_of

PLACES = {
    "library": "Library",
    "groups": "Groups",
    "find": "Find",
    "plan": "Plan",
    "journal": "Journal",
}


class Bar(Widget):
    """One line that is drawn from parts."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "bar--name", "bar--active", "bar--idle", "bar--key", "bar--label",
        "bar--good", "bar--bad", "bar--busy",
    }  # fmt: skip

    def component(self, name: str) -> Style:
        """The style of a component class, without the `bar--` before its name."""
        return self.get_component_rich_style(f"bar--{name}", partial=True)

    def parts(self, width: int) -> list[tuple[str, Style]]:
        """The texts of the line with their styles."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        ground = self.rich_style
        if y:
            return Strip.blank(width, ground)
        segments = [Segment(text, ground + style) for text, style in self.parts(width)]
        return Strip(segments).adjust_cell_length(width, ground)


class TitleBar(Bar):
    """The program, its places, and at the right where one is."""

    where: reactive[str] = reactive("")

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def parts(self, width: int) -> list[tuple[str, Style]]:
        """Name and places at the left, `where` at the right; the other places give way first."""
        tabs = sum(len(name) + 3 for name in PLACES.values())
        narrow = width < 13 + tabs + cell_len(self.where)
        parts: list[tuple[str, Style]] = [(" twinsift ", self.component("name"))]
        for place, name in PLACES.items():
            if place == self.place:
                parts += [(" ", Style()), (f" {name} ", self.component("active"))]
            elif not narrow:
                parts.append((f"  {name} ", self.component("idle")))
        used = sum(cell_len(text) for text, _ in parts)
        told = clip(self.where, width - used - 2)
        gap = " " * max(1, width - used - cell_len(told) - 1)
        return [*parts, (gap, Style()), (told, self.component("label"))]


class MessageLine(Bar):
    """What the last key did or what stands in the way; at the right the work in the background."""

    text: reactive[str] = reactive("")
    tone: reactive[str] = reactive("label")
    work: reactive[tuple[str, ...]] = reactive(())
    """What goes on in the background, the most important part first."""

    def say(self, text: str, tone: str = "label") -> None:
        """Show a message in the tone 'label', 'good', 'bad' or 'busy'."""
        self.tone = tone
        self.text = text

    def parts(self, width: int) -> list[tuple[str, Style]]:
        """The message, with a glyph for its tone, and as much of the work as there is room for."""
        glyph = {"good": "✓ ", "bad": "! ", "busy": "… "}.get(self.tone, "") if self.text else ""
        least = len(self.work[0]) + 3 if self.work else 0
        text = " " + fitting(glyph + self.text, width - 2 - least)
        room = width - cell_len(text) - 2
        told = ""
        for part in self.work:
            longer = f"{told} · {part}" if told else part
            if cell_len(longer) > room:
                break
            told = longer
        gap = " " * max(0, width - cell_len(text) - cell_len(told) - 1)
        return [
            (text, self.component(self.tone)), (gap, Style()), (told, self.component("busy"))
        ]  # fmt: skip


def fitting(message: str, room: int) -> str:
    """As many parts of a message, with ' · ' between them, as there is room for; one at least."""
    parts = message.split(" · ")
    while len(parts) > 1 and cell_len(" · ".join(parts)) > room:
        parts.pop()
    return clip(" · ".join(parts), room)


class KeyBar(Bar):
    """The keys of the screen, as many as there is room for, `? keys` always."""

    def __init__(self, *places: str) -> None:
        super().__init__()
        self.places = places
        """The tables whose keys are shown."""

    def labels(self) -> dict[str, str]:
        """Labels that differ from the table's just now, by action: the screen's `key_labels`."""
        return getattr(self.screen, "key_labels", dict)()

    def parts(self, width: int) -> list[tuple[str, Style]]:
        """Keys in the order of the table, those of low rank left out first."""
        told = self.labels()
        entries = [
            (key, label)
            for key in keys_of(self.app, *self.places)
            if key.rank and (label := told.get(key.name, key.label)) and self._enabled(key)
        ]
        room = width
        taken: list[tuple[Key, str]] = []
        seen: set[str] = set()
        for key, label in sorted(entries, key=lambda entry: entry[0].rank):
            need = len(key.shown) + cell_len(label) + 3
            if key.shown in seen or need > room:
                continue
            seen.add(key.shown)
            room -= need
            taken.append((key, label))
        parts: list[tuple[str, Style]] = []
        for entry in (e for e in entries if e in taken):
            parts += [
                (f" {entry[0].shown}", self.component("key")),
                (f" {entry[1]} ", self.component("label")),
            ]
        return parts

    def _enabled(self, key: Key) -> bool:
        screen: Screen[object] = self.screen
        return screen.check_action(key.name, ()) is not False
