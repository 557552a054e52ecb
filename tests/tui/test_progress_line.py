"""Progress in one line: what it says, on a terminal and in a log; and how Ctrl-C stops work."""

from __future__ import annotations

import io
import os
import signal

import pytest
from twinsift.catalog.errors import Interrupted
from twinsift.catalog.progress import Progress
from twinsift.tui import plain
from twinsift.tui.progress_line import ProgressLine, describe
from twinsift.tui.stopping import stoppable


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress("scan", 1234), "scan: 1,234"),
        (Progress("read", 0, 0), "read: 0 of 0"),
        (
            Progress("read", 250, 1000, failed=3, rate=12.5, note="a.jpg"),
            "read: 250 of 1,000  25 %  12/s  1:00 left  3 failed  a.jpg",
        ),
        (Progress("read", 999, 1000, rate=0.5), "read: 999 of 1,000  99 %  0.5/s  0:02 left"),
        (Progress("read", 10, 10, rate=2.0), "read: 10 of 10  100 %  2.0/s"),
        (Progress("read", 1, note="\x1b[2J"), "read: 1  \\x1b[2J"),
    ],
)
def test_words(progress: Progress, said: str) -> None:
    assert describe(progress) == said


def test_a_terminal_gets_one_line_that_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = io.StringIO()
    line = ProgressLine(stream, live=True)
    line(Progress("read", 1, 2, note="a long name of a file"))
    line(Progress("read", 2, 2))
    line.end()
    line.end()
    first, second, cleared = stream.getvalue().split("\r\x1b[K")[1:]
    assert first == "read: 1 of 2  50 %  "[:19]
    assert second == "read: 2 of 2  100 %"
    assert cleared == ""


def test_a_log_gets_a_line_for_each_stage() -> None:
    stream = io.StringIO()
    line = ProgressLine(stream)
    for done in range(100):
        line(Progress("read", done, 100))
    line(Progress("match", 1, 2))
    line.end()
    assert stream.getvalue() == "read: 0 of 100  0 %\nmatch: 1 of 2  50 %\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_work_end_at_its_checkpoint(number: int) -> None:
    before = signal.getsignal(number)
    with stoppable() as control:
        control.checkpoint()
        os.kill(os.getpid(), number)
        assert control.stopped
        with pytest.raises(Interrupted, match="run the same command again"):
            control.checkpoint()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_json_keeps_stray_bytes_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    plain.say_json({"path": os.fsdecode(b"gr\xfc\xdfe \xe2\x82\xac")})
    assert capsys.readouterr().out == '{"path": "gr\\udcfc\\udcdfe \\u20ac"}\n'


def test_lines_go_out_in_any_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    plain.prepare()
    plain.say("4×3 ★")
    plain.note("")
    assert buffer.getvalue().rstrip() == b"4\\xd73 \\u2605"
