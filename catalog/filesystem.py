"""What kind of file system a path is on; SQLite's write-ahead log is unsafe over a network."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_NETWORK = (
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "9p", "ncpfs", "davfs"),
    *("ceph", "glusterfs", "lustre", "gpfs", "beegfs"),
    *("fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs", "fuse.davfs2"),
)
_MOUNTS = Path("/proc/self/mounts")


@dataclass(frozen=True, slots=True)
class FileSystem:
    """The file system that holds a path."""

    kind: str
    """As the kernel names it ('ext4', 'nfs4'); '' where the platform doesn't tell."""
    mount: str

    @property
    def is_network(self) -> bool:
        """Whether other machines may write to it."""
        return self.kind in _NETWORK


def of(path: Path, mounts: str | None = None) -> FileSystem:
    """The file system of a path that exists or is yet to be made.

    `mounts` is the kernel's table of mounts; without it Linux's own is read. On other systems only
    a Windows share (\\\\server\\share) is known as a network.
    """
    real = os.path.realpath(path)
    if real.startswith("\\\\"):
        return FileSystem("cifs", real)
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return FileSystem("", "")
    best = FileSystem("", "")
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[1])
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        # Of two mounts on one place the later covers the earlier.
        if inside and len(mount) >= len(best.mount):
            best = FileSystem(fields[2], mount)
    return best
