"""Small files of the program's own: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def replace(place: Path, text: str) -> None:
    """Write a file anew; one that was there keeps its mode, and a link to it stays a link.

    Raises:
        OSError: it can't be written; what was there is as it was.
    """
    real = Path(os.path.realpath(place))
    real.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = real.with_name(f"{real.name}.{os.getpid()}.part")
    with suppress(FileNotFoundError):
        part.unlink()  # of a process of that number that was cut off
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        with suppress(FileNotFoundError):
            os.chmod(part, real.stat().st_mode & 0o777)
        os.replace(part, real)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
