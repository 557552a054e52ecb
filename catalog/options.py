"""Settings one by one: their names, what they accept, and what to say when one is given wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from ..models.manifest import is_name
from .errors import SettingsError
from .settings import SECTIONS, Settings

# Flags of these sections carry the bare key; the others' begin with their section.
BARE_FLAGS = ("index", "match", "screen")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: a key of one table of the settings file, and one flag of the command line."""

    section: str
    key: str
    default: Any
    help: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    is_path: bool
    takes_name: bool

    @property
    def flag(self) -> str:
        """The command-line flag, as in '--hamming' or '--keep-order'."""
        name = self.key if self.section in BARE_FLAGS else f"{self.section}-{self.key}"
        return "--" + name.replace("_", "-")

    @property
    def wanted(self) -> str:
        """The values it accepts, in words."""
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            return f"one of {', '.join(self.choices)}" if self.choices else "text"
        if isinstance(self.default, tuple):
            return f"a list of {', '.join(self.choices)}" if self.choices else "a list of text"
        number = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{number} from {self.low:g} to {self.high:g}"

    def parse(self, texts: Sequence[str], base: Path, where: str) -> Any:
        """The value that a flag's texts stand for, one text for each time it was given.

        A list takes all of them, names of a fixed choice also with commas between; any other
        setting takes the last. Relative paths are taken from `base`.

        Raises:
            SettingsError: they stand for no right value; `where` names the flag.
        """
        value: Any = texts[-1]
        if isinstance(self.default, tuple):
            value = list(texts)
            if self.choices:
                value = [part.strip() for text in texts for part in text.split(",")]
        elif isinstance(self.default, int | float) and not isinstance(self.default, bool):
            try:
                value = int(value) if isinstance(self.default, int) else float(value)
            except ValueError:
                raise self._wrong(value, where) from None
        return self.check(value, base, where)

    def check(self, value: Any, base: Path, where: str) -> Any:
        """The value as `Settings` holds it; relative paths are taken from `base`.

        Raises:
            SettingsError: it isn't one of the values wanted; `where` names the file and key.
        """
        if isinstance(self.default, tuple):
            return self._check_list(value, where)
        if isinstance(self.default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(self.default):
            raise self._wrong(value, where)
        if isinstance(value, str):
            if self.choices and value not in self.choices:
                raise self._wrong(value, where)
            if not self.is_path or not value or (self.takes_name and is_name(value)):
                return value
            # Settings are read in one folder and used in another: a path must not depend on that.
            try:
                expanded = Path(value).expanduser()
            except RuntimeError:  # of a user that there isn't: '~nobody/x'
                expanded = None
            if expanded is None or "\0" in value:
                raise self._wrong(value, where)
            return str(base / expanded)
        if not isinstance(value, bool):
            low = -math.inf if self.low is None else self.low
            high = math.inf if self.high is None else self.high
            if not low <= value <= high:
                raise self._wrong(value, where)
        return value

    def _check_list(self, value: Any, where: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise self._wrong(value, where)
        for part in value:
            if self.choices and part not in self.choices:
                raise self._wrong(part, where)
        if self.choices and len(set(value)) < len(value):
            raise SettingsError(f"{where}: {value!r} names something twice", "name each once")
        return tuple(value)

    def _wrong(self, value: object, where: str) -> SettingsError:
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
        return SettingsError(
            f"{where}: {shown} is not {self.wanted}", f"nearest right value: {self._nearest(value)}"
        )

    def _nearest(self, value: object) -> str:
        if isinstance(self.default, bool):
            yes = str(value).lower() in ("1", "yes", "on", "y", "true", "1.0")
            no = str(value).lower() in ("0", "no", "off", "n", "false", "0.0")
            return str(yes or (self.default and not no)).lower()
        if isinstance(self.default, int | float):
            return self._nearest_number(value)
        if self.choices:
            return nearest(str(value), self.choices) or self.choices[0]
        if isinstance(self.default, tuple):
            return f"[{str(value)!r}]"
        return repr(str(value))

    def _nearest_number(self, value: object) -> str:
        try:
            number = float(value) if isinstance(value, int | float | str) else math.nan
        except ValueError:
            number = math.nan
        if math.isnan(number) or isinstance(value, bool):
            return f"{self.default:g}"
        low = number if self.low is None else max(self.low, number)
        number = low if self.high is None else min(self.high, low)
        return f"{round(number) if isinstance(self.default, int) else number:g}"


@cache
def options(section: str) -> tuple[Option, ...]:
    """The settings of one section, in the order of their definition."""
    found = []
    for field in fields(get_type_hints(Settings)[section]):
        about = field.metadata
        found.append(
            Option(
                section=section,
                key=field.name,
                default=field.default,
                help=about["help"],
                low=about["low"],
                high=about["high"],
                choices=about["choices"],
                is_path=about["path"],
                takes_name=about["name"],
            )
        )
    return tuple(found)


def all_options() -> Iterator[Option]:
    """Every setting there is."""
    for section in SECTIONS:
        yield from options(section)


def nearest(word: str, words: tuple[str, ...]) -> str | None:
    """The word most like a mistyped one, or None where none is like it."""
    close = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return close[0] if close else None
