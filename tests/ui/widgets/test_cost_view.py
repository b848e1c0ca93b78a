from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from atu_gui.core.config import RunConfig
from atu_gui.core.estimate import Estimate, Use, estimate
from atu_gui.core.schedule import settle
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.cost_view import CostView, Price
from tests.ui.fake_run import LOADED

SMALL = Estimate((Use("Model", 2e9, "", loaded=True), Use("Gradients", 1e9, "One each")), 3e9)

UNKNOWN = Price(SMALL, None, "", True)


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> CostView:
    made = CostView(theme)
    qtbot.addWidget(made)
    return made


def test_a_line_with_memory_and_time(view: CostView) -> None:
    view.show_price(Price(SMALL, 372.0, "from your last run", True), 2e9)
    assert view.words == "About 3.0 GB of memory, at most 6:12, from your last run" and not view.warns
    assert "may end the run before" in view._line.toolTip()
    view.show_price(Price(SMALL, 372.0, "from 20 measured steps", False), 2e9)
    assert view.words.endswith("about 6:12, from 20 measured steps")
    view.show_measuring("measuring align steps 3 of 20")
    assert view.words == "About 3.0 GB of memory, measuring align steps 3 of 20"
    view.show_measuring("")
    view.show_price(UNKNOWN, None)
    assert view.words == "About 3.0 GB of memory, time not measured yet" and not view.warns


def test_what_does_not_fit_is_said_before(view: CostView) -> None:
    view.show_price(UNKNOWN, 0.5e9)
    assert view.warns
    assert view.words.startswith("Needs about 1.0 GB more memory; 500 MB are free. Aim at a lower layer")


def test_details_show_every_use(view: CostView) -> None:
    found = estimate(settle(RunConfig()), LOADED)
    view.show_price(Price(found, 60.0, "from your last run", True), 1e12)
    view.show()
    assert not view._details.isVisible()
    view._toggle.click()
    assert view._details.isVisible()
    words = {one.text() for one in view._details.findChildren(QLabel)}
    assert {"Model", "538 MB", "Gradients", "Rounds on disk", "1:00"} <= words


def test_nothing_known_shows_nothing(view: CostView) -> None:
    view.show_price(Price(None, None, "", False), None)
    assert view.isHidden()


def test_measuring_that_is_yet_to_begin_cannot_be_stopped(view: CostView) -> None:
    view.show_price(UNKNOWN, 2e9)
    assert view.fits is True
    usual = view.measure.icon().cacheKey()
    view.show_measuring("its speed is measured in a moment", begun=False)
    assert view.words.endswith("its speed is measured in a moment") and view.measure.icon().cacheKey() == usual
    view.show_measuring("measuring align steps 3 of 20")
    assert view.measure.icon().cacheKey() != usual
    view.show_price(UNKNOWN, 0.5e9)
    assert view.fits is False
