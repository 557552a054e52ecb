from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from twinsift.models.process_lock import process_lock

_HOLDER = (
    "import sys; from twinsift.models.process_lock import process_lock\n"
    "with process_lock(sys.argv[1]) as held:\n"
    "    print(held, flush=True); sys.stdin.read()"
)


def holder(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_process_holds_it_and_its_death_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "work.lock"
    with holder(path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with process_lock(path) as held:
            assert not held
        other.kill()
        other.wait()
        with process_lock(path) as held:
            assert held
    with holder(path) as other:
        assert other.communicate("")[0] == "True\n"


def test_it_is_held_once_within_a_process_too(tmp_path: Path) -> None:
    path = tmp_path / "work.lock"
    with process_lock(path) as first:
        with process_lock(path) as second:
            assert (first, second) == (True, False)
        with process_lock(path) as third:  # letting go of the refused one changed nothing
            assert not third
    with process_lock(path) as again:
        assert again


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_nobody_else_can_open_it_and_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "work.lock"
    with process_lock(path):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError) as refused, process_lock(path):
        pass
    assert refused.value.errno == errno.ELOOP
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), process_lock(tmp_path / "none" / "work.lock"):
        pass
