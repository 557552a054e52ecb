"""Review of one group: pictures side by side, what differs, and one key to decide and go on."""

from __future__ import annotations

import os
from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from ..catalog.decisions import Verb
from ..catalog.review import GroupDetail, Member, load_group
from ..models.text import printable
from .folder_picker import FolderPicker
from .keymap import bindings
from .panes import FactsPane, FilePane, pane_edges
from .place import Place
from .preview import Wanted
from .theme import STAR, VERB_GLYPHS
from .triage import Triage
from .trouble import TROUBLE, in_words
from .wording import count, home_short, percent

_REST_SECONDS = 0.08  # pictures are drawn once the cursor has rested this long; text comes at once
_PANE_COLUMNS = 38  # a pane is at least this wide where there are more than two
_MOST_PANES = 4
_TALL = 34  # lines from which the facts stand in a table
_BOTH, _FACTS, _PICTURE = "both", "facts", "picture"


class ReviewScreen(Place):
    """One group of a Triage after the other; the Triage's cursor says which."""

    BINDINGS = bindings("review")

    place = "groups"
    key_tables = ("review",)

    def __init__(self, triage: Triage) -> None:
        super().__init__()
        self.triage = triage
        self.detail: GroupDetail | None = None
        self.cursor = 0
        """Index of the file under the cursor."""
        self.view = _BOTH
        self._by_hand = False
        """Whether files of this group were marked one by one since it was shown."""
        self._rest: Timer | None = None

    def body(self) -> ComposeResult:
        """Chips of all files, panes, facts."""
        yield Static(id="chips", markup=False)
        with Horizontal(id="panes"):
            for _ in range(_MOST_PANES):
                yield FilePane()
        yield FactsPane()

    def on_mount(self) -> None:
        """Show the group under the Triage's cursor."""
        self.call_after_refresh(self.show_current)

    def on_resize(self) -> None:
        """Lay the panes out for the new size."""
        self.call_after_refresh(self._lay_out)

    def on_screen_resume(self) -> None:
        """Take over what changed while another screen was shown."""
        if self.detail is not None:
            self.show_current(same=True)

    # Showing --------------------------------------------------------------------------------------

    def show_current(self, *, same: bool = False) -> None:
        """Load and show the Triage's group; `same` keeps the file cursor."""
        group = self.triage.current
        detail = None
        while group is not None:
            detail = load_group(
                self.twinsift.catalog, group.id, kind=group.kind, order=self._order()
            )
            if detail is not None:
                break
            self.triage.remove(group.id)  # it went away under the list: regrouped, or files moved
            group = self.triage.current
        if detail is None or group is None:
            self.detail = None
            self.app.pop_screen()
            return
        same = same and self.detail is not None and self.detail.id == detail.id
        self.detail = detail
        if not same:
            self.cursor = 1
            self._by_hand = False
        self.cursor = min(self.cursor, len(detail.members) - 1)
        self.triage.update(group.id, decided=_decided(detail))
        self.refresh_where()
        self._lay_out()
        self.keys_changed()

    def _order(self) -> tuple[str, ...]:
        return self.twinsift.settings.keep.order

    def refresh_where(self) -> None:
        """Say anew where one is, after groups came or went."""
        detail = self.detail
        if detail is None:
            return
        done, groups = self.triage.progress()
        wide = self.size.width >= 64
        parts = [
            f"{self.triage.row + 1:,} of {len(self.triage.shown):,}",
            f"{done:,} of {groups:,} decided"
            if len(self.triage.shown) != groups
            else f"{done:,} decided",
        ]
        if wide:
            parts.insert(0, f"{detail.verdict} {percent(detail.similarity)}")
        self.tell_where(" · ".join(parts))

    def columns(self) -> list[int]:
        """Indices of the files that are shown: ★ first, then a window around the cursor."""
        if self.detail is None:
            return []
        if self.view == _PICTURE:
            return [self.cursor]
        members = len(self.detail.members)
        panes = min(members, _MOST_PANES, max(2, self.size.width // _PANE_COLUMNS))
        first = max(1, min(self.cursor - (panes - 2), members - panes + 1))
        if self.cursor < panes:
            first = 1
        return [0, *range(first, first + panes - 1)]

    def _lay_out(self) -> None:
        """Give each shown file its pane; ask for pictures that aren't drawn yet."""
        detail = self.detail
        if detail is None:
            return
        shown = self.columns()
        edges = pane_edges(self.size.width, len(shown))
        for place, pane in enumerate(self.query(FilePane)):
            pane.display = place < len(shown)
            if place >= len(shown):
                continue
            index = shown[place]
            pane.styles.width = edges[place][1] - edges[place][0]
            pane.styles.margin = (0, 0 if place == len(shown) - 1 else 1, 0, 0)
            pane.show(detail, index, on_cursor=index == self.cursor)
        facts = self.query_one(FactsPane)
        self.query_one("#panes").display = self.view != _FACTS
        facts.display = self.view != _PICTURE
        as_table = self.view == _FACTS or self.size.height >= _TALL
        facts.styles.height = "1fr" if self.view == _FACTS else self._facts_height(as_table)
        facts.show(detail, shown, self.cursor, as_table=as_table, all_of_them=self.view == _FACTS)
        chips = self.query_one("#chips", Static)
        chips.display = len(shown) < len(detail.members)
        chips.update(self._chips(detail))
        self.show_pictures(ask=True)

    def _facts_height(self, as_table: bool) -> int:
        """Lines for facts and evidence: the pictures get the rest."""
        if as_table:
            return 11
        return FactsPane.CARD_LINES + (2 if self.size.height >= 20 else 1)

    def _chips(self, detail: GroupDetail) -> Content:
        """All files of the group in one line: number, star, decision."""
        chips = []
        for index, member in enumerate(detail.members):
            glyph = VERB_GLYPHS.get(member.verb or "", "")
            text = f" {index + 1}{STAR if member.suggested else ''}{glyph} "
            style = "reverse" if index == self.cursor else "$muted" if member.verb else ""
            chips.append(Content.styled(text, style))
        return Content("").join([Content(f" {count(len(detail.members), 'file')}: "), *chips])

    def show_pictures(self, *, ask: bool = False) -> None:
        """Put drawn pictures into the panes; `ask` for the others once the cursor rests."""
        for pane, wanted in self._wanted():
            pane.picture(self.twinsift.previews.get(wanted))
        if ask:
            if self._rest is not None:
                self._rest.stop()
            self._rest = self.set_timer(_REST_SECONDS, self._ask)

    @on(FilePane.Resized)
    def _on_pane_resized(self) -> None:
        self.show_pictures(ask=True)

    def _wanted(self) -> list[tuple[FilePane, Wanted]]:
        """The panes that are seen, each with its picture."""
        panes = [pane for pane in self.query(FilePane) if pane.display]
        return [(pane, wanted) for pane in panes if (wanted := pane.wanted()) is not None]

    def _ask(self) -> None:
        missing = [wanted for pane, wanted in self._wanted() if pane.drawn is None]
        self.twinsift.previews.want([*missing, *self._next_pictures()])

    def _next_pictures(self) -> list[Wanted]:
        """The pictures of the next open group, so that deciding shows them at once."""
        upcoming = self.triage.upcoming()
        panes = [pane for pane in self.query(FilePane) if pane.display]
        if upcoming is None or not panes or self.view != _BOTH:
            return []
        detail = load_group(
            self.twinsift.catalog, upcoming.id, kind=upcoming.kind, order=self._order()
        )
        if detail is None:
            return []
        members = len(detail.members)
        shown = min(members, _MOST_PANES, max(2, self.size.width // _PANE_COLUMNS))
        edges = pane_edges(self.size.width, shown)
        chips = shown < members
        rows = self.query_one("#panes").size.height
        rows += int(self.query_one("#chips").display) - int(chips)
        return [
            Wanted(member.content_id, right - left, rows - 2)
            for member, (left, right) in zip(detail.members, edges, strict=False)
        ]

    # Moving ---------------------------------------------------------------------------------------

    def action_file(self, files: int) -> None:
        """Put the cursor on another file of the group."""
        if self.detail is None:
            return
        self.cursor = max(0, min(self.cursor + files, len(self.detail.members) - 1))
        self._lay_out()

    def action_step(self, groups: int) -> None:
        """Show the next group of the list, or the one before."""
        if self.triage.step(groups):
            self.show_current()
        else:
            self.say("that is the last group" if groups > 0 else "that is the first group")

    def action_skip(self) -> None:
        """Leave the group open and show the next open one."""
        self.say("left open")
        self._go_on()

    def _go_on(self) -> None:
        if self.triage.next_open():
            self.show_current()
            return
        self.show_current(same=True)
        if self.detail is not None:
            self.say("no open group is left here · P shows the plan, q the list", "good")

    def action_facts(self) -> None:
        """Show all facts instead of the pictures, or both again."""
        self.view = _BOTH if self.view == _FACTS else _FACTS
        self._lay_out()

    def action_zoom(self) -> None:
        """Show the picture under the cursor alone, or both again."""
        self.view = _BOTH if self.view == _PICTURE else _PICTURE
        self._lay_out()

    # Deciding -------------------------------------------------------------------------------------

    def _decide(self, what: Callable[[GroupDetail], object], said: str) -> bool:
        """Record a decision and go on to the next open group; False where it was refused."""
        if self.detail is None:
            return False
        try:
            what(self.detail)
        except TROUBLE as error:
            self.say(in_words(error), "bad")
            return False
        fresh = load_group(
            self.twinsift.catalog, self.detail.id, kind=self.detail.kind, order=self._order()
        )
        if fresh is None:
            self.triage.remove(self.detail.id)
        else:
            self.triage.update(fresh.id, decided=_decided(fresh))
        self.say(f"{said} · u undoes", "good")
        return True

    def _keep(self, index: int, verb: Verb = Verb.TRASH, target: bytes | None = None) -> bool:
        detail = self.detail
        if detail is None or index >= len(detail.members):
            self.say(f"there is no file {index + 1} in this group", "bad")
            return False
        kept = detail.members[index]
        name = printable(os.path.basename(kept.path))
        rest = "moves" if verb is Verb.MOVE else "to the trash"
        done = self._decide(
            lambda d: self.twinsift.desk.keep(d, {kept.file_id}, verb, target),
            f"{name} kept, the rest {rest}",
        )
        if done:
            self._go_on()
        return done

    def action_accept(self) -> None:
        """Keep ★ and trash the rest; after marking by hand: leave it at those marks."""
        if self._by_hand:
            self.say("as marked · u undoes", "good")
            self._go_on()
            return
        if self._keep(0):
            self.twinsift.last_decision = ReviewScreen.action_accept

    def action_keep(self, number: int) -> None:
        """Keep one file and trash the rest."""
        if self._keep(number - 1):
            self.twinsift.last_decision = lambda screen: screen.action_keep(number)

    def action_keep_all(self) -> None:
        """Keep all files."""
        if self._decide(self.twinsift.desk.keep_all, "all kept"):
            self.twinsift.last_decision = ReviewScreen.action_keep_all
            self._go_on()

    def action_distinct(self) -> None:
        """Never group these files again."""
        if self._decide(
            lambda d: self.twinsift.desk.distinct(d.id, d.kind), "marked as not duplicates"
        ):
            self.twinsift.last_decision = ReviewScreen.action_distinct
            current = self.triage.current
            if current is not None and current.is_decided:
                self._go_on()
            else:
                self.show_current()

    def action_move_rest(self) -> None:
        """Keep ★ and move the rest to the folder that was last moved to."""
        if self.twinsift.move_target is None:
            self.action_move_rest_to()
            return
        if self._keep(0, Verb.MOVE, self.twinsift.move_target):
            self.twinsift.last_decision = ReviewScreen.action_move_rest

    def action_move_rest_to(self) -> None:
        """Ask for the folder to move to, then keep ★ and move the rest there."""

        def take(folder: bytes | None) -> None:
            if folder is not None:
                self.twinsift.move_target = folder
                self.action_move_rest()

        self.app.push_screen(
            FolderPicker("Move the rest to", start=self.twinsift.move_target, may_be_new=True), take
        )

    def action_mark(self) -> None:
        """Mark the file under the cursor for the trash, or unmark it; stay in the group."""
        if self.detail is None:
            return
        member: Member = self.detail.members[self.cursor]
        name = printable(os.path.basename(member.path))
        said = "kept" if member.verb not in (None, Verb.KEEP) else "marked for the trash"
        if self._decide(lambda d: self.twinsift.desk.mark(d, member), f"{name} {said}"):
            self.show_current(same=True)
            self._by_hand = True
            self.keys_changed()

    def action_clear(self) -> None:
        """Forget the decisions about this group."""
        if self._decide(self.twinsift.desk.clear, "decisions of this group forgotten"):
            self._by_hand = False
            self.show_current(same=True)

    def action_repeat(self) -> None:
        """The same decision as last time."""
        if self.twinsift.last_decision is None:
            self.say("nothing to repeat yet", "bad")
        else:
            self.twinsift.last_decision(self)

    # Around ---------------------------------------------------------------------------------------

    def key_labels(self) -> dict[str, str]:
        """Enter goes on with marks made by hand; `m` names its folder."""
        labels = {"place": ""}
        if self._by_hand:
            labels["accept"] = "as marked"
        target = self.twinsift.move_target
        if target is not None:
            labels["move_rest"] = f"to {printable(os.path.basename(home_short(target)))}"
        return labels

    def after_undo(self, group_id: str) -> None:
        """Show the group whose decision was undone."""
        if group_id:
            self.triage.show(group_id)
        self.show_current(same=self.detail is not None and self.detail.id == group_id)


def _decided(detail: GroupDetail) -> int:
    return sum(member.verb is not None for member in detail.members)
