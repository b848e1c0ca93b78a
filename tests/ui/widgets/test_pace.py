"""The dearer a picture, the longer the wait for the next."""

from __future__ import annotations

from atu_gui.ui.widgets.pace import LEAST_MS, MOST_MS, SHARE, Pace


def test_the_window_uses_no_more_than_its_share() -> None:
    now, used = 0.0, 0.0
    pace = Pace(lambda: used, lambda: now)
    cost, taken = 0.004, 0
    for _ in range(100):
        pace.draw()
        used += cost
        now += cost
        now += pace.wait_ms() / 1000
        taken += 1
    assert used / now <= SHARE * 1.05
    assert taken / now >= 0.9 * SHARE / cost, "and no less than it may"


def test_a_wait_has_bounds() -> None:
    used = 0.0
    pace = Pace(lambda: used, lambda: 0.0)
    assert pace.wait_ms() == LEAST_MS
    used = 10.0
    assert pace.wait_ms() == MOST_MS
    pace.draw()
    assert pace.wait_ms() == LEAST_MS
