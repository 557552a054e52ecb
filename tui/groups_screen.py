"""The groups list: what there is to decide, filtered, sorted and marked."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from . import bulk
from .bulk import AcceptTotals, Bulk
from .busy import BusyScreen
from .dialogs import Confirm
from .filter_line import FilterLine
from .group_list import GroupList
from .keymap import bindings
from .line_list import LineList
from .place import Place
from .review_screen import ReviewScreen
from .triage import Triage
from .trouble import TROUBLE, in_words
from .wording import balance, count, size

_READING = "Reading the catalog…"
_EMPTY = (
    "No groups yet\nPress {everywhere.library} for the library, and {library.add} there to add a"
    " folder of pictures."
)
_EMPTY_WORKING = "Looking for duplicates…\nGroups appear here as they are found."
_EMPTY_FILTERED = (
    "Nothing matches\nPress {groups.filter} and {prompt.submit} for all,"
    " {groups.verdict} for all verdicts, {groups.open_only} for decided ones."
)
_EMPTY_NEAR = "No near shots\nPress {groups.near} to go back to the duplicates."


class GroupsScreen(Place):
    """The list, one line about what is shown, and the keys that act on groups."""

    BINDINGS = bindings("groups")

    place = "groups"
    key_tables = ("groups",)

    @property
    def triage(self) -> Triage:
        """The groups as listed."""
        return self.twinsift.triage

    def body(self) -> ComposeResult:
        """Summary, column titles and list."""
        yield Static(id="summary", markup=False)
        yield Static(id="titles", markup=False)
        yield GroupList(self.triage, id="groups")
        yield FilterLine()

    def on_mount(self) -> None:
        """Show what is already loaded."""
        self.query_one(GroupList).focus()
        self.refresh_groups()

    def on_screen_resume(self) -> None:
        """Take over what changed while another screen was shown."""
        self.refresh_groups()
        if self.twinsift.triage.progress()[0] and not self.twinsift.hints.wanted("decide"):
            self.twinsift.hint("plan")

    def on_resize(self) -> None:
        """Fit titles and summary to the new width."""
        self.call_after_refresh(self._refresh_lines)

    # Showing --------------------------------------------------------------------------------------

    def show_groups(self) -> None:
        """Take over groups that were read anew; the cursor keeps its line of the screen."""
        self.refresh_groups(hold=True)

    def refresh_groups(self, *, hold: bool = False) -> None:
        """Show the Triage as it stands; `hold` keeps the cursor's line of the screen."""
        if not self.is_mounted:
            return
        groups = self.query_one(GroupList)
        if groups.triage is not self.triage:
            groups.triage = self.triage
        if len(self.triage):
            self.twinsift.hint("review")
        groups.empty = self._empty()
        groups.follow(hold=hold)
        self._refresh_lines()

    def _empty(self) -> str:
        if not self.twinsift.feed.has_loaded:
            return _READING
        if len(self.triage):
            return _EMPTY_FILTERED
        if self.triage.kind == "near":
            return _EMPTY_NEAR
        return _EMPTY_WORKING if self.twinsift.is_busy else _EMPTY

    def _refresh_lines(self) -> None:
        groups = self.query_one(GroupList)
        self.query_one("#titles", Static).update(
            Content(groups.titles(groups.scrollable_content_region.width)), layout=False
        )
        self.query_one("#summary", Static).update(self._summary(), layout=False)

    def _summary(self) -> Content:
        triage, totals = self.triage, self.triage.totals()
        noun = "near-shot group" if triage.kind == "near" else "group"
        missing = self.twinsift.feed.missing
        if not len(triage) and (missing is None or self.twinsift.is_busy):
            return Content.styled(f" no {noun} yet", "bold")  # nobody has counted so far
        parts = [Content.styled(f" {count(totals.groups, noun)}", "bold")]
        if missing:
            parts.append(Content.styled(f"reading {missing:,} more…", "$accent"))
        if triage.kind == "duplicate":
            told = balance(totals.groups, totals.decided, totals.freed, totals.reclaim)
            parts += map(Content, told)
        elif totals.decided:
            parts.append(Content(f"{totals.decided:,} decided"))
        marked = triage.marked()
        if marked:
            parts.append(Content.styled(f"{marked:,} marked", "$accent"))
        if triage.verdict is not None:
            parts.append(Content.styled(f"only {triage.verdict}", "$accent"))
        if triage.open_only:
            parts.append(Content.styled("only open", "$accent"))
        if triage.text:
            parts.append(Content.styled(f"with “{triage.text}”", "$accent"))
        parts.append(Content(f"by {triage.sort}"))
        return Content.styled(" · ", "$muted").join(parts)

    # Going to a group -----------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Review the group under the cursor."""
        if self.triage.current is not None:
            self.twinsift.hints.follow("review")
            self.app.push_screen(ReviewScreen(self.triage, self.twinsift.terminal.drawing))

    @on(LineList.Chosen)
    def _on_double_click(self) -> None:
        self.action_choose()

    def after_undo(self, group_id: str) -> None:
        """Put the cursor on the group, bringing it back into view where filters hide it."""
        if group_id:
            self.triage.show(group_id)
        self.refresh_groups()

    # Choosing what is shown -----------------------------------------------------------------------

    def action_sort(self) -> None:
        """The next order."""
        self.triage.next_sort()
        self.refresh_groups()

    def action_verdict(self) -> None:
        """The next verdict alone, then all."""
        self.triage.next_verdict()
        self.refresh_groups()

    def action_open_only(self) -> None:
        """Hide decided groups, or show them."""
        self.triage.open_only = not self.triage.open_only
        self.triage.arrange()
        self.refresh_groups()

    def action_near(self) -> None:
        """Switch between duplicates and near shots."""
        self.twinsift.triages.switch()
        self.refresh_groups()

    def action_filter(self) -> None:
        """Filter by folder, name or verdict, as it is typed."""
        self.query_one(FilterLine).begin(self.triage.text)

    def on_descendant_focus(self) -> None:
        """The keys of the line, or of the list."""
        self.show_keys(*(("prompt",) if isinstance(self.focused, FilterLine) else ()))

    @on(FilterLine.Typed)
    def _filter(self, event: FilterLine.Typed) -> None:
        if event.text != self.triage.text:
            self.triage.text = event.text
            self.triage.arrange()
            self.refresh_groups()
        if event.is_over:
            self.query_one(GroupList).focus()

    # Marking --------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the group under the cursor and go one down."""
        group = self.triage.current
        if group is None:
            return
        self.triage.toggle_mark(group.id)
        groups = self.query_one(GroupList)
        groups.refresh_line(groups.cursor)
        groups.action_move(1)
        self._refresh_lines()

    def action_range(self) -> None:
        """Begin a range here, or mark up to here."""
        groups = self.query_one(GroupList)
        if groups.range_from is None:
            groups.range_from = groups.cursor
            self.say(self.told("range begun; move, then {groups.range} marks up to the cursor"))
        else:
            self.triage.mark_rows(groups.range_from, groups.cursor)
            groups.range_from = None
            self.say("")
        groups.refresh()
        self._refresh_lines()

    # Deciding -------------------------------------------------------------------------------------

    def action_distinct(self) -> None:
        """Never group the files of the current group (or of the marked ones) again."""
        current = self.triage.current
        if current is None:
            return
        marked, kind = self.triage.marked_ids(), current.kind
        if marked:
            self.app.push_screen(
                BusyScreen(
                    "Marking as not duplicates",
                    lambda catalog, *how: bulk.mark_distinct(catalog, marked, kind, *how),
                    self.twinsift.open_catalog,
                    items="groups",
                ),
                self._marked_distinct,
            )
            return
        try:
            self.twinsift.desk.distinct(current.id, kind)
        except TROUBLE as error:
            self.say(in_words(error), "bad")
        else:
            self._marked_distinct((1, ""))

    def _marked_distinct(self, result: tuple[int, str] | str | None) -> None:
        done, refused = result if isinstance(result, tuple) else (0, result or "")
        said = f"{count(done, 'group')} marked as not duplicates, off the list"
        if refused:
            self.say(f"{said} · {refused}" if done else refused, "bad")
        else:
            self.say(f"{said} · {self.told('{everywhere.undo} undoes')}", "good")
        if done:
            self.twinsift.reload_groups()

    def action_accept(self) -> None:
        """Accept the suggestion for what is marked or shown, after its totals were seen."""
        if self.triage.kind == "near":
            self.say("near shots are never decided in bulk: review them one by one", "bad")
            return
        if self.twinsift.feed.missing:
            self.say("the list is still being read; a moment", "bad")
            return
        ids, order = self.triage.open_ids(), self.twinsift.settings.keep.order
        if not ids:
            self.say("every group shown is decided already")
            return
        self.app.push_screen(
            BusyScreen(
                "Adding up",
                lambda catalog, *how: Bulk(catalog, ids, order, *how).totals(),
                self.twinsift.open_catalog,
                items="groups",
            ),
            lambda totals: self._ask_accept(ids, order, totals),
        )

    def _ask_accept(
        self, ids: list[str], order: tuple[str, ...], totals: AcceptTotals | str | None
    ) -> None:
        if not isinstance(totals, AcceptTotals):
            self.say(totals or "", "bad")
            return
        lines = [
            f"{count(totals.groups, 'group')}: keep {count(totals.kept, 'file')},"
            f" trash {count(totals.removed, 'file')} ({size(totals.bytes)}).",
            "Files stay where they are until the plan is applied;"
            + self.told(" {everywhere.undo} undoes this."),
        ]
        deciding = BusyScreen(
            "Deciding",
            lambda catalog, *how: Bulk(catalog, ids, order, *how).accept(totals),
            self.twinsift.open_catalog,
            items="groups",
        )

        def decide(yes: bool | None) -> None:
            if yes:
                self.app.push_screen(deciding, self._accepted)

        self.app.push_screen(
            Confirm("Accept the suggested keeper ★", lines),
            decide,
        )

    def _accepted(self, result: AcceptTotals | str | None) -> None:
        if not isinstance(result, AcceptTotals):
            self.say(result or "", "bad")
            return
        self.triage.unmark()
        shows = self.told("decided · {everywhere.plan} shows the plan")
        self.say(f"{count(result.groups, 'group')} {shows}", "good")
        self.twinsift.reload_groups()
