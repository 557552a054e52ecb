"""Plain output: lines on standard output and error, and questions with typed answers."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import Any

from ..models.errors import TwinsiftError


def prepare() -> None:
    """Make both streams take any text: what their encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def take_any_bytes() -> None:
    """Let lines of standard input hold any bytes, as paths may: strays become surrogates."""
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="surrogateescape")


def say(text: str = "") -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str, indent: int = 0) -> None:
    """Write a line to standard output; on a terminal it's wrapped at spaces to its width.

    `indent` are the spaces before the further lines.
    """
    if not sys.stdout.isatty():
        say(text)
        return
    width = max(20, shutil.get_terminal_size().columns - 1)
    lines = textwrap.wrap(
        text,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    say("\n".join(lines))


def say_json(value: Any) -> None:
    """Write a JSON object as one line; a path's stray bytes stay as surrogate escapes (\\udcXX)."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")


def note(text: str) -> None:
    """Write a line to standard error, after what standard output holds so far."""
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def is_terminal() -> bool:
    """Whether a person sits at both ends: keys come in and a screen shows what goes out."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(question: str, wanted: str, otherwise: str) -> bool:
    """Ask on the terminal and return whether the answer is `wanted`, to the letter.

    Raises:
        TwinsiftError: nobody can answer; the remedy is `otherwise`.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise TwinsiftError("this needs your consent and there is no terminal to ask on", otherwise)
    sys.stdout.flush()
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip() == wanted
