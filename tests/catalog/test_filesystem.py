"""File systems are told from the kernel's table of mounts."""

from __future__ import annotations

from pathlib import Path

import pytest
from twinsift.catalog import filesystem

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /mnt/home nfs4 rw 0 0
//nas/photos /mnt/my\\040photos cifs rw 0 0
tmpfs /mnt/home/scratch tmpfs rw 0 0
a /mnt/twice ext4 rw 0 0
b /mnt/twice nfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/etc/passwd", "ext4", False),
        ("/mnt/home/me/catalog.sqlite", "nfs4", True),
        ("/mnt/homework", "ext4", False),
        ("/mnt/home/scratch/x", "tmpfs", False),
        ("/mnt/my photos/x", "cifs", True),
        ("/mnt/twice", "nfs", True),
    ],
)
def test_the_innermost_mount_counts(path: str, kind: str, network: bool) -> None:
    found = filesystem.of(Path(path), MOUNTS)
    assert (found.kind, found.is_network) == (kind, network)


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/mnt/home")
    assert filesystem.of(tmp_path / "link" / "catalog", MOUNTS).kind == "nfs4"


def test_this_machine(tmp_path: Path) -> None:
    found = filesystem.of(tmp_path / "not" / "yet")
    assert bool(found.kind) == Path("/proc/self/mounts").exists()
