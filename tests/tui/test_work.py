"""Indexing and matching in the background: order, pause, stop, and what is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twinsift.catalog import indexer, matcher
from twinsift.catalog.errors import CatalogError
from twinsift.catalog.progress import Meter, Progress
from twinsift.catalog.settings import Settings
from twinsift.tui import work as module
from twinsift.tui.work import Work, WorkState


class Fake:
    """Stands in for indexer and matcher, and remembers what was asked of them."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()
        self.error: Exception | None = None

    def index(self, _path: Path, folders: Any, _: Settings, *, report: Any, control: Any) -> Any:
        self.calls.append(tuple(folders))
        meter = Meter(report, "read", 3)
        for _step in range(3):
            self.reached.set()
            self.gate.wait(10)
            control.checkpoint()
            meter.add()
        if self.error is not None:
            raise self.error
        return SimpleNamespace(pictures=3, failed=1, missing_roots=(b"/gone",))

    def match(self, path: Path, settings: Settings, *, report: Any = None, control: Any) -> Any:
        self.calls.append("match")
        control.checkpoint()
        return SimpleNamespace(groups=2, near_groups=1)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake()
    monkeypatch.setattr(indexer, "index", made.index)
    monkeypatch.setattr(matcher, "match", made.match)
    return made


@pytest.fixture
def told() -> list[WorkState]:
    return []


@pytest.fixture
def work(fake: Fake, told: list[WorkState], tmp_path: Path) -> Work:
    return Work(tmp_path / "catalog.sqlite", Settings(), told.append)


def until(condition: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(500):
        if condition():
            return
        tick.wait(0.02)
    raise AssertionError("it never came to that")


def test_index_then_match_and_the_sum_in_words(
    work: Work, fake: Fake, told: list[WorkState]
) -> None:
    work.index([Path("/a")])
    until(lambda: not work.state.running)
    assert fake.calls == [(Path("/a"),), "match"]
    assert told[-1].finished == (
        "3 pictures · 2 groups · 1 near-shot group · 1 file can't be read: see the library"
        " · without a neural network; `twinsift model pull vgg16` adds one (embeddings)"
    )
    assert told[-1].missing == (b"/gone",)


def test_what_is_asked_for_meanwhile_comes_after(work: Work, fake: Fake) -> None:
    fake.gate.clear()
    work.index([Path("/a")])
    assert fake.reached.wait(10)
    work.index([Path("/b")])
    fake.gate.set()
    until(lambda: not work.state.running)
    assert fake.calls == [(Path("/a"),), "match", (Path("/b"),), "match"]


def test_pause_holds_and_goes_on(work: Work, fake: Fake, told: list[WorkState]) -> None:
    fake.gate.clear()
    work.index([Path("/a")])
    assert fake.reached.wait(10)
    assert work.pause() is True
    fake.gate.set()
    assert work.state.paused
    assert told[-1].paused
    assert work.state.running
    assert work.pause() is False
    until(lambda: not work.state.running)
    assert fake.calls[-1] == "match"


def test_stop_ends_a_paused_run(work: Work, fake: Fake) -> None:
    fake.gate.clear()
    work.index([Path("/a")])
    assert fake.reached.wait(10)
    work.pause()
    fake.gate.set()
    work.stop()
    assert not work.state.running
    assert "match" not in fake.calls


def test_an_error_is_told_with_its_remedy(work: Work, fake: Fake, told: list[WorkState]) -> None:
    fake.error = CatalogError("no room is left", "free some")
    work.index([])
    until(lambda: not work.state.running)
    assert told[-1].error == "no room is left (free some)"
    assert "match" not in fake.calls


def test_work_can_begin_again_after_an_error(work: Work, fake: Fake) -> None:
    fake.error = CatalogError("busy")
    work.index([])
    until(lambda: not work.state.running)
    fake.error = None
    work.index([])
    until(lambda: bool(work.state.finished))


def test_what_is_there_is_matched_on_the_way(
    work: Work, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIRST_MATCH_SECONDS", 0.01)
    fake.gate.clear()
    work.index([Path("/a")])
    until(lambda: fake.calls.count("match") >= 2)
    fake.gate.set()
    until(lambda: not work.state.running)


@pytest.mark.parametrize(
    ("state", "parts"),
    [
        (WorkState(), ()),
        (WorkState(running=True), ("starting…",)),
        (
            WorkState(running=True, progress=Progress("read", 1204, 5000, rate=38.2)),
            ("read 1,204/5,000", "1:39 left", "38/s"),
        ),
        (WorkState(running=True, progress=Progress("scan", 70)), ("scan 70",)),
        (
            WorkState(running=True, paused=True, progress=Progress("read", 7, 9, rate=1.0)),
            ("paused at 7/9", "p goes on"),
        ),
    ],
)
def test_the_state_in_words(state: WorkState, parts: tuple[str, ...]) -> None:
    assert state.words("p goes on") == parts


def test_matching_that_outlasts_the_reading_tells_how_far_it_is(
    work: Work, fake: Fake, told: list[WorkState], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stages() -> set[str]:
        return {state.progress.stage for state in told if state.progress is not None}

    def match(*_: Any, report: Any, control: Any) -> Any:
        if "match" not in fake.calls:
            fake.calls.append("match")
            report(Progress("early", 1, 9))
            fake.gate.set()
            until(lambda: report(Progress("late", 2, 9)) or "late" in stages())
        return SimpleNamespace(groups=2, near_groups=1)

    monkeypatch.setattr(module, "_FIRST_MATCH_SECONDS", 0.0)
    monkeypatch.setattr(matcher, "match", match)
    fake.gate.clear()
    work.index([Path("/a")])
    until(lambda: not work.state.running)
    assert stages() == {"read", "late"}
