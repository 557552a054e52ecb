"""Review of one group: pictures side by side, what differs, and one key to decide and go on."""

from __future__ import annotations

import os
from collections.abc import Callable

from textual.app import ComposeResult

from ..catalog.decisions import Verb
from ..catalog.group_table import GroupSummary
from ..catalog.likeness import beside_collages
from ..catalog.regrouped import difference, files, group_now
from ..catalog.review import GroupDetail, Member, load_group
from ..catalog.steps import Step
from ..models.text import printable
from .chips import Chips
from .compare_screen import CompareScreen
from .desk import overwritten
from .folder_picker import FolderPicker
from .keymap import bindings
from .pair_views import PairViews
from .pane_row import PaneRow, seen
from .panes import FactsPane
from .terminal import Drawing
from .triage import Triage
from .trouble import TROUBLE, in_words
from .wording import SHORT_VERDICTS, count, home_short, percent, roughly

_LOOK_CLOSER = (
    "look closer: {view.flicker} flicker · {view.difference} difference · {view.zoom} zoom"
    " · {view.metadata} metadata · {view.matches} points"
)
_ALL_DECIDED = (
    "no open group is left here · {everywhere.plan} shows the plan, {everywhere.back} the list"
)
_OTHERWISE = " · 1 keeps ★ alone · {review.keep_all} keeps all · {review.clear} forgets the marks"
_UNDOES = " · {everywhere.undo} undoes"
_TALL = 34  # lines from which the facts stand in a table


