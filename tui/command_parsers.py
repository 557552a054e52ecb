"""The parsers of commands: help for a wrong word, the global options, a flag for every setting."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, NoReturn

from ..catalog.options import Option, nearest, options

OPEN = "open"  # what `twinsift PATH…` is parsed as; nobody types it
SCREEN_SECTIONS = ("index", "match", "keep", "files", "screen")
_SECTION_TITLES = {
    "index": "settings: how folders are walked and pictures read",
    "match": "settings: what counts as a duplicate",
    "sift_ssim": "settings: the method sift-ssim",
    "keep": "settings: which file is suggested to be kept",
    "files": "settings: where files go",
    "screen": "settings: how the interface looks",
}


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest right word for a wrong one."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong, in one line with the nearest right word, and leave with status 2."""
        unknown = re.match(r"unrecognized arguments: (--?[\w-]+)", message)
        if unknown:
            likely = nearest(unknown[1], tuple(self._option_string_actions))
            message = f"there is no {unknown[1]}" + (f"; did you mean {likely}?" if likely else "")
        self.exit(2, f"{self.prog}: {message}\nTry `{self.prog} --help`.\n")


class Commands:
    """The parsers of the commands, in the making."""

    def __init__(self, parser: Parser) -> None:
        self._add = parser.add_subparsers(
            title="commands", dest="command", metavar="COMMAND", parser_class=Parser
        )
        self.made: dict[str, Parser] = {}

    def add(self, name: str, usage: str, summary: str, description: str, *sections: str) -> Parser:
        """A parser for one command, with the global options and the settings of some sections."""
        prog = "twinsift" if name == OPEN else f"twinsift {name}"
        listed = {} if name == OPEN else {"help": summary}
        made = self._add.add_parser(
            name,
            prog=prog,
            usage=f"{prog} {usage} [SETTING ...]" if sections else f"{prog} {usage}",
            description=f"{summary[0].upper()}{summary[1:]}. {description}".rstrip(),
            allow_abbrev=False,
            **listed,  # pyright: ignore[reportArgumentType]  # `help=None` would list the command
        )
        self.made[name] = made
        add_globals(made, default=argparse.SUPPRESS)
        for section in sections:
            _add_settings(made, section)
        return made


def add_consent(parser: Parser) -> None:
    """Flags that consent to what a command will do with files, without being asked."""
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument(
        "--confirm-delete",
        type=int,
        metavar="N",
        help="consent to exactly N deletions for good; --yes alone never deletes",
    )


def add_globals(parser: Parser, *, default: Any) -> None:
    """The options that stand before a command as well as after it."""
    # The parser of a command fills the same namespace: a default of its own would undo what was
    # given before the command, hence SUPPRESS there.
    parser.add_argument(
        "--catalog",
        type=Path,
        default=default,
        metavar="FILE",
        help="the catalog (default: in the platform's data folder)",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        default=default,
        metavar="FILE",
        help="the settings file (default: in the platform's configuration folder)",
    )


def _add_settings(parser: Parser, section: str) -> None:
    group = parser.add_argument_group(_SECTION_TITLES[section])
    for option in options(section):
        text = option.help.replace("%", "%%")
        if isinstance(option.default, bool):
            group.add_argument(
                option.flag,
                dest=place_of(option),
                action=argparse.BooleanOptionalAction,
                default=argparse.SUPPRESS,
                help=text,
            )
            continue
        shown = ", ".join(option.default) if isinstance(option.default, tuple) else option.default
        group.add_argument(
            option.flag,
            dest=place_of(option),
            action="append",
            default=argparse.SUPPRESS,
            metavar=_metavar(option),
            help=text + _choices(option) + (f" (default: {shown})" if shown != "" else ""),
        )


def _metavar(option: Option) -> str:
    if option.is_path:
        return "PATH"
    if isinstance(option.default, tuple):
        return "LIST" if option.choices else "TEXT"
    return "N" if isinstance(option.default, int | float) else "WORD"


def _choices(option: Option) -> str:
    return f": {', '.join(option.choices)}" if option.choices else ""


def place_of(option: Option) -> str:
    """The name under which the namespace holds a setting that was given as a flag."""
    return f"{option.section}.{option.key}"
