"""The command line: its commands in their order, what was typed, and the settings it gives."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..catalog import settings_file
from ..catalog.options import all_options
from ..catalog.settings import Settings
from . import arguments_files, arguments_pictures
from .command_parsers import OPEN, SCREEN_SECTIONS, Commands, Parser, add_globals, place_of

COMMANDS = (
    "index", "match", "review", "groups", "find", "plan", "apply", "undo", "restore", "purge",
    "catalog", "model", "demo", "doctor",
)  # fmt: skip

_EPILOG = """\
The main job: `twinsift PATH…` indexes the folders, finds the duplicates and opens the review.
A folder that is named like a command is given as ./find.

Every setting is a key of the settings file and a flag of the commands that use it; see
`twinsift COMMAND --help`, and `twinsift doctor --example-settings` for a file to start from.

Exit status: 0 done; 1 done, but some files failed or were refused; 2 wrong use, or it could not go
on; 130 interrupted.
"""

_MODEL_ACTIONS = ("list", "pull", "add", "remove", "check")
_MODEL_HELP = (
    "list: those installed and those known; pull: download a known one; add: take a file of your"
    " own; remove: delete an installed one; check: load each and embed a picture"
)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace: `command`, `catalog`, `settings`, and each command's own.

    Raises:
        SystemExit: with status 2 on wrong use, 0 after --help and --version.
    """
    parser, commands = _parsers()
    words = _with_command(list(argv))
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        commands.get(arguments.command, parser).error(f"unrecognized arguments: {unknown[0]}")
    return arguments


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings file's settings with those given as flags put in place.

    Raises:
        SettingsError: the file or a flag has a wrong key or value.
    """
    loaded = settings_file.load(arguments.settings)
    given: dict[tuple[str, str], Any] = {}
    for option in all_options():
        texts = getattr(arguments, place_of(option), None)
        if isinstance(texts, bool):
            given[option.section, option.key] = texts
        elif texts is not None:
            given[option.section, option.key] = option.parse(texts, Path.cwd(), option.flag)
    return settings_file.merge(loaded, given)


def _with_command(words: list[str]) -> list[str]:
    """The words with OPEN put before a PATH or a flag that stands where a command could."""
    position = 0
    while position < len(words):
        word = words[position]
        is_cut_off = word in ("--catalog", "--settings") and position == len(words) - 1
        if word in ("-h", "--help", "--version", *COMMANDS) or is_cut_off:
            return words
        if word in ("--catalog", "--settings"):
            position += 2
        elif word.startswith(("--catalog=", "--settings=")):
            position += 1
        else:
            break
    return [*words[:position], OPEN, *words[position:]]


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    parser = Parser(
        prog="twinsift",
        usage="twinsift [--catalog FILE] [--settings FILE] [PATH ... | COMMAND ...]",
        description="Find duplicate and near-duplicate pictures and triage them from the keyboard.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="show the version and leave")
    add_globals(parser, default=None)
    commands = Commands(parser)
    _add_main(commands)
    arguments_pictures.add_to(commands)
    arguments_files.add_to(commands)
    _add_other_commands(commands)
    return parser, commands.made


def _add_main(commands: Commands) -> None:
    opened = commands.add(
        OPEN,
        "[PATH ...]",
        "index folders, find their duplicates and review them",
        "Without a PATH the interface opens on what the catalog holds. Without a terminal the"
        " groups are listed instead.",
        *SCREEN_SECTIONS,
    )
    opened.add_argument("paths", nargs="*", metavar="PATH", help="folder with pictures")


def _add_model(commands: Commands) -> None:
    model = commands.add(
        "model",
        "{list | pull NAME | add FILE | remove NAME | check} [OPTION ...]",
        "list, download, add, remove or check networks for embeddings",
        "Nothing is downloaded but by `pull`. VGG16 is used once it is installed, else the network"
        " added last; --model NAME of the other commands, or index.model in the settings, chooses"
        " another, `none` goes without.",
    )
    model.add_argument("action", choices=_MODEL_ACTIONS, metavar="ACTION", help=_MODEL_HELP)
    model.add_argument("name_or_file", nargs="?", metavar="NAME | FILE", help="for all but these")
    model.add_argument("--name", help="add: what to call it (default: the file's name)")
    model.add_argument(
        "--output",
        help="add: an output, or any tensor inside to cut the network at; fc1: the first dense"
        " layer after its ReLU (default: its first output)",
    )
    model.add_argument(
        "--preprocessing",
        choices=("imagenet", "caffe", "symmetric"),
        help="add: what the network wants of a picture: RGB by ImageNet's means and deviations,"
        " BGR less caffe's means, or RGB from -1 to 1 (default: what its metadata say, else"
        " imagenet)",
    )
    model.add_argument("--licence", help="add: its licence, to be shown in the list")


def _add_other_commands(commands: Commands) -> None:
    _add_model(commands)
    demo = commands.add(
        "demo",
        "[DIR] [--open]",
        "make a library of photographs and copies to try twinsift on",
        "The photographs come with scikit-image; nothing is downloaded. A library that is already"
        " there stays as it is.",
        *SCREEN_SECTIONS,
    )
    demo.add_argument(
        "folder",
        nargs="?",
        default="demo-library",
        metavar="DIR",
        help="new or empty folder (default: demo-library)",
    )
    demo.add_argument(
        "--open",
        action="store_true",
        help="index and review it too; the catalog is inside DIR unless --catalog is given",
    )
    doctor = commands.add(
        "doctor",
        "",
        "check the installation, terminal, catalog and settings",
        "The status is 1 where something needs attention.",
        *SCREEN_SECTIONS,
        "sift_ssim",
    )
    doctor.add_argument(
        "--example-settings",
        action="store_true",
        help="print a settings file with every key at its default, and nothing else",
    )
