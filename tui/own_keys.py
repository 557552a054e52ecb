"""Keys as a person has set them: the settings' `[keys]` checked against the table of keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.app import App
from textual.keys import format_key

from ..catalog.errors import SettingsError
from ..catalog.options import nearest
from ..models.text import printable
from .keymap import KEYS, Key

_ALONE = ("dialog", "text", "busy", "prompt", "picker", "ask")
"""Tables of dialogs: what leaves a dialog must stay what it is everywhere."""
_WITH_OTHERS = ("everywhere", "list", "view")
"""Tables that are in force together with that of a screen."""
_NAMED = (
    "space", "enter", "tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown",
    "insert", "delete", "backspace", *(f"f{number}" for number in range(1, 13)),
)  # fmt: skip
_SHOWN = {
    "space": "Space", "enter": "Enter", "tab": "Tab", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End",
}  # fmt: skip

_RESERVED = {
    "ctrl+c": "it tells how to leave",
    "ctrl+z": "it goes back to the shell",
    "ctrl+q": "it leaves at once",
    "f1": "it searches the commands",
    "escape": "it leaves dialogs, and begins what other keys send",
    "ctrl+m": "terminals send it for Enter",
    "ctrl+i": "terminals send it for Tab",
    "ctrl+h": "terminals send it for Backspace",
    "ctrl+[": "terminals send it for Esc",
}
"""Keys that do something else whatever is set, or that terminals can't tell from another one."""

Table = Mapping[str, tuple[Key, ...]]


class OwnKeys:
    """The table of keys with a person's own keys in place."""

    def __init__(self, own: Mapping[str, str] | None = None, where: str = "[keys]") -> None:
        """Put own keys in place: `own` maps ids like 'review.keep_all' to keys like 'K, ctrl+k'.

        Raises:
            SettingsError: the first of `faults`.
        """
        own = own or {}
        self.table, wrong = _checked(own, where)
        self.is_changed = bool(own)
        if wrong:
            raise wrong[0]

    def shown(self, row: str, which: int = 0) -> str:
        """A key of a row, given by its id, as a person reads it: the first, or the last by -1."""
        place, _, name = row.partition(".")
        key = next(key for key in self.table[place] if key.id == name)
        return key.shown.split()[which]

    def told(self, text: str) -> str:
        """A text with keys for the rows that stand in braces: '{everywhere.undo} undoes'."""
        return re.sub(r"{([a-z_]+\.[a-z_]+)}", lambda row: self.shown(row[1]), text)

    def keymap(self) -> dict[str, str]:
        """Keys by the ids of bindings, for Textual; empty where all are the table's own."""
        made: dict[str, str] = {}
        if not self.is_changed:
            return made
        # All rows, not the changed ones alone: Textual drops whatever shares a key with those.
        for place, keys in self.table.items():
            for key in keys:
                row = f"{place}.{key.id}"
                if key.is_fixed:
                    made |= {f"{row}.{digit}": digit for digit in key.keys.split(",")}
                else:
                    made[row] = key.keys
        return made


def faults(own: Mapping[str, str], where: str = "[keys]") -> list[SettingsError]:
    """All that is wrong with own keys; `where` names the file in it.

    There is no such id or key, its keys are fixed, a key is reserved or given twice, or two actions
    of one screen would have the same one.
    """
    return _checked(own, where)[1]


def keys_of(app: App[Any], *places: str) -> tuple[Key, ...]:
    """The keys of some places as the program has them: a person's own where there are some."""
    return tuple(key for place in places for key in in_force(app).table[place])


def in_force(app: App[Any]) -> OwnKeys:
    """The keys as the program has them."""
    own = getattr(app, "own_keys", None)
    return own if isinstance(own, OwnKeys) else OwnKeys()


def _checked(own: Mapping[str, str], where: str) -> tuple[Table, list[SettingsError]]:
    """The table with own keys in place, as far as they are right, and all that is wrong."""
    wrong: list[SettingsError] = []
    table = {place: list(keys) for place, keys in KEYS.items()}
    known = {
        f"{place}.{key.id}": (place, index)
        for place, keys in KEYS.items()
        if place not in _ALONE
        for index, key in enumerate(keys)
        if not key.is_fixed
    }
    for row, text in own.items():
        try:
            if row not in known:
                raise _no_such_row(row, tuple(known), where)
            names = _key_names(text, row, where)
        except SettingsError as error:
            wrong.append(error)
            continue
        place, index = known[row]
        before = KEYS[place][index]
        keys, shown = ",".join(names), " ".join(map(_as_read, names))
        for other, rows in table.items():  # the same key and action at two places stays one
            for number, key in enumerate(rows):
                is_twin = (key.keys, key.action) == (before.keys, before.action)
                if (other, number) == (place, index) or (
                    is_twin and other not in _ALONE and f"{other}.{key.id}" not in own
                ):
                    rows[number] = replace(key, keys=keys, shown=shown)
    made = {place: tuple(keys) for place, keys in table.items()}
    return made, [*wrong, *(_clashes(made, own, where) if own else ())]


