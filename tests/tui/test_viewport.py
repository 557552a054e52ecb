"""Zoom and pan: what of a frame is seen in a box of cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.tui.viewport import DOTS, Viewport, fitting

SIDES = st.floats(8, 5000)
BOXES = st.tuples(st.integers(1, 200), st.integers(1, 80))
PLACES = st.floats(0, 1)


@given(st.tuples(SIDES, SIDES), BOXES, PLACES, PLACES, st.floats(1, 60))
def test_what_is_seen_stays_in_the_frame_and_the_box(
    frame: tuple[float, float], box: tuple[int, int], x: float, y: float, zoom: float
) -> None:
    seen = Viewport(x, y, zoom).window(frame, box)
    assert 1 <= seen.columns <= box[0]
    assert 1 <= seen.rows <= box[1]
    for start, cells, dots, whole in (
        (seen.left, seen.columns, DOTS[0], frame[0]),
        (seen.top, seen.rows, DOTS[1], frame[1]),
    ):
        length = cells * dots * seen.step
        if length <= whole:
            assert -1e-6 <= start <= whole - length + 1e-6
        else:
            assert start == pytest.approx((whole - length) / 2)


def test_whole_is_whole() -> None:
    seen = Viewport().window((640, 480), (80, 20))
    assert (seen.columns, seen.rows) == (53, 20)
    assert seen.step == pytest.approx(480 / 40)
    assert Viewport().is_whole


def test_larger_stops_at_full_size_on_the_way() -> None:
    port, zooms = Viewport(), []
    for _ in range(8):
        port = port.magnified(1, 5.0)
        zooms.append(port.zoom)
    assert zooms == [2, 4, 5, 10, 20, 40, 40, 40]
    for _ in range(8):
        port = port.magnified(-1, 5.0)
    assert port.zoom == 1.0


def test_panning_stops_at_the_edges() -> None:
    port = Viewport(zoom=4.0)
    for _ in range(9):
        port = port.panned(1, -1, (0.25, 0.25))
    assert (port.x, port.y) == (0.875, 0.125)
    assert port.panned(-1, 0, (0.25, 0.25)).x == pytest.approx(0.875 - 0.25 / 3)


def test_what_is_seen_whole_cant_be_panned() -> None:
    assert Viewport(zoom=2.0).panned(1, 1, (1.0, 0.5)).x == 0.5


def test_a_frame_fits_both_ways() -> None:
    assert fitting((100, 10), (50, 50)) == 2.0
    assert fitting((10, 100), (50, 25)) == 2.0
