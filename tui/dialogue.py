"""The triage as a dialogue of lines: for screen readers, terminals that can't be drawn on, scripts.

The same groups, filters and decisions as on the screens (`triage`, `desk`), and the same letters.
Nothing is written over and nothing is said by colour or place alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.errors import Interrupted
from ..catalog.listing import list_groups, stamp
from ..catalog.planning import build
from ..catalog.review import GroupDetail, load_group
from ..catalog.settings import Settings
from ..catalog.steps import Step
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import commands_files, plain, spoken
from .bulk import Bulk
from .desk import Desk, overwritten
from .dialogue_commands import explained, understood
from .status import Status
from .triage import Triage
from .triages import Triages
from .trouble import TROUBLE, in_words
from .wording import count, size

_LISTED = 10


class Dialogue:
    """Reads commands line by line and answers each; files change only by `!` and `R`."""

    def __init__(self, catalog: Catalog, settings: Settings, *, asks: bool) -> None:
        """Take over the catalog's groups; `asks` where a person is at the other end."""
        self._catalog = catalog
        self._settings = settings
        self._asks = asks
        self._desk = Desk(catalog)
        self._triages = Triages()
        self._stamp: tuple[object, ...] = ()
        self._last: Callable[[], None] | None = None
        target = settings.files.move_to
        self._target = os.fsencode(os.path.abspath(os.path.expanduser(target))) if target else None
        self._refused = 0
        self._over = False
        self._do: dict[str, Callable[[str], None]] = {
            "y": self._accept_one, "a": self._keep_all, "x": self._distinct, "s": self._skip,
            "m": self._move, "d": self._mark, ".": self._repeat, "c": self._clear,
            "u": self._undo, "U": self._redo, "j": lambda _: self._step(1),
            "k": lambda _: self._step(-1), "G": self._go, "i": self._facts, "l": self._list,
            "/": self._filter, "t": self._verdict, "o": self._open_only, "n": self._near,
            "S": self._sort, "A": self._accept_all, "P": self._plan, "!": self._apply,
            "J": self._journal, "R": self._restore, "?": self._help, "q": self._quit,
        }  # fmt: skip

    @property
    def _triage(self) -> Triage:
        """The groups of the kind at hand."""
        return self._triages.at_hand

    def run(self) -> int:
        """Talk until the person leaves or the input ends.

        Returns 1 where input that no person typed was refused or not understood, else 0.
        """
        self._refresh()
        self._overview()
        self._show()
        is_first = True
        while not self._over:
            self._refresh()
            line = self._read("(? for help) > " if is_first else "> ")
            is_first = False
            if line is None:
                break
            self._obey(line)
        done, groups = self._triage.progress()
        plain.tell(f"{done:,} of {count(groups, 'group')} decided; decisions are kept")
        return Status.SOME_FAILED if self._refused and not self._asks else Status.DONE

    def _obey(self, line: str) -> None:
        """Carry out one line; what fails is told and leaves everything as it was."""
        text = line.strip()
        if not text:
            self._show()
            return
        if text.isdecimal():
            self._attempt(lambda: self._keep(int(text)))
            return
        asked = understood(text)
        if asked is None:
            self._refuse(f"{printable(text)}: no such command; ? lists them")
            return
        letter, rest = asked
        self._attempt(lambda: self._do[letter](rest))

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Interrupted:
            self._refuse("stopped; what was finished is in the journal")
        except TROUBLE as error:
            self._refuse(in_words(error))

    def _refuse(self, text: str) -> None:
        self._refused += 1
        plain.tell(text)

    def _read(self, prompt: str) -> str | None:
        """The next line, without its end; None where the input is over."""
        if self._asks:
            sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line and self._asks:
            plain.say()
        return line.rstrip("\r\n") if line else None

    # What there is --------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Take over groups that came, changed or went since."""
        now = stamp(self._catalog)
        if now == self._stamp:
            return
        before = len(self._triage)
        is_first = not self._stamp
        groups = list_groups(self._catalog, kind=None)
        for triage in self._triages:
            triage.reading_begins()
            triage.load(groups)
        self._stamp = now
        come = len(self._triage) - before
        if come > 0 and not is_first:
            plain.tell(f"{count(come, 'new group')}")

    def _overview(self) -> None:
        plain.tell(spoken.overview(self._triage))

    def _detail(self) -> GroupDetail | None:
        """The group at hand, or None where there is none any more."""
        while (group := self._triage.current) is not None:
            order = self._settings.keep.order
            detail = load_group(self._catalog, group.id, kind=group.kind, order=order)
            if detail is not None:
                return detail
            self._triage.remove(group.id)
        return None

    def _at_hand(self) -> GroupDetail:
        detail = self._detail()
        if detail is None:
            raise TwinsiftError("there is no group here", "n, / and o change what is listed")
        return detail

    def _show(self) -> None:
        detail = self._detail()
        if detail is None:
            plain.tell("no group is listed")
            return
        for line in spoken.group(detail, self._triage):
            plain.tell(line)

    # Deciding -------------------------------------------------------------------------------------

    def _decided(self, detail: GroupDetail, said: str) -> None:
        """Note what was decided about a group, and go on to the next open one."""
        self._note(detail)
        self._stamp = stamp(self._catalog)
        plain.tell(said)
        self._next_open()

    def _note(self, detail: GroupDetail) -> None:
        fresh = load_group(self._catalog, detail.id, kind=detail.kind)
        if fresh is None:
            self._triage.remove(detail.id)
        else:
            self._triage.note(fresh)

    def _next_open(self) -> None:
        current = self._triage.current
        if (current is not None and not current.is_decided) or self._triage.next_open():
            self._show()
        else:
            plain.tell("no open group is left here; P says what will happen, ! does it")

    def _keep(self, number: int, verb: Verb = Verb.TRASH) -> None:
        detail = self._at_hand()
        if not 1 <= number <= len(detail.members):
            raise TwinsiftError(f"there is no file {number} in this group", "see the numbers above")
        kept = detail.members[number - 1]
        self._desk.keep(detail, {kept.file_id}, verb, self._target if verb is Verb.MOVE else None)
        self._last = lambda: self._keep(number, verb)
        name = printable(os.path.basename(kept.path))
        rest = "moves" if verb is Verb.MOVE else "to the trash"
        self._decided(detail, f"{name} kept, the rest {rest}")

    def _accept_one(self, _: str) -> None:
        detail = self._at_hand()
        if detail.is_decided:
            self._decided(detail, "as marked")
        elif otherwise := overwritten(detail):
            raise TwinsiftError(
                f"{count(otherwise, 'file')} decided otherwise",
                "say the number to be kept, all, or clear",
            )
        else:
            self._keep(1)
            self._last = lambda: self._accept_one("")

    def _keep_all(self, _: str) -> None:
        detail = self._at_hand()
        self._desk.keep_all(detail)
        self._last = lambda: self._keep_all("")
        self._decided(detail, "all kept")

    def _distinct(self, _: str) -> None:
        detail = self._at_hand()
        self._desk.distinct(detail.id, detail.kind)
        self._last = lambda: self._distinct("")
        self._decided(detail, "marked as not duplicates")

    def _skip(self, _: str) -> None:
        if self._triage.next_open():
            self._show()
        else:
            plain.tell("this is the only open group here")

    def _move(self, folder: str) -> None:
        if folder:
            typed = os.fsencode(os.path.expanduser(folder))
            self._target = os.path.abspath(typed)
        if self._target is None:
            raise TwinsiftError("no folder to move to", "name it once: m FOLDER")
        self._keep(1, Verb.MOVE)

    def _mark(self, number: str) -> None:
        detail = self._at_hand()
        if not number.isdecimal() or not 1 <= int(number) <= len(detail.members):
            raise TwinsiftError("which file?", f"d and a number from 1 to {len(detail.members)}")
        self._desk.mark(detail, detail.members[int(number) - 1])
        self._note(detail)
        self._stamp = stamp(self._catalog)
        self._show()

    def _repeat(self, _: str) -> None:
        if self._last is None:
            raise TwinsiftError("nothing to repeat yet")
        self._last()

    def _clear(self, _: str) -> None:
        detail = self._at_hand()
        self._desk.clear(detail)
        self._note(detail)
        self._stamp = stamp(self._catalog)
        plain.tell("decisions of this group forgotten")
        self._show()

    def _undo(self, _: str) -> None:
        self._travel(self._desk.undo(), "undone", "nothing to undo; R restores files")

    def _redo(self, _: str) -> None:
        self._travel(self._desk.redo(), "done again", "nothing to redo")

    def _travel(self, step: Step | None, said: str, nothing: str) -> None:
        if step is None:
            plain.tell(nothing)
            return
        self._refresh()
        plain.tell(f"{said}: {spoken.STEPS.get(step.kind, step.kind)}")
        if step.group_id:
            self._triages.show(step.group_id)
        self._show()

    def _accept_all(self, _: str) -> None:
        if self._triage.kind == "near":
            raise TwinsiftError("near shots are never decided in bulk", "decide them one by one")
        accepting = Bulk(self._catalog, self._triage.open_ids(), self._settings.keep.order)
        totals = accepting.totals()
        plain.tell(
            f"{count(totals.groups, 'group')}: keep {count(totals.kept, 'file')},"
            f" trash {count(totals.removed, 'file')} ({size(totals.bytes)}); u undoes it"
        )
        if totals.groups and self._consents("yes"):
            accepting.accept(totals)
            self._refresh()
            plain.tell(f"{count(totals.groups, 'group')} decided")

    # Moving and choosing what is listed -----------------------------------------------------------

    def _step(self, groups: int) -> None:
        if self._triage.step(groups):
            self._show()
        else:
            plain.tell("that is the last group" if groups > 0 else "that is the first group")

    def _go(self, number: str) -> None:
        shown = len(self._triage.shown)
        if not number.isdecimal() or not 1 <= int(number) <= shown:
            raise TwinsiftError("which group?", f"G and a number from 1 to {shown}")
        self._triage.row = int(number) - 1
        self._show()

    def _facts(self, _: str) -> None:
        for line in spoken.all_facts(self._at_hand()):
            plain.tell(line)

    def _list(self, _: str) -> None:
        first = self._triage.row
        for row in range(first, min(first + _LISTED, len(self._triage.shown))):
            plain.tell(f"{row + 1:,}: {spoken.summary(self._triage.shown[row])}")
        left = len(self._triage.shown) - first - _LISTED
        if left > 0:
            plain.tell(f"and {left:,} more")

    def _arranged(self) -> None:
        self._triage.arrange()
        self._overview_and_show()

    def _overview_and_show(self) -> None:
        plain.tell(spoken.overview(self._triage))
        self._show()

    def _filter(self, text: str) -> None:
        self._triage.text = text
        self._arranged()

    def _verdict(self, _: str) -> None:
        self._triage.next_verdict()
        self._overview_and_show()

    def _open_only(self, _: str) -> None:
        self._triage.open_only = not self._triage.open_only
        self._arranged()

    def _near(self, _: str) -> None:
        self._triages.switch()
        self._overview_and_show()

    def _sort(self, _: str) -> None:
        self._triage.next_sort()
        plain.tell(f"by {self._triage.sort}")
        self._show()

    # Files ----------------------------------------------------------------------------------------

    def _plan(self, _: str) -> None:
        commands_files.show_plan(build(self._catalog, self._settings))

    def _apply(self, _: str) -> None:
        drawn = build(self._catalog, self._settings)
        commands_files.show_plan(drawn)
        wanted = f"delete {drawn.deletions}" if drawn.deletions else "yes"
        if drawn.items and self._consents(wanted):
            commands_files.perform(self._catalog, drawn, live=False)
            self._refresh()

    def _journal(self, _: str) -> None:
        commands_files.list_batches(self._catalog)

    def _restore(self, batch: str) -> None:
        if batch and not batch.isdecimal():
            raise TwinsiftError("which batch?", "J lists them by number")
        commands_files.bring_back(self._catalog, int(batch) if batch else None, live=False)
        self._refresh()

    def _consents(self, wanted: str) -> bool:
        if self._asks:
            sys.stdout.write(f"type {wanted} to go on: ")
        answer = self._read("")
        if answer is not None and answer.strip() == wanted:
            return True
        plain.tell("nothing was done")
        return False

    def _help(self, _: str) -> None:
        for line in explained():
            plain.tell(line)

    def _quit(self, _: str) -> None:
        self._over = True
