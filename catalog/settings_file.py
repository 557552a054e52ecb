"""The settings file: a TOML table for each section, every wrong key or value refused by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs

from ..models.text import printable
from . import private_file
from .errors import SettingsError
from .options import Option, nearest, options
from .settings import SECTIONS, Settings


def default_path() -> Path:
    """The settings file's place in the platform's configuration folder."""
    return Path(platformdirs.user_config_dir("twinsift", appauthor=False)) / "settings.toml"


def load(path: Path | None = None) -> Settings:
    """The settings of a file, defaults where it says nothing.

    Without a path the default place is looked at, where a missing file means the defaults.
    Relative paths in the file are taken from the file's folder.

    Raises:
        SettingsError: the file can't be read, isn't TOML, or has a wrong key or value.
    """
    place = default_path() if path is None else path
    name = printable(str(place))
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        if path is None:
            return Settings()
        raise SettingsError(f"there is no settings file {name}", "check --settings FILE") from None
    except OSError as error:
        raise SettingsError(f"{name} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} is not UTF-8 text", "save it as UTF-8") from error
    try:
        tables = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise SettingsError(f"{name} is not TOML: {printable(str(error))}") from error
    except RecursionError as error:
        raise SettingsError(f"{name} is not TOML: its brackets are nested too deep") from error
    return _settings(tables, place, name)


def merge(settings: Settings, values: Mapping[tuple[str, str], Any]) -> Settings:
    """The settings with checked values put in place, keyed by (section, key)."""
    for section in SECTIONS:
        given = {key: value for (place, key), value in values.items() if place == section}
        if given:
            changed = replace(getattr(settings, section), **given)
            settings = replace(settings, **{section: changed})
    return settings


def example() -> str:
    """A settings file that sets every key to its default, with what each means as a comment."""
    lines = []
    for section in SECTIONS:
        lines += [f"[{section}]"]
        for option in options(section):
            lines += [f"# {option.help}{_bounds(option)}", f"{option.key} = {toml(option.default)}"]
        lines += [""]
    return "\n".join(lines)


def toml(value: Any) -> str:
    """A setting's value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A basic string of TOML and a string of JSON escape alike what a path can hold.
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    return repr(value)


def save(path: Path | None, section: str, key: str, value: Any) -> Path:
    """Write one setting into the settings file, which keeps all else; returns the file's path.

    Raises:
        SettingsError: the file can't be read or written, or is written in a way that only a person
            can change; it's left as it was.
    """
    place = default_path() if path is None else path
    name = printable(str(place))
    try:
        text = place.read_text(encoding="utf-8") if place.exists() else ""
        tables = tomllib.loads(text)
        plain = list(value) if isinstance(value, tuple) else value
        wanted = {**tables, section: {**tables.get(section, {}), key: plain}}
        changed = _changed(text, section, f"{key} = {toml(value)}", wanted)
        if changed is None:
            raise SettingsError(f"{name}: [{section}] {key} can't be changed from here", "edit it")
        private_file.replace(place, changed)
    except OSError as error:
        raise SettingsError(f"{name} can't be written: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{name} is not TOML: {error}") from error
    return place


def _changed(text: str, section: str, line: str, wanted: dict[str, Any]) -> str | None:
    """The text with a line put in place of the key's own, so that it means `wanted` exactly."""
    lines = text.splitlines()
    key = line.partition(" ")[0]
    heads = [i for i, each in enumerate(lines) if each.split("#")[0].strip() == f"[{section}]"]
    tries = []
    for i in range(heads[0] + 1, len(lines)) if heads else ():
        if lines[i].lstrip().startswith("["):
            break
        if lines[i].partition("=")[0].strip().strip("\"'") == key:
            # A value may go on over some lines.
            tries += [
                [*lines[:i], line, *lines[j:]] for j in range(i + 1, min(i + 40, len(lines)) + 1)
            ]
    if heads:
        tries.append([*lines[: heads[0] + 1], line, *lines[heads[0] + 1 :]])
    else:
        tries.append([*lines, *([""] if lines else []), f"[{section}]", line])
    for each in tries:
        made = "\n".join(each) + "\n"
        try:
            if tomllib.loads(made) == wanted:
                return made
        except tomllib.TOMLDecodeError:
            continue
    return None


def _settings(tables: dict[str, Any], path: Path, name: str) -> Settings:
    base = path.absolute().parent
    values = {}
    keys = _keys(tables.pop("keys", {}), name)
    for section, table in tables.items():
        if section not in SECTIONS:
            raise _unknown_section(section, table, name)
        if not isinstance(table, dict):
            raise SettingsError(f"{name}: {section} is a table", f"write it as [{section}]")
        known = {option.key: option for option in options(section)}
        for key, value in table.items():
            where = f"{name}: [{section}] {printable(key)}"
            if key not in known:
                raise _unknown_key(section, key, where)
            values[section, key] = known[key].check(value, base, where)
    return merge(Settings(keys=keys), values)


def _keys(table: Any, name: str) -> dict[str, str]:
    """Keys by action: `review.skip = "S"` is a table in a table, `"review.skip" = "S"` is not."""
    if not isinstance(table, dict):
        raise SettingsError(f"{name}: keys is a table", "write it as [keys]")
    found: dict[str, str] = {}
    for action, value in table.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        for rest, text in inner:
            row = f"{action}.{rest}" if rest else action
            if not isinstance(text, str):
                where = f"{name}: [keys] {printable(row)}"
                raise SettingsError(f"{where}: {text!r} is no key", "write it as text, as in 'K'")
            if row in found:  # once with quotation marks and once without
                where = f"{name}: [keys] {printable(row)}"
                raise SettingsError(f"{where}: it is set twice", "leave one of the two lines out")
            found[row] = text
    return found


def _unknown_section(section: str, content: object, name: str) -> SettingsError:
    shown = printable(section)
    if not isinstance(content, dict):
        homes = [
            place for place in SECTIONS if section in {option.key for option in options(place)}
        ]
        if homes:
            return SettingsError(
                f"{name}: {shown} stands outside its table", f"put it below [{homes[0]}]"
            )
    likely = nearest(section, SECTIONS)
    remedy = f"did you mean [{likely}]?" if likely else f"there are {', '.join(SECTIONS)}"
    return SettingsError(f"{name}: [{shown}]: no such table", remedy)


def _unknown_key(section: str, key: str, where: str) -> SettingsError:
    keys = tuple(option.key for option in options(section))
    for other in SECTIONS:
        if key in {option.key for option in options(other)}:
            return SettingsError(f"{where}: no such key", f"it belongs below [{other}]")
    likely = nearest(key, keys)
    if likely:
        return SettingsError(f"{where}: no such key", f"did you mean {likely}?")
    return SettingsError(f"{where}: no such key", f"there are {', '.join(keys)}")


def _bounds(option: Option) -> str:
    return (
        ""
        if isinstance(option.default, bool | str) and not option.choices
        else f" ({option.wanted})"
    )
