"""Paths as terminals, shells and file managers hand them over."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twinsift.tui.pasted import path_of

NAMES = ("cat.jpg", "a cat.jpg", "it's.jpg", 'say "hi".jpg', "back\\slash.jpg", "50% off.jpg",
         "'quoted'.jpg", "ünï.jpg", "$HOME.jpg", "#1 (2).jpg")  # fmt: skip


@pytest.fixture(params=NAMES)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    path.write_bytes(b"")
    return path


def escaped(path: Path) -> str:
    return "".join(c if c.isalnum() or c in "/._-" else f"\\{c}" for c in str(path))


@pytest.mark.parametrize(
    "drop",
    [
        str,
        lambda path: f"'{path}'" if "'" not in str(path) else str(path),
        lambda path: shlex.quote(str(path)).replace("'\"'\"'", "'\\''"),
        escaped,
        lambda path: path.as_uri(),
        lambda path: path.as_uri().replace("file://", "file://localhost"),
        lambda path: f"  {path}  \r\n",
        lambda path: f"{path}\n/another/file.jpg",
    ],
    ids=["bare", "quotes", "shell", "backslashes", "url", "url-with-host", "spaces", "lines"],
)
def test_a_dropped_file_is_found(file: Path, drop: object) -> None:
    assert path_of(drop(file)) == os.fsencode(file)  # type: ignore[operator]


def test_home_and_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.jpg").write_bytes(b"")
    assert path_of("x.jpg") == path_of("~/x.jpg") == os.fsencode(tmp_path / "x.jpg")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"\xff.jpg")
    try:
        Path(os.fsdecode(name)).write_bytes(b"")
    except OSError:
        pytest.skip("this file system wants names that are text")
    assert path_of(os.fsdecode(name)) == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
def test_any_text_is_some_absolute_path(text: str) -> None:
    assert os.path.isabs(path_of(text)) or text.strip().startswith("~")