class ReviewScreen(PairViews):
    """One group of a Triage after the other; the Triage's cursor says which."""

    BINDINGS = [*bindings("view"), *bindings("review")]  # noqa: RUF012 - Textual's way

    place = "groups"
    key_tables = ("review", "view")
    pan_rows = (
        "review.file_before",
        "review.next_group",
        "review.group_before",
        "review.next_file",
    )

    def __init__(self, triage: Triage, drawing: Drawing = Drawing.HALFBLOCK) -> None:
        super().__init__()
        self.triage = triage
        self.is_text = drawing is Drawing.NONE
        """Whether there are no pictures, so that the facts get their room."""
        self._by_hand = False
        """Whether files of this group were marked one by one since it was shown."""

    def body(self) -> ComposeResult:
        """Chips of all files, panes, facts; in their place the view of a pair."""
        app = self.twinsift
        yield Chips()
        yield PaneRow(app.previews, self._upcoming)
        yield FactsPane()
        yield self.comparison_widget()

    def on_mount(self) -> None:
        """Show the group under the Triage's cursor."""
        self.call_after_refresh(self.show_current)
        self.say(self.told(_LOOK_CLOSER))
        self.twinsift.hint("decide")

    def on_resize(self) -> None:
        """Lay the panes out for the new size."""
        self.call_after_refresh(self.lay_out)

    def on_screen_resume(self) -> None:
        """Take over what changed while another screen was shown."""
        if self.detail is not None:
            self._follow(unseen=True)

    # Showing --------------------------------------------------------------------------------------

    def show_current(self) -> None:
        """Load and show the Triage's group."""
        group = self.triage.current
        while group is not None:
            detail = self._load(group)
            if detail is not None:
                self._show(detail)
                return
            self.triage.remove(group.id)  # it went away under the list: regrouped, or files moved
            group = self.triage.current
        self.detail = None
        self.app.pop_screen()

    def _show(self, detail: GroupDetail) -> None:
        """Show a group; the cursor stays on its file where that is one of it."""
        at = None if self.detail is None else self.detail.members[self.cursor].file_id
        places = [place for place, member in enumerate(detail.members) if member.file_id == at]
        self.cursor = places[0] if places else 1
        self._by_hand = self._by_hand and bool(places)
        self.detail = detail
        self.triage.note(detail)
        self.triage.go_to(detail.id)
        self.refresh_where()
        self.lay_out()
        self.keys_changed()

    def _follow(self, *, unseen: bool = False) -> None:
        """Take over what changed in the group shown, but never other files, nor another ★.

        Those are told; a key that decides shows them. `unseen`: the screen comes back into view, so
        that nobody looks at its ★ just now.
        """
        shown = self.detail
        if shown is None:
            return
        now = self._now(shown)
        if now is None or not files(now) <= files(shown):
            self.say(difference(shown, now), "bad")
        elif now != shown and (unseen or now.keeper.file_id == shown.keeper.file_id):
            self._show(now)
        if now is not None:
            self.triage.go_to(now.id)
        self.refresh_where()

    def _now(self, shown: GroupDetail) -> GroupDetail | None:
        order = self.twinsift.settings.keep.order
        return group_now(self.twinsift.catalog, shown, order=order)

    def _is_as_shown(self, shown: GroupDetail) -> bool:
        """Whether the files are those that are seen; else shows the group as it is, and says so."""
        now = self._now(shown)
        changed = difference(shown, now)
        if not changed:
            return True
        if now is None:
            self.triage.remove(shown.id)
            self.show_current()
        else:
            self._show(now)
        self.twinsift.say(f"{changed} · look again", "bad")
        return False

    def refresh_where(self) -> None:
        """Say anew where one is, after groups came or went."""
        detail = self.detail
        if detail is None:
            return
        done, groups = self.triage.progress()
        row, shown = self.triage.row + 1, len(self.triage.shown)
        all_of = "" if shown == groups else f" of {groups:,}"
        left = self.twinsift.desk.pace.seconds_left(groups - done)
        # Of three and more files the weakest link stands below, with its own figure.
        alike = f" {percent(detail.similarity)}" if len(detail.members) == 2 else ""
        where = f"{row:,} of {shown:,}"
        decided = f"{done:,}{all_of} decided"
        pace = "" if left is None else f", {roughly(left)} left"
        # What a group is goes last: the list, the plan and the journal tell the rest too.
        full, short = f"{detail.verdict}{alike}", f"{SHORT_VERDICTS[detail.verdict]}{alike}"
        told = [
            f"{full} · {where} · {decided}{pace}",
            f"{short} · {where} · {decided}{pace}",
            f"{full} · {where} · {decided}",
            f"{short} · {where} · {decided}",
            f"{full} · {where}",
            f"{short} · {where}",
        ]
        room = self.size.width - 21  # beside the program's name and the place's
        self.tell_where(next((text for text in told if len(text) <= room), told[-1]))

    def show_groups(self) -> None:
        """Take over groups that were read anew."""
        self._follow()

    def columns(self) -> list[int]:
        """Indices of the files that are shown."""
        if self.detail is None:
            return []
        return seen(len(self.detail.members), self.cursor, self.size.width)

    def lay_out(self) -> None:
        """Share the window out between pictures and facts, or give it to the open view."""
        detail = self.detail
        if detail is None:
            return
        chips = self.query_one(Chips)
        chips.display = len(detail.members) > 2  # two are seen anyway; above that it never jumps
        chips.show(detail, self.cursor)
        panes, facts, comparison = (
            self.query_one(PaneRow),
            self.query_one(FactsPane),
            self.comparison,
        )
        panes.display = facts.display = self.view is None
        comparison.display = self.view is not None
        if self.view is not None:
            comparison.open(self.view, detail, *self.pair())
            return
        comparison.close()
        shown = self.columns()
        # Without the pictures the panes are the files' names and what is decided about them.
        panes.styles.height = 2 if self.is_text else "1fr"
        panes.show(detail, shown, self.cursor)
        as_table = self.is_text or self.size.height >= _TALL
        height = self._facts_height(as_table) + (bool(detail.shown_in) and not as_table)
        facts.styles.height = "1fr" if self.is_text else height
        facts.show(detail, shown, self.cursor, as_table=as_table, all_of_them=self.is_text)

    def _facts_height(self, as_table: bool) -> int:
        """Lines for facts and evidence: the pictures get the rest."""
        if as_table:
            return 11
        return FactsPane.CARD_LINES + (2 if self.size.height >= 20 else 1)

    def show_pictures(self) -> None:
        """Take over pictures that were drawn meanwhile."""
        self.query_one(PaneRow).draw()

    def _upcoming(self) -> GroupDetail | None:
        """The group that a decision will go on to."""
        group = self.triage.upcoming()
        return None if group is None else self._load(group)

    def _load(self, group: GroupSummary) -> GroupDetail | None:
        order = self.twinsift.settings.keep.order
        return load_group(self.twinsift.catalog, group.id, kind=group.kind, order=order)

    def action_collage(self) -> None:
        """Compare ★ with the collages that it is seen in."""
        if self.detail is None or not self.detail.shown_in:
            self.say("no collage shows this picture")
            return
        beside = beside_collages(self.twinsift.catalog, self.detail)
        if len(beside.members) < 2:
            self.say("that collage is gone", "bad")
            return
        self.app.push_screen(CompareScreen(beside, place=self.place))

    # Moving ---------------------------------------------------------------------------------------

    def action_file(self, files: int) -> None:
        """Put the cursor on another file of the group; in a view, look further left or right."""
        if self.view is not None:
            self.comparison.pan(files, 0)
            return
        if self.detail is None:
            return
        self.cursor = max(0, min(self.cursor + files, len(self.detail.members) - 1))
        self.lay_out()

    def action_step(self, groups: int) -> None:
        """Show the next group, or the one before; in a view, look further down or up."""
        if self.view is not None:
            self.comparison.pan(0, groups)
        elif (groups > 0 and self._has_left()) or self.triage.step(groups):
            self.show_current()
        else:
            self.say("that is the last group" if groups > 0 else "that is the first group")

    def action_skip(self) -> None:
        """Leave the group open and show the next open one."""
        self.say("left open")
        self._go_on()

    def _has_left(self) -> bool:
        """Whether the group shown left the list, so that the cursor is on the one after it."""
        group = self.triage.current
        return group is not None and self.detail is not None and group.id != self.detail.id

    def _go_on(self) -> None:
        group = self.triage.current
        is_next = self._has_left() and group is not None and not group.is_decided
        goes_on = is_next or self.triage.next_open()
        self.show_current()
        if not goes_on and self.detail is not None:
            self.say(self.told(_ALL_DECIDED), "good")

    # Deciding -------------------------------------------------------------------------------------

    def _decide(self, what: Callable[[GroupDetail], Step | None], said: str) -> bool:
        """Record a decision about the files that are seen; False where it was refused."""
        detail = self.detail
        if detail is None:
            return False
        try:
            if not self._is_as_shown(detail):
                return False
            step = what(detail)
        except TROUBLE as error:
            self.say(in_words(error), "bad")
            return False
        fresh = load_group(self.twinsift.catalog, detail.id, kind=detail.kind)
        if fresh is None:
            self.triage.remove(detail.id)
        else:
            self.triage.note(fresh)
        self.say(said + (" already" if step is None else self.told(_UNDOES)), "good")
        self.twinsift.hints.follow("decide")
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

    def _cannot_repeat(self) -> None:
        marks = self.told("files marked one by one ({review.mark}) can't be repeated elsewhere")
        self.say(marks, "bad")

    def action_accept(self) -> None:
        """Keep ★ and trash the rest; where the files are marked already: leave it at that."""
        detail = self.detail
        if detail is None:
            return
        if detail.is_decided:
            if self._is_as_shown(detail):
                self._leave_as_marked()
            return
        otherwise = overwritten(detail)
        if otherwise:
            self.say(f"{count(otherwise, 'file')} decided otherwise{self.told(_OTHERWISE)}", "bad")
        elif self._keep(0):
            self.twinsift.last_decision = ReviewScreen.action_accept

    def _leave_as_marked(self) -> None:
        if self._by_hand:
            self.twinsift.desk.pace.decided()
        self.say("as marked" + (self.told(_UNDOES) if self._by_hand else ""), "good")
        self._go_on()

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
            lambda d: self.twinsift.desk.distinct(d.id, d.kind), "not duplicates: off the list"
        ):
            self.twinsift.last_decision = ReviewScreen.action_distinct
            self._go_on()

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
        others = "" if self.detail.is_decided else ", the others kept"
        if self._decide(lambda d: self.twinsift.desk.mark(d, member), f"{name} {said}{others}"):
            self._by_hand = True
            self.twinsift.last_decision = ReviewScreen._cannot_repeat
            self._follow()

    def action_clear(self) -> None:
        """Forget the decisions about this group."""
        if self._decide(self.twinsift.desk.clear, "decisions of this group forgotten"):
            self._by_hand = False
            self._follow()

    def action_repeat(self) -> None:
        """The same decision as last time."""
        if self.twinsift.last_decision is None:
            self.say("nothing to repeat yet", "bad")
        else:
            self.twinsift.last_decision(self)

    # Around ---------------------------------------------------------------------------------------

    def key_labels(self) -> dict[str, str]:
        """Enter goes on with what is decided already; `m` names its folder."""
        labels = {"place": "", **self.view_labels()}
        if self.detail is not None and self.detail.is_decided:
            labels["accept"] = "as marked"
        target = self.twinsift.move_target
        if target is not None:
            labels["move_rest"] = f"to {printable(os.path.basename(home_short(target)))}"
        return labels

    def after_undo(self, group_id: str) -> None:
        """Show the group whose decision was undone."""
        if group_id:
            self.triage.show(group_id)
        self.show_current()
