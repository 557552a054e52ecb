"""Hints for the first steps: each is shown until the person has done what it says, then never."""

from __future__ import annotations

import contextlib
from pathlib import Path

import platformdirs

from ..catalog import private_file
from .own_keys import OwnKeys

HINTS = {
    "review": "{groups.choose} looks at this group · files stay as they are until the plan",
    "decide": "{review.accept} keeps ★ and goes on · {everywhere.undo} takes it back"
    " · {everywhere.help} shows all keys",
    "plan": "{everywhere.plan} shows what will happen to the files · only {plan.apply} there does"
    " it",
}
"""By what is done to be rid of them; keys stand in braces, by their ids."""


class Hints:
    """Which hints were followed; remembered in a small file beside the person's other data."""

    def __init__(self, place: Path | None = None) -> None:
        self._place = place or Path(platformdirs.user_state_dir("twinsift", appauthor=False))
        self._file = self._place / "hints-followed"
        self._followed: set[str] = set()
        self._told: set[str] = set()
        with contextlib.suppress(OSError, UnicodeDecodeError):  # then they are shown again
            self._followed = set(self._file.read_text(encoding="utf-8").split())

    def wanted(self, name: str) -> bool:
        """Whether a hint is still to be shown."""
        return name not in self._followed

    def once(self, name: str, own_keys: OwnKeys) -> str:
        """A hint's text with the person's keys, the first time that it's wanted; else ''."""
        if not self.wanted(name) or name in self._told:
            return ""
        self._told.add(name)
        return own_keys.told(HINTS[name])

    def follow(self, name: str) -> None:
        """Remember that the person knows this now."""
        if name in self._followed:
            return
        self._followed.add(name)
        with contextlib.suppress(OSError):  # a hint more is no harm
            private_file.replace(self._file, "\n".join(sorted(self._followed)) + "\n")
