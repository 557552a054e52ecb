"""How a batch of file actions ended, told on the screen that began it."""

from __future__ import annotations

from ..catalog.carrying import Outcome
from .place import Place
from .report_screen import Line, ReportScreen
from .wording import count, size


def tell_outcome(place: Place, outcome: Outcome | str | None, verb: str) -> None:
    """Say how a batch ended, and list the files that weren't simply done."""
    if outcome is None:
        return
    if isinstance(outcome, str):
        place.say(outcome, "bad")
        return
    said = f"{count(outcome.done, 'file')} {verb}"
    if outcome.bytes_freed:
        said += f", {size(outcome.bytes_freed)}"
    if outcome.refused or outcome.failed:
        said += f" · {outcome.refused:,} left alone, {outcome.failed:,} failed"
    shows = place.told(" · {everywhere.journal} shows the journal")
    there = place.place == "journal"
    place.say(said if there else said + shows, "bad" if outcome.failed else "good")
    if outcome.messages:
        lines = [Line(path, reason, "trash", "!") for path, reason in outcome.messages]
        place.app.push_screen(
            ReportScreen(place.place, "not everything went through", lines, message=said)
        )
