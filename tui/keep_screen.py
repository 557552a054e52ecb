"""The rules that suggest which file is kept: their order, and what another one would change."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ..catalog.review import load_groups, suggested_keeper
from ..catalog.settings import KEEP_RULES
from ..models.text import printable
from . import preferences
from .cells import clip, column
from .keymap import bindings
from .line_list import LineList
from .place import Place
from .theme import CURSOR
from .trouble import TROUBLE, in_words
from .wording import count

_SAMPLES = 4
_TOLD_EVERY = 200
RULES = {
    "unframed": "without a border or caption that was added",
    "unstretched": "proportions that most have",
    "resolution": "more pixels",
    "lossless": "a lossless format",
    "quality": "better quality, one format",
    "size": "the larger file",
    "exif": "more EXIF",
    "oldest": "taken or changed earlier",
    "depth": "fewer folders above it",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A group that would keep another file."""

    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What another order of the rules would change, as far as it was looked through."""

    looked_at: int
    of: int
    changed: int
    samples: tuple[Change, ...]


class RuleList(LineList):
    """The rules in their order; those that don't count last."""

    def __init__(self, order: Sequence[str]) -> None:
        super().__init__(id="rules")
        self.order: list[str] = list(order)

    def rules(self) -> list[str]:
        """All rules as listed."""
        return [*self.order, *(rule for rule in KEEP_RULES if rule not in self.order)]

    def row_count(self) -> int:
        """The rules."""
        return len(KEEP_RULES)

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        """One rule: its place, name and meaning."""
        rule = self.rules()[row]
        counts = rule in self.order
        tone = style if counts else style + self.component("dim")
        mark = f"{row + 1}." if counts else "–"
        said = RULES[rule] if counts else "doesn't count"
        return [
            Segment(f" {CURSOR if row == self.cursor else ' '} ", style + self.component("strong")),
            Segment(f"{mark:<3} {column(rule, 11)} ", tone),
            Segment(clip(said, max(0, width - 20)), style + self.component("dim")),
        ]


class KeepScreen(Place):
    """The rules above, what they would change below."""

    BINDINGS = bindings("keep")

    place = "groups"
    key_tables = ("keep",)

    def __init__(self, order: Sequence[str]) -> None:
        super().__init__()
        self._before = tuple(order)
        self._number = 0
        """Counts the previews that were begun."""
        self.preview: Preview | None = None
        """What is shown."""

    def body(self) -> ComposeResult:
        """Rules and preview."""
        yield RuleList(self._before)
        yield Static(id="preview", markup=False)

    def on_mount(self) -> None:
        """Take the keys."""
        rules = self.query_one(RuleList)
        rules.styles.height = len(KEEP_RULES) + 1
        rules.focus()
        self.tell_where("which file ★ is suggested to be kept")
        self.call_after_refresh(self._changed)

    def on_resize(self) -> None:
        """Fit the preview to the new width."""
        self.call_after_refresh(self._show)

    def key_labels(self) -> dict[str, str]:
        """No group is decided here."""
        return {"undo": "", "place": ""}

    # Changing the order ---------------------------------------------------------------------------

    def action_shift(self, rows: int) -> None:
        """Let the rule count earlier or later."""
        rules = self.query_one(RuleList)
        order, row = rules.order, rules.cursor
        if row >= len(order) or not 0 <= row + rows < len(order):
            return
        order.insert(row + rows, order.pop(row))
        rules.cursor = row + rows
        self._changed()

    def action_use_rule(self) -> None:
        """Let the rule count, or not."""
        rules = self.query_one(RuleList)
        rule = rules.rules()[rules.cursor]
        if rule in rules.order:
            rules.order.remove(rule)
        else:
            rules.order.append(rule)
        self._changed()

    def action_save(self) -> None:
        """Suggest by these rules from now on."""
        preferences.keep_by(self.twinsift, tuple(self.query_one(RuleList).order))
        self.app.pop_screen()

    def action_reset(self) -> None:
        """The order that twinsift comes with."""
        self.query_one(RuleList).order[:] = KEEP_RULES
        self._changed()

    def _changed(self) -> None:
        self.query_one(RuleList).refresh()
        self._number += 1
        self.preview = None
        self._show()
        order = tuple(self.query_one(RuleList).order)
        if order != self._before:
            self.run_worker(partial(self._look, self._number, order), thread=True, group="keep")

    # Preview --------------------------------------------------------------------------------------

    def _look(self, number: int, order: tuple[str, ...]) -> None:
        """Go through the groups in a thread, telling what was found so far."""
        ids = self.twinsift.triages["duplicate"].shown.ids()
        changed = looked = 0
        samples: list[Change] = []
        try:
            with self.twinsift.open_catalog() as catalog:
                for detail in load_groups(catalog, ids, order=self._before):
                    looked += 1
                    other = suggested_keeper(detail, order)
                    if other.file_id != detail.keeper.file_id:
                        changed += 1
                        if len(samples) < _SAMPLES:
                            samples.append(Change(_name(detail.keeper.path), _name(other.path),
                                                  other.reason))  # fmt: skip
                    if looked % _TOLD_EVERY == 0:
                        if number != self._number:
                            return
                        self._tell(number, Preview(looked, len(ids), changed, tuple(samples)))
        except TROUBLE as error:
            self.app.call_from_thread(self.say, in_words(error), "bad")
            return
        self._tell(number, Preview(looked, looked, changed, tuple(samples)))

    def _tell(self, number: int, preview: Preview) -> None:
        self.app.call_from_thread(self._take, number, preview)

    def _take(self, number: int, preview: Preview) -> None:
        if number == self._number and self.is_mounted:
            self.preview = preview
            self._show()

    def _show(self) -> None:
        if not self.is_mounted:
            return
        found, width = self.preview, self.size.width
        if tuple(self.query_one(RuleList).order) == self._before:
            text = " as it is now: the first rule that tells two files apart decides"
        elif found is None:
            text = " looking what that would change…"
        else:
            so_far = "" if found.looked_at == found.of else f" (of {found.looked_at:,} so far)"
            text = (
                f" {count(found.changed, 'group')} of {found.of:,} would keep another file{so_far}"
            )
            for change in found.samples:
                half = max(8, (width - 12) // 3)
                text += (
                    f"\n   {column(change.before, half, 'middle')} → "
                    f"{clip(change.after, half, 'middle')}  {change.reason}"
                )[: width + 1]
        self.query_one("#preview", Static).update(Content(text))


def _name(path: bytes) -> str:
    folder, name = os.path.split(path)
    return printable(os.path.join(os.path.basename(folder), name))
