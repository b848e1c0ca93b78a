from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.config import RunConfig
from atu_gui.core.events import ControlApplied, RunFailed, RunFinished, StageStarted
from atu_gui.core.schedule import settle
from atu_gui.ui.panels.live import LivePanel
from atu_gui.ui.theme import Theme
from tests.ui.run_events import RUN, started


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> LivePanel:
    made = LivePanel(theme)
    qtbot.addWidget(made)
    made.show_run(settle(RunConfig()))
    made.handle(started())
    made.handle(StageStarted(RUN, "align", 1, 20, 0))
    return made


def _type(panel: LivePanel, name: str, words: str) -> None:
    editor = panel.rows[name]._field.editor
    editor.setText(words)
    editor.editingFinished.emit()


def test_a_wish_is_pending_until_the_run_applies_it(qtbot: QtBot, panel: LivePanel) -> None:
    row = panel.rows["retain_weight"]
    with qtbot.waitSignal(panel.wished) as asked:
        _type(panel, "retain_weight", "40")
    assert asked.args == ["retain_weight", 40.0]
    assert "20 → 40 pending." in row.words and "next unlearn step" in row.words
    assert panel.summary() == "1 change pending"
    panel.handle(ControlApplied(RUN, 21, "retain_weight", 20.0, 40.0, 1))
    assert not row.pending and row.wanted == 40.0
    assert row._field.editor.text() == "40"


def test_what_cannot_be_is_said_and_not_asked_for(qtbot: QtBot, panel: LivePanel) -> None:
    with qtbot.assertNotEmitted(panel.wished):
        _type(panel, "unlearn_learning_rate", "-1")
    assert panel.rows["unlearn_learning_rate"]._field.error.text()
    assert panel.summary() == "weights, rates, steps, goals"


def test_going_back_takes_a_wish_back(panel: LivePanel) -> None:
    asked: list[tuple[str, object]] = []
    panel.wished.connect(lambda name, value: asked.append((name, value)))
    _type(panel, "retain_weight", "40")
    _type(panel, "retain_weight", "20")
    _type(panel, "retain_weight", "20")
    assert asked == [("retain_weight", 40.0), ("retain_weight", 20.0)]
    assert not panel.rows["retain_weight"].pending


def test_a_guard_is_switched_off_by_a_word(panel: LivePanel) -> None:
    asked: list[tuple[str, object]] = []
    panel.wished.connect(lambda name, value: asked.append((name, value)))
    _type(panel, "neighbour_floor", "off")
    assert asked == [("neighbour_floor", None)]
    assert panel.guards().neighbour_floor is None and panel.guards().utility_limit == 1.05
    assert "0.9 → off pending" in panel.rows["neighbour_floor"].words
    panel.handle(ControlApplied(RUN, 3, "neighbour_floor", 0.9, None, 1))
    assert not panel.rows["neighbour_floor"].pending


def test_steps_are_those_of_the_stage_and_of_the_next_ones(panel: LivePanel) -> None:
    def shown() -> list[tuple[int, bool]]:
        editors = [panel.rows[name]._field.editor for name in ("stage_steps", "align_steps", "unlearn_steps")]
        return [(editor.value(), editor.isEnabled()) for editor in editors]

    assert shown() == [(20, True), (5, True), (10, True)]
    panel.rows["stage_steps"]._field.editor.setValue(30)
    assert panel.rows["stage_steps"].pending
    panel.handle(ControlApplied(RUN, 3, "align_steps", None, 7.0, 1))
    panel.handle(StageStarted(RUN, "unlearn", 2, 10, 40))
    assert shown() == [(10, True), (7, False), (10, False)], "no stage is left for the knobs of later ones"
    assert not panel.rows["stage_steps"].pending, "a wish for a stage that is over is dropped"
    panel.handle(StageStarted(RUN, "probe", 2, 4, 50))
    assert not panel.rows["stage_steps"]._field.editor.isEnabled()


def test_the_end_of_a_run_drops_what_waits(panel: LivePanel) -> None:
    _type(panel, "retain_weight", "40")
    panel.handle(RunFinished(RUN, "stopped by you", 0, 1, 3.0, ""))
    assert not panel.rows["retain_weight"].pending
    assert panel.rows["retain_weight"]._field.editor.text() == "20"


def test_a_run_that_fails_before_its_first_stage_leaves_all_as_it_was(qtbot: QtBot, theme: Theme) -> None:
    panel = LivePanel(theme)
    qtbot.addWidget(panel)
    panel.show_run(settle(RunConfig()))
    _type(panel, "retain_weight", "40")
    panel.handle(RunFailed(RUN, "The disk is full.", "Free some space.", "", 0))
    assert panel.rows["retain_weight"]._field.editor.text() == "20" and not panel.rows["stage_steps"].pending
