from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from atu_gui.core.events import LayerScored, Progress
from atu_gui.core.scan import summarise
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.layer_strip import LayerStrip
from atu_gui.ui.widgets.layer_view import LayerView

SCORES = [LayerScored(n, 10, 0.3 + 0.02 * n, 0.6 + 0.02 * min(n, 4)) for n in range(1, 11)]
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def strip(qtbot: QtBot, theme: Theme) -> LayerStrip:
    made = LayerStrip(theme)
    qtbot.addWidget(made)
    made.resize(300, 86)
    for score in SCORES:
        made.add(score)
    made.show_picks([3])
    made.show()
    return made


def _heard(strip: LayerStrip) -> list[tuple[int, ...]]:
    heard: list[tuple[int, ...]] = []
    strip.picked.connect(heard.append)
    return heard


def _click(strip: LayerStrip, layer: int, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, modifier, QPoint(round(strip._middle(layer)), 60))


def test_a_click_picks_one_and_with_shift_several(strip: LayerStrip) -> None:
    heard = _heard(strip)
    _click(strip, 7)
    _click(strip, 2, SHIFT)
    _click(strip, 7, SHIFT)
    _click(strip, 2, SHIFT)
    assert heard == [(7,), (2, 7), (2,)], "the last layer stays"


def test_arrow_keys_walk_over_the_layers(strip: LayerStrip) -> None:
    heard = _heard(strip)
    for key, modifier in ((Qt.Key.Key_Right, NONE), (Qt.Key.Key_Right, SHIFT), (Qt.Key.Key_Home, NONE)):
        QTest.keyClick(strip, key, modifier)
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert heard == [(4,), (4, 5), (1,)]


def test_a_locked_strip_keeps_its_picks(strip: LayerStrip) -> None:
    heard = _heard(strip)
    strip.set_locked(True)
    _click(strip, 7)
    assert heard == [] and strip.picks == (3,)


def test_what_was_measured_is_said(strip: LayerStrip) -> None:
    assert strip.accessibleDescription() == "Layer 3: cosine 0.36, AUC 0.66"
    strip.suggest(3)
    assert strip.words(3) == "Layer 3: cosine 0.36, AUC 0.66. Suggested"
    strip.clear(10)
    assert strip.words(3) == "Layer 3: not measured"


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> LayerView:
    made = LayerView(theme)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_scan_from_empty_to_a_suggestion(qtbot: QtBot, view: LayerView) -> None:
    assert not view.strip.isVisible() and view._scan.isVisible()
    view.begin(10)
    view.handle(Progress("scan", "Reading texts", 8, 40, "passages"))
    assert view.words == "Reading texts, 8 of 40 passages"
    assert view._cancel.isVisible() and not view._scan.isVisible()
    view.handle(SCORES[0])
    assert view.strip.isVisible()
    view.show_result(summarise(SCORES))
    assert view.words == "Suggested: layer 4. AUC 0.68, the best up to layer 5, with cosine 0.38."
    assert view._scan.text() == "Scan again" and not view.scanning
    with qtbot.waitSignal(view.picked) as picked:
        view._use.click()
    assert picked.args == [(4,)]
    view.show_picks([4])
    assert not view._use.isVisible()


def test_a_cancelled_scan_leaves_nothing(view: LayerView) -> None:
    view.begin(10)
    view.handle(SCORES[0])
    view.end()
    assert not view.strip.isVisible() and view._scan.isVisible() and not view.scanning