def _key_names(text: str, row: str, where: str) -> list[str]:
    """Textual's names of the keys of a row."""
    names: list[str] = []
    for part in _parts(text):
        name = _key_name(part, row, where)
        if format_key(name) in map(format_key, names):
            raise SettingsError(f"{where} {row}: {_as_read(name)} is given twice", "once is enough")
        names.append(name)
    if not names:
        raise SettingsError(f"{where} {row}: no key is given", "write one, as in 'K'")
    return names


def _parts(text: str) -> list[str]:
    """Keys separated by commas; a comma alone is the key."""
    return [part.strip() for part in text.split(",") if part.strip()] or ["comma"] * ("," in text)


def _key_name(text: str, row: str, where: str) -> str:
    """Textual's name of a key."""
    if len(text) == 1 and text.isprintable() and not text.isspace():
        return text
    if text == "comma":
        return text
    name = text.lower()
    if name in _RESERVED:
        raise SettingsError(
            f"{where} {row}: {printable(text)} is reserved: {_RESERVED[name]}",
            "take another key",
        )
    modifier, plus, last = name.rpartition("+")
    if modifier == "shift" and len(last) == 1:
        raise SettingsError(
            f"{where} {row}: {printable(text)} is no key by itself", f"write {last.upper()!r}"
        )
    if name in _NAMED or (plus and modifier in ("ctrl", "alt", "shift") and last):
        return name
    likely = nearest(name, _NAMED)
    remedy = f"did you mean {likely}?" if likely else "a letter or sign, space, f2, ctrl+k, …"
    raise SettingsError(f"{where} {row}: {printable(text)!r} is no key", remedy)


def _no_such_row(row: str, known: tuple[str, ...], where: str) -> SettingsError:
    shown = printable(row)
    place, _, name = row.partition(".")
    if any(key.id == name for key in KEYS.get(place, ())):
        return SettingsError(f"{where} {shown}: this key can't be changed", "leave it out")
    likely = nearest(row, known) or next((i for i in known if i.endswith(f".{row}")), None)
    remedy = f"did you mean {likely}?" if likely else "docs/keys.md lists them"
    return SettingsError(f"{where} {shown}: there is no such action", remedy)


def _as_read(name: str) -> str:
    if name in _SHOWN:
        return _SHOWN[name]
    modifier, plus, last = name.rpartition("+")
    return f"{modifier.capitalize()}-{last}" if plus else format_key(name)


def _clashes(table: Table, own: Mapping[str, str], where: str) -> list[SettingsError]:
    """The keys that two actions have on one screen, unless the table itself has them so."""
    found: dict[tuple[str, str, str], SettingsError] = {}
    changed = _changed(table, own)
    for place in table:
        if place in _ALONE or place in _WITH_OTHERS:
            continue
        taken: dict[str, str] = {}
        beside = "view" if place in ("review", "compare") else "list"
        for part in (place, beside, "everywhere"):
            for key in table[part]:
                row = f"{part}.{key.id}"
                for name in key.keys.split(","):
                    one = format_key(name)
                    other = taken.setdefault(one, row)
                    if other == row or not {row, other} & changed:
                        continue
                    if _action(table, row) == _action(table, other):
                        continue
                    found[one, other, row] = SettingsError(
                        f"{where}: {_as_read(name)} would be both {other} and {row}",
                        "give one of them another key",
                    )
    return list(found.values())


def _changed(table: Table, own: Mapping[str, str]) -> set[str]:
    """The rows that have other keys than the table's, twins of those that were set among them."""
    before = {f"{place}.{key.id}": key.keys for place, keys in KEYS.items() for key in keys}
    now = {f"{place}.{key.id}": key.keys for place, keys in table.items() for key in keys}
    return {row for row in now if now[row] != before[row]} | set(own)


def _action(table: Table, row: str) -> str:
    place, _, name = row.partition(".")
    return next(key.action for key in table[place] if key.id == name)
