"""What tells whether a file is the one it was, without opening it."""

from __future__ import annotations

import os
from typing import NamedTuple


class Identity(NamedTuple):
    """Size, modification time, device and inode; a file with all four as before is unchanged."""

    size: int
    mtime_ns: int
    device: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """The identity that `os.stat` tells."""
        return cls(
            status.st_size, status.st_mtime_ns, _signed(status.st_dev), _signed(status.st_ino)
        )


def _signed(number: int) -> int:
    """An unsigned 64-bit number as SQLite can hold it (some file systems use all 64 bits)."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
