"""A disk that can lose its power: a file system of its own, and what reached it at any moment.

The file system (ext4 with its defaults) lies in an image in memory. Whatever it has written is in
the image; what waits in the kernel's memory to be written is not. So a copy of the image, taken
while the program is stopped, is what a failure of the power leaves at that moment; mounting it
again replays the file system's own journal, as a machine does when it starts.

Not shown: a drive that loses or reorders what the file system has sent it but not flushed.
"""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

_SIZE = 8 << 20


class Disk:
    """One file system; mounted at `top` until `unplug`.

    Raises:
        OSError, subprocess.CalledProcessError: it can't be made or mounted here.
    """

    def __init__(self, image: Path, top: Path) -> None:
        self.image, self.top = image, top
        top.mkdir()
        with image.open("wb") as file:
            file.truncate(_SIZE)
        _run("mkfs.ext4", "-q", "-b", "1024", "-J", "size=1", str(image))
        self._mounted = False
        self._seen = (0, b"")
        self.plug()

    def plug(self, written: bytes | None = None) -> None:
        """Mount it, as it is or as it was when `written` was taken."""
        if written is not None:
            self.image.write_bytes(zlib.decompress(written))
        _run("mount", "-o", "loop", str(self.image), str(self.top))
        self._mounted = True

    def unplug(self) -> None:
        """Unmount it."""
        if self._mounted:
            self._mounted = False
            _run("umount", str(self.top))

    def written(self) -> bytes:
        """What has reached the disk, compressed; the same object while nothing more has."""
        changed = self.image.stat().st_mtime_ns
        if changed != self._seen[0]:
            data = self.image.read_bytes()
            self._seen = changed, zlib.compress(data, 1)
        return self._seen[1]

    def __enter__(self) -> Disk:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)
