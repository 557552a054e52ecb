"""The command `twinsift`: parses, runs one command, turns errors into one line and a status.

Everything heavy (pictures, networks, the interface) is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ..catalog import private_file
from ..catalog.errors import Interrupted, RefusedError
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import arguments, plain
from .status import Status
from .trouble import in_words


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; see `twinsift --help` for the numbers."""
    plain.prepare()
    parsed = arguments.parse(sys.argv[1:] if argv is None else argv)
    if parsed.version:
        from importlib.metadata import version

        plain.say(f"twinsift {version('twinsift')}")
        return Status.DONE
    try:
        status = _run(parsed)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader of a pipe (head, less) has left; Python must not complain again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.PIPE_CLOSED
    except KeyboardInterrupt:
        return _stop("stopped (run the same command again to go on from here)", Status.INTERRUPTED)
    except Interrupted as stopped:
        return _stop(str(stopped), Status.INTERRUPTED)
    except RefusedError as error:
        return _stop(str(error), Status.SOME_FAILED)
    except TwinsiftError as error:
        return _stop(str(error), Status.WRONG_USE)
    except (OSError, sqlite3.Error) as error:
        return _stop(in_words(error), Status.WRONG_USE)
    except MemoryError:
        return _stop(
            "there is not enough memory (close other programs, or --workers 1)", Status.WRONG_USE
        )
    except Exception as error:
        return _stop(_report_defect(error), Status.DEFECT)


def _run(parsed: argparse.Namespace) -> int:
    """Run the command that was parsed."""
    if parsed.command == "doctor":  # it reports wrong settings among the rest
        from . import doctor

        return doctor.run(parsed)
    from .targets import warn_of_network

    settings = arguments.settings_of(parsed)
    warn_of_network(parsed)
    match parsed.command:
        case "index":
            from .commands_index import index as command
        case "match":
            from .commands_index import match as command
        case "groups":
            from .commands_groups import groups as command
        case "find":
            from .commands_find import find as command
        case "plan":
            from .commands_files import plan as command
        case "apply":
            from .commands_files import apply as command
        case "undo":
            from .commands_files import undo as command
        case "restore":
            from .commands_trash import restore as command
        case "purge":
            from .commands_trash import purge as command
        case "catalog":
            from .commands_catalog import catalog as command
        case "model":
            from .commands_model import model as command
        case "demo":
            from .commands_open import demo as command
        case "review":
            from .commands_open import review as command
        case _:
            from .commands_open import open_paths as command
    return command(parsed, settings)


def _stop(message: str, status: int) -> int:
    plain.note(f"twinsift: {message}")
    return status


def _report_defect(error: Exception) -> str:
    """Keep the traceback in a file for a bug report, and say so in one line."""
    from platformdirs import user_log_path

    lines = "".join(traceback.format_exception(error)).splitlines()
    text = "\n".join(map(printable, lines)) + "\n"  # a name in it mustn't steer who reads it
    place = Path(user_log_path("twinsift", appauthor=False)) / "last-defect.txt"
    try:
        from importlib.metadata import version

        private_file.replace(place, f"twinsift {version('twinsift')}\n{text}")
    except OSError:
        plain.note(text)
        return f"a defect in twinsift: {type(error).__name__} (please report the lines above)"
    return f"a defect in twinsift: {type(error).__name__} (please report it with {place})"


if __name__ == "__main__":
    sys.exit(main())
