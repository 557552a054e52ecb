"""The grammar of the commands that act on files: plan to purge, and the catalog's own file."""

from __future__ import annotations

from .command_parsers import Commands, Parser, add_consent


def add_to(commands: Commands) -> None:
    """Add plan, apply, undo, restore, purge and catalog."""
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
    add_consent(apply)
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
