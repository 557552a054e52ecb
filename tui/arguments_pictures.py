"""The grammar of the commands that read, compare and show pictures: index to find."""

from __future__ import annotations

import argparse

from .command_parsers import SCREEN_SECTIONS, Commands, Parser, add_consent


def add_to(commands: Commands) -> None:
    """Add index, match, review, groups and find, in the order in which they are used."""
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
        *SCREEN_SECTIONS,
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


def _add_find(commands: Commands) -> None:
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
    add_consent(find)


def _add_method(parser: Parser) -> None:
    parser.add_argument(
        "--method",
        choices=("evidence", "sift-ssim"),
        default="evidence",
        help="evidence: all measures together; sift-ssim: SIFT, else ORB, then SSIM of each pair,"
        " as an earlier tool did it (default: evidence)",
    )


def _percentage(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return value
