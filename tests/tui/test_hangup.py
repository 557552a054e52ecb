"""The terminal goes away: the program ends, also where it was told to ignore the signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from twinsift.catalog.database import Catalog

pty = pytest.importorskip("pty")

COMMAND = Path(sys.executable).with_name("twinsift")


@pytest.mark.slow
@pytest.mark.parametrize("ignored", [False, True])
def test_a_closed_window_ends_the_interface(tmp_path: Path, ignored: bool):
    catalog = tmp_path / "catalog.sqlite"
    Catalog.open(catalog).close()
    master, slave = pty.openpty()

    def prepare() -> None:
        os.setsid()
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)

    child = subprocess.Popen(
        [COMMAND, "--catalog", catalog, "review"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color"},
        preexec_fn=prepare,
    )
    os.close(slave)
    shown = b""
    try:
        until = time.monotonic() + 60
        while b"Groups" not in shown and time.monotonic() < until:
            shown += os.read(master, 65536)
        assert b"Groups" in shown
        os.close(master)
        child.wait(30)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
            pytest.fail("it goes on without a terminal")
