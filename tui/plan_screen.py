"""The plan: every file that will leave its place, by verb, and the key that does it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ..catalog import planning
from ..catalog.apply import apply_plan
from ..catalog.carrying import Outcome
from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.plan import Plan, PlanItem, Refusal, as_link
from ..models.text import printable
from .busy import BusyScreen
from .dialogs import Confirm, TypedConfirm
from .keymap import bindings
from .line_list import LineList
from .outcomes import tell_outcome
from .place import Place
from .plan_list import SECTIONS, PlanList
from .theme import VERB_WORDS
from .trouble import TROUBLE, in_words
from .wording import count, home_short, size

_LINKS = (Verb.HARDLINK, Verb.REFLINK, Verb.SYMLINK)


class PlanScreen(Place):
    """Summary, the files, and `!`."""

    BINDINGS = bindings("plan")

    place = "plan"
    key_tables = ("plan",)

    def __init__(self, make: Callable[[Catalog], Plan] | None = None) -> None:
        """Show the plan that `make` makes, or that of the decisions."""
        super().__init__()
        self._make = make or self._of_decisions
        self._built: Plan | None = None
        self._number = 0
        """Counts the plans that were begun to be made."""
        self._instead: dict[int, Verb] = {}
        """What is done with files (ids) instead of trashing them; asked anew in each session."""

    def body(self) -> ComposeResult:
        """Summary and list."""
        yield Static(id="summary", markup=False)
        yield PlanList()

    def on_mount(self) -> None:
        """Take the keys."""
        self.query_one(PlanList).focus()

    def on_screen_resume(self) -> None:
        """Decisions may have changed since."""
        self.rebuild()

    # Showing --------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Make the plan anew from the decisions, in a thread."""
        self._number += 1
        self.run_worker(partial(self._build, self._number), thread=True, group="plan")

    def _of_decisions(self, catalog: Catalog) -> Plan:
        return planning.build(catalog, self.twinsift.settings)

    def _build(self, number: int) -> None:
        try:
            with self.twinsift.open_catalog() as catalog:
                built = self._make(catalog)
        except TROUBLE as error:
            self.app.call_from_thread(self.say, in_words(error), "bad")
            return
        self.app.call_from_thread(self._take, number, built)

    def _take(self, number: int, built: Plan) -> None:
        if number != self._number:
            return  # a later one is on its way
        self._built = built
        there = {item.file_id for item in built.items}
        self._instead = {i: verb for i, verb in self._instead.items() if i in there}
        listed = self.query_one(PlanList)
        listed.dropped &= there
        self._refresh()

    def plan(self) -> Plan | None:
        """The plan as shown: as built, with this session's deletions, without what is dropped."""
        if self._built is None:
            return None
        items = tuple(self._as_shown(item) for item in self._built.items)
        return replace(self._built, items=items).without(self.query_one(PlanList).dropped)

    def _as_shown(self, item: PlanItem) -> PlanItem:
        verb = self._instead.get(item.file_id)
        if verb is None or item.verb is not Verb.TRASH:
            return item
        if verb is Verb.DELETE:
            return replace(item, verb=verb, destination=None)
        return as_link(item, verb)

    def _refresh(self) -> None:
        built, effective = self._built, self.plan()
        if built is None or effective is None:
            return
        listed = self.query_one(PlanList)
        items = [self._as_shown(item) for item in built.items]
        listed.show(items, built.refusals, _common_folder(built))
        parts = [
            Content.styled(f" {count(len(effective.items), 'file')}", "bold"),
            Content(f"frees {size(effective.bytes_freed)}"),
        ]
        if effective.deletions:
            parts.append(Content.styled(f"{effective.deletions:,} deleted for good", "$error"))
        if listed.dropped:
            parts.append(Content(f"{len(listed.dropped):,} left alone"))
        if built.refusals:
            parts.append(Content.styled(f"{len(built.refusals):,} refused", "$warning"))
        self.tell_where(f"in {printable(home_short(listed.base))}" if listed.base else "")
        self.query_one("#summary", Static).update(
            Content.styled(" · ", "$muted").join(parts), layout=False
        )
        self.keys_changed()

    def key_labels(self) -> dict[str, str]:
        """`!` says how much it does."""
        effective = self.plan() if self.is_mounted else None
        if effective is None or not effective.items:
            return {"apply": "", "drop": "", "delete": "", "choose": "", "place": ""}
        return {"apply": f"apply {len(effective.items):,}", "place": ""}

    def after_undo(self, group_id: str) -> None:
        """The decisions changed."""
        self.rebuild()

    @on(LineList.Moved)
    def _tell_row(self) -> None:
        """Say in full what the row had no room for."""
        listed = self.query_one(PlanList)
        entry = listed.rows[listed.cursor] if listed.rows else None
        if isinstance(entry, Refusal):
            self.say(printable(entry.reason), "bad")
        elif isinstance(entry, PlanItem) and entry.destination is not None:
            names = ", ".join(printable(os.path.basename(c.source)) for c in entry.companions)
            with_it = f" with {names}" if names else ""
            self.say(f"→ {printable(home_short(entry.destination))}{with_it}")
        elif isinstance(entry, PlanItem):
            what = "a link takes its place" if entry.verb.links else "deleted for good"
            self.say(f"{what}; {printable(home_short(entry.keeper))} stays")
        else:
            self.say("")

    # Changing the plan ----------------------------------------------------------------------------

    def action_drop(self) -> None:
        """Leave the file (or the section) under the cursor alone this time, or don't."""
        ids = {item.file_id for item in self.query_one(PlanList).under_cursor()}
        listed = self.query_one(PlanList)
        if ids <= listed.dropped:
            listed.dropped -= ids
        else:
            listed.dropped |= ids
        if len(ids) == 1:
            listed.action_move(1)
        self._refresh()

    def action_delete(self) -> None:
        """Delete for good what would go to the trash, or the other way round."""
        items = self.query_one(PlanList).under_cursor()
        ids = {item.file_id for item in items if item.verb is Verb.TRASH}
        if ids:
            self._instead |= dict.fromkeys(ids, Verb.DELETE)
            self.say("for good: that can't be undone, and has to be typed to be done", "bad")
        else:
            back = {item.file_id for item in items} & self._instead.keys()
            if not back:
                self.say("only what goes to the trash can be deleted instead", "bad")
                return
            for file_id in back:
                del self._instead[file_id]
            self.say("to the trash again", "good")
        self._refresh()

    def action_link(self) -> None:
        """Put a link in place of identical copies instead of trashing them: each kind in turn."""
        built = {item.file_id: item for item in self._built.items} if self._built else {}
        ids = [item.file_id for item in self.query_one(PlanList).under_cursor()]
        ids = [i for i in ids if as_link(built[i], Verb.HARDLINK).verb.links]
        if not ids:
            self.say("only a copy that is the same byte for byte can become a link", "bad")
            return
        kinds = (None, *_LINKS)
        now = self._instead.get(ids[0])
        following = kinds[(kinds.index(now) + 1) % len(kinds)] if now in kinds else _LINKS[0]
        for file_id in ids:
            if following is None:
                self._instead.pop(file_id, None)
            else:
                self._instead[file_id] = following
        self.say(f"{VERB_WORDS[following]} instead" if following else "to the trash again", "good")
        self._refresh()

    @on(LineList.Chosen)
    def action_choose(self) -> None:
        """Review the group of the file under the cursor."""
        items = self.query_one(PlanList).under_cursor()
        if items and items[0].group_id:
            self.twinsift.review_group(items[0].group_id)

    # Applying -------------------------------------------------------------------------------------

    def action_apply(self) -> None:
        """Ask, then do it."""
        plan = self.plan()
        if plan is None or not plan.items:
            self.say("nothing is planned: decide some groups first")
            return
        lines = [
            f"{text}: {count(len(items), 'file')}, {size(sum(item.size for item in items))}"
            for verb, text in SECTIONS
            if (items := [item for item in plan.items if item.verb is verb])
        ]
        lines.append("Each file and the one that stays for it are read and compared first.")
        if any(item.verb is Verb.TRASH for item in plan.items):
            lines.append(self._about_trash())
        title = f"Apply the plan to {count(len(plan.items), 'file')}?"
        if plan.deletions:
            lines.append("What is deleted for good can't be brought back.")
            wanted = f"delete {plan.deletions}"
            self.app.push_screen(
                TypedConfirm(title, lines, wanted), lambda yes: self._apply(plan) if yes else None
            )
        else:
            lines.append("The journal can undo it.")
            self.app.push_screen(
                Confirm(title, lines), lambda yes: self._apply(plan) if yes else None
            )

    def _about_trash(self) -> str:
        """Where the trash is, and how it's emptied."""
        own = self.twinsift.settings.files.trash
        where = printable(home_short(os.fsencode(own))) if own else "hidden .twinsift-trash folders"
        return f"Trash: {where}; `twinsift purge` empties it."

    def _apply(self, plan: Plan) -> None:
        self.app.push_screen(
            BusyScreen(
                "Applying the plan",
                lambda catalog, report, control: apply_plan(
                    catalog, plan, delete_confirmed=True, report=report, control=control
                ),
                self.twinsift.open_catalog,
            ),
            self._applied,
        )

    def _applied(self, outcome: Outcome | str | None) -> None:
        self.query_one(PlanList).dropped.clear()
        self.twinsift.reload_groups()
        tell_outcome(self, outcome, "done")
        self.rebuild()


def _common_folder(plan: Plan) -> bytes:
    """The folder that all files of a plan lie in; empty where that says nothing."""
    paths = [item.source for item in plan.items] + [item.keeper for item in plan.items]
    paths += [refusal.source for refusal in plan.refusals]
    try:
        common = os.path.commonpath([os.path.dirname(path) for path in paths]) if paths else b""
    except ValueError:  # on other drives
        return b""
    return b"" if common == os.path.dirname(common) else common
