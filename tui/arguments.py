"""The command line's grammar: commands, their arguments, and a flag for every setting."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..catalog import settings_file
from ..catalog.options import Option, all_options, nearest, options
from ..catalog.settings import Settings

COMMANDS = (
    "index", "match", "review", "groups", "find", "plan", "apply", "undo", "restore", "purge",
    "catalog", "model", "demo", "doctor",
)  # fmt: skip
OPEN = "open"  # what `twinsift PATH…` is parsed as; nobody types it

_EPILOG = """\
The main job: `twinsift PATH…` indexes the folders, finds the duplicates and opens the review.
A folder that is named like a command is given as ./find.

Every setting is a key of the settings file and a flag of the commands that use it; see
`twinsift COMMAND --help`, and `twinsift doctor --example-settings` for a file to start from.

Exit status: 0 done; 1 done, but some files failed or were refused; 2 wrong use, or it could not go
on; 130 interrupted.
"""

_SECTION_TITLES = {
    "index": "settings: how folders are walked and pictures read",
    "match": "settings: what counts as a duplicate",
    "sift_ssim": "settings: the method sift-ssim",
    "keep": "settings: which file is suggested to be kept",
    "files": "settings: where files go",
    "screen": "settings: how the interface looks",
}
MODEL_ACTIONS = ("list", "pull", "add", "remove", "check")
_MODEL_HELP = (
    "list: those installed and those known; pull: download a known one; add: take a file of your"
    " own; remove: delete an installed one; check: load each and embed a picture"
)
_SCREEN_SECTIONS = ("index", "match", "keep", "files", "screen")


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest right word for a wrong one."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong, in one line with the nearest right word, and leave with status 2."""
        unknown = re.match(r"unrecognized arguments: (--?[\w-]+)", message)
        if unknown:
            likely = nearest(unknown[1], tuple(self._option_string_actions))
            message = f"there is no {unknown[1]}" + (f"; did you mean {likely}?" if likely else "")
        self.exit(2, f"{self.prog}: {message}\nTry `{self.prog} --help`.\n")


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
        texts = getattr(arguments, _place(option), None)
        if texts is not None:
            base = Path.cwd()
            if isinstance(texts, bool):
                given[option.section, option.key] = texts
            else:
                given[option.section, option.key] = option.parse(texts, base, option.flag)
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
    _add_globals(parser, default=None)
    commands = _Commands(parser)
    _add_main(commands)
    _add_catalog_commands(commands)
    _add_file_commands(commands)
    _add_other_commands(commands)
    return parser, commands.made


class _Commands:
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
        _add_globals(made, default=argparse.SUPPRESS)
        for section in sections:
            _add_settings(made, section)
        return made


def _add_main(commands: _Commands) -> None:
    opened = commands.add(
        OPEN,
        "[PATH ...]",
        "index folders, find their duplicates and review them",
        "Without a PATH the interface opens on what the catalog holds. Without a terminal the"
        " groups are listed instead.",
        *_SCREEN_SECTIONS,
    )
    opened.add_argument("paths", nargs="*", metavar="PATH", help="folder with pictures")


def _add_catalog_commands(commands: _Commands) -> None:
    index = commands.add(
        "index",
        "[PATH ...]",
        "read new and changed pictures into the catalog",
        "Unchanged files aren't opened. Stopped or killed, it goes on from there when run again."
        " What is a picture is told by content, not by name; what can't be read is listed.",
        "index",
    )
    index.add_argument(
        "paths", nargs="*", metavar="PATH", help="folder; without one, all folders indexed before"
    )
    match = commands.add(
        "match",
        "",
        "compare what is indexed and form the groups",
        "Only pairs that an index proposes are judged; the evidence is stored.",
        "match",
        "sift_ssim",
    )
    _add_method(match)
    commands.add(
        "review",
        "",
        "open the interface on the groups found",
        "No folder is read again unless you ask for it there.",
        *_SCREEN_SECTIONS,
    )
    groups = commands.add(
        "groups",
        "[--json] [--near]",
        "list the groups of duplicates",
        "With --json one object a line: id, verdict, similarity, files (path, keep, evidence).",
        "keep",
    )
    groups.add_argument("--json", action="store_true", help="JSON Lines instead of text")
    groups.add_argument(
        "--near",
        action="store_true",
        help="the near shots (other exposures of a scene) instead of the duplicates",
    )
    _add_method(groups)
    _add_find(commands)


def _add_find(commands: _Commands) -> None:
    find = commands.add(
        "find",
        "IMAGE PATH ... [--min PERCENT] [--trash | --move DIR | --delete] [--any-verdict]",
        "rank folders by likeness to one picture",
        "By the cosine of the embedding where a network is set (--model), else by the evidence."
        " The folders are indexed first. What was found and judged a copy can be removed at once:"
        " each file is checked again and IMAGE itself always stays.",
        "index",
        "match",
        "files",
    )
    find.add_argument("image", metavar="IMAGE", help="the picture to look for")
    find.add_argument("paths", nargs="+", metavar="PATH", help="folder to look in")
    find.add_argument(
        "--min",
        type=_percentage,
        default=90.0,
        metavar="PERCENT",
        help="least similarity, 0 to 100 (default: 90)",
    )
    find.add_argument("--json", action="store_true", help="JSON Lines instead of text")
    action = find.add_mutually_exclusive_group()
    action.add_argument("--trash", action="store_true", help="move the copies found to the trash")
    action.add_argument("--move", metavar="DIR", help="move the copies found below DIR")
    action.add_argument("--delete", action="store_true", help="delete the copies found for good")
    find.add_argument(
        "--any-verdict",
        action="store_true",
        help="do that with near shots and unrelated pictures too, whatever --min lets through",
    )
    _add_consent(find)


