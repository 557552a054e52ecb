"""What tmux tells of itself and of the terminal that it runs in."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

_FORMAT = "|".join(
    f"#{{{name}}}"
    for name in (
        "version", "allow-passthrough", "client_termtype", "client_termname", "client_termfeatures",
        "client_cell_width", "client_cell_height",
    )
)  # fmt: skip
_PATIENCE = 1.0  # seconds; it answers in a few milliseconds or hangs


@dataclass(frozen=True, slots=True)
class Tmux:
    """A tmux and the terminal around it."""

    version: str
    passes_through: bool
    """Whether `allow-passthrough` is on, so that escape sequences reach the terminal."""
    terminal: str
    """Name and version of the terminal, or what its TERM says."""
    features: frozenset[str]
    """What tmux knows that the terminal can, such as 'RGB'."""
    cell: tuple[int, int] | None
    """Width and height of a cell in pixels."""


def ask(environ: Mapping[str, str]) -> Tmux | None:
    """Ask the tmux that this runs in; None where there is none, or it doesn't answer."""
    if not environ.get("TMUX"):
        return None
    command = ["tmux", "display-message", "-p"]
    if pane := environ.get("TMUX_PANE"):
        command += ["-t", pane]
    try:
        ended = subprocess.run(
            [*command, _FORMAT],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
            check=False,
            env=dict(environ),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return read(ended.stdout) if ended.returncode == 0 else None


def read(text: str) -> Tmux | None:
    """What its answer says; None where it isn't one."""
    parts = text.strip().split("|")
    if len(parts) != 7:
        return None
    version, through, kind, name, features, width, height = parts
    cell = (int(width), int(height)) if width.isdigit() and height.isdigit() else (0, 0)
    return Tmux(
        version,
        through in ("1", "2", "on", "all"),
        kind or name,
        frozenset(features.split(",")),
        cell if min(cell) > 2 else None,
    )