def _add_file_commands(commands: _Commands) -> None:
    plan = commands.add(
        "plan",
        "[--json | --write FILE]",
        "show what `apply` would do to which file",
        "Nothing is touched. The decisions are those made in the review. A plan that was written"
        " can be read, edited (lines removed, paths and verbs changed) and applied later, or on"
        " another machine, with `twinsift apply --plan FILE`.",
        "files",
    )
    shown = plan.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="JSON Lines instead of text")
    shown.add_argument("--write", metavar="FILE", help="write the plan to a new file")
    _add_checks(plan)
    apply = commands.add(
        "apply",
        "[--plan FILE] [--dry-run] [--yes] [--confirm-delete N]",
        "carry out the decisions made in the review, or a plan that was written",
        "Each file, and the file that is kept in its stead, is checked against the disk first;"
        " what doesn't agree any more is refused and the rest goes on. Can be undone, but for"
        " deletions.",
        "files",
    )
    apply.add_argument("--plan", metavar="FILE", help="a plan of `twinsift plan --write FILE`")
    apply.add_argument(
        "--dry-run", action="store_true", help="check every file as if, say what would be done"
    )
    _add_checks(apply)
    _add_consent(apply)
    undo = commands.add(
        "undo",
        "[BATCH | --list]",
        "bring back the files of an applied batch",
        "Without a BATCH the last one. Nothing is overwritten.",
    )
    undo.add_argument("batch", nargs="?", type=int, metavar="BATCH", help="number of the batch")
    undo.add_argument("--list", action="store_true", help="list the batches instead")
    restore = commands.add(
        "restore",
        "FOLDER",
        "put back what a trash folder holds",
        "By the record beside the files: no catalog is needed; where one knows them, its journal"
        " follows. Nothing is overwritten.",
    )
    restore.add_argument(
        "folder", metavar="FOLDER", help="a .twinsift-trash, one batch in it, or what holds it"
    )
    purge = commands.add(
        "purge",
        "[BATCH] [--older-than DAYS] [--confirm-purge N]",
        "empty the trash for good",
        "Asks for the number of files to be typed. A file goes only while the one that was kept in"
        " its stead, or another of its content, is still there.",
    )
    purge.add_argument("batch", nargs="?", type=int, metavar="BATCH", help="number of one batch")
    purge.add_argument(
        "--older-than", type=float, default=0.0, metavar="DAYS", help="only batches of that age"
    )
    purge.add_argument(
        "--confirm-purge", type=int, metavar="N", help="consent to exactly N files, for scripts"
    )
    upkeep = commands.add(
        "catalog",
        "{check | backup FILE}",
        "check the catalog's file, or copy it",
        "A backup is made while others work, is checked, and can be used with --catalog.",
    )
    upkeep.add_argument("action", choices=("check", "backup"), metavar="ACTION", help="one of both")
    upkeep.add_argument("file", nargs="?", metavar="FILE", help="backup: the new file")


def _add_model(commands: _Commands) -> None:
    model = commands.add(
        "model",
        "{list | pull NAME | add FILE | remove NAME | check} [OPTION ...]",
        "list, download, add, remove or check networks for embeddings",
        "Nothing is downloaded but by `pull`. VGG16 is used once it is installed, else the network"
        " added last; --model NAME of the other commands, or index.model in the settings, chooses"
        " another, `none` goes without.",
    )
    model.add_argument("action", choices=MODEL_ACTIONS, metavar="ACTION", help=_MODEL_HELP)
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


def _add_other_commands(commands: _Commands) -> None:
    _add_model(commands)
    demo = commands.add(
        "demo",
        "[DIR] [--open]",
        "make a library of photographs and copies to try twinsift on",
        "The photographs come with scikit-image; nothing is downloaded. A library that is already"
        " there stays as it is.",
        *_SCREEN_SECTIONS,
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
        *_SCREEN_SECTIONS,
        "sift_ssim",
    )
    doctor.add_argument(
        "--example-settings",
        action="store_true",
        help="print a settings file with every key at its default, and nothing else",
    )


def _add_globals(parser: Parser, *, default: Any) -> None:
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


def _add_method(parser: Parser) -> None:
    parser.add_argument(
        "--method",
        choices=("evidence", "sift-ssim"),
        default="evidence",
        help="evidence: all measures together; sift-ssim: SIFT, else ORB, then SSIM of each pair,"
        " as an earlier tool did it (default: evidence)",
    )


def _add_checks(parser: Parser) -> None:
    parser.add_argument(
        "--link",
        choices=("hard", "reflink", "symbolic"),
        help="put links in place of copies, those that are the same byte for byte, instead of"
        " trashing them",
    )
    parser.add_argument(
        "--fast-check",
        action="store_true",
        help="don't read files in full that have the size, time and inode they were indexed with;"
        " what is lost for good is read in full all the same",
    )


def _add_consent(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument(
        "--confirm-delete",
        type=int,
        metavar="N",
        help="consent to exactly N deletions for good; --yes alone never deletes",
    )


def _add_settings(parser: Parser, section: str) -> None:
    group = parser.add_argument_group(_SECTION_TITLES[section])
    for option in options(section):
        text = option.help.replace("%", "%%")
        if isinstance(option.default, bool):
            group.add_argument(
                option.flag,
                dest=_place(option),
                action=argparse.BooleanOptionalAction,
                default=argparse.SUPPRESS,
                help=text,
            )
            continue
        shown = ", ".join(option.default) if isinstance(option.default, tuple) else option.default
        group.add_argument(
            option.flag,
            dest=_place(option),
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


def _place(option: Option) -> str:
    return f"{option.section}.{option.key}"


def _percentage(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return value
