from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from atu_gui.core.events import ControlApplied, Event, GroupScores, GuardTripped, Interval, StagePlan, StageStarted
from atu_gui.core.guarding import GuardConfig
from atu_gui.ui.panels.plots import PlotsPanel
from atu_gui.ui.qt_compat import pg
from atu_gui.ui.theme import Theme
from tests.ui.run_events import PLAN, RUN, first_round, scored, started, step, whole_run


@pytest.fixture
def theme(qapp: object) -> Theme:
    return Theme()


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> PlotsPanel:
    made = PlotsPanel(theme)
    qtbot.addWidget(made)
    made.resize(800, 640)
    made.show()
    qtbot.waitExposed(made)
    return made


def play(panel: PlotsPanel, events: Iterable[Event]) -> None:
    for event in events:
        panel.handle(event)
    panel.flush()


def tau_drawn(panel: PlotsPanel) -> list[tuple[float, float]]:
    xs, ys = panel.plots.similarity.applied.getData()
    return list(zip(xs.tolist(), ys.tolist(), strict=True)) if xs is not None else []


def test_an_empty_panel_says_what_to_do(panel: PlotsPanel) -> None:
    words = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert "No curves yet" in words
    assert any(text.startswith("Press Run") for text in words)


def test_every_plot_can_be_clicked_at_any_place(panel: PlotsPanel, qtbot: QtBot) -> None:
    play(panel, first_round(4))
    plots = panel.findChildren(pg.PlotWidget)
    with qtbot.captureExceptions() as raised:
        for plot in plots:
            middle = plot.viewport().rect().center()
            for place in (middle, QPoint(2, 2), QPoint(middle.x(), plot.height() - 3)):
                QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert len(plots) >= 4 and raised == []


def test_the_tau_line_comes_from_steps_and_not_from_the_handle(panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    assert tau_drawn(panel) == [(20, 0.4), (24, 0.4)]
    panel.plots.similarity.handle.wish(0.2)
    panel.plots.similarity.handle.request()
    panel.flush()
    assert tau_drawn(panel) == [(20, 0.4), (24, 0.4)]
    play(panel, [step(25, "unlearn", 1, 0.4), step(26, "unlearn", 1, 0.2)])
    assert tau_drawn(panel) == [(20, 0.4), (25, 0.4), (25, 0.2), (26, 0.2)]


def test_a_wish_is_outlined_until_a_step_takes_it(qtbot: QtBot, panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    handle = panel.plots.similarity.handle
    assert handle.isVisible()
    handle.wish(0.25)
    with qtbot.waitSignal(panel.tau_requested) as asked:
        handle.request()
    assert asked.args == [0.25]
    xs, ys = panel.plots.similarity.wished.getData()
    assert (xs.tolist(), ys.tolist()) == ([24, 30], [0.25, 0.25])
    assert "τ 0.40 → 0.25 pending" in panel.plots.similarity.frame.title.caption.text()
    play(panel, [step(25, "unlearn", 1, 0.4)])
    assert handle.pending == 0.25
    play(panel, [step(26, "unlearn", 1, 0.25)])
    assert handle.pending is None
    assert len(panel.plots.similarity.wished.getData()[0]) == 0
    assert panel.plots.similarity.frame.title.caption.text() == ""


def test_dragging_the_handle_asks_for_the_value_under_the_pointer(qtbot: QtBot, panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    qtbot.wait(1)
    handle = panel.plots.similarity.handle
    asked: list[float] = []
    panel.tau_requested.connect(asked.append)
    start = handle.rect().center()
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=start)
    place = handle.mapToParent(start)
    view = panel.plots.similarity.frame.plot.getViewBox()
    target = panel.plots.similarity.frame.plot.mapFromScene(view.mapViewToScene(QPointF(0.0, 0.2)))
    QTest.mouseMove(handle, QPoint(start.x(), start.y() + target.y() - place.y()))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton)
    assert asked == [pytest.approx(0.2, abs=0.015)]


def test_an_unanswered_wish_ends_with_the_run(panel: PlotsPanel) -> None:
    events = list(whole_run())
    play(panel, events[:-1])
    panel.plots.similarity.handle.wish(0.1)
    panel.plots.similarity.handle.request()
    play(panel, events[-1:])
    assert panel.plots.similarity.handle.pending is None
    assert not panel.plots.similarity.handle.isVisible()


def test_bands_marks_and_flags(panel: PlotsPanel) -> None:
    play(panel, [*first_round(4), ControlApplied(RUN, 24, "tau", 0.4, 0.35, 1)])
    for frame in (panel.plots.similarity.frame, panel.plots.align.frame):
        assert [(b.stage, b.left, b.right, b.future) for b in frame.bands.bands] == [
            ("align", 0, 20, False),
            ("unlearn", 20, 30, False),
            ("align", 30, 35, True),
            ("unlearn", 35, 45, True),
        ]
        assert frame.marks.now == 24
        assert frame.bands.zValue() == -20
    assert panel.plots.similarity.frame.marks.flags_drawn == ((23.0, "τ 0.40 → 0.35 by you"),)
    play(panel, list(whole_run())[-1:])
    assert panel.plots.similarity.frame.marks.now is None


def test_a_plan_is_shown_before_the_first_step(panel: PlotsPanel) -> None:
    panel.set_planned(PLAN)
    play(panel, [started(), StageStarted(RUN, "align", 1, 20, 0), step(1, "align", 1)])
    xs, ys = panel.plots.similarity.planned.getData()
    assert [x for x, y in zip(xs, ys, strict=True) if y == 0.4] == [20, 30]
    assert panel.plots.similarity.frame.plot.getViewBox().viewRange()[0] == [0, 45]


def test_legends_carry_the_newest_value_or_the_one_under_the_pointer(panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    panel._smooth_box.setCurrentIndex(0)
    entries = panel.plots.similarity.frame.title.entries
    assert entries["mean"].value == "0.500"
    assert entries["τ applied"].value == "0.40"
    assert panel.plots.align.frame.title.entries["held-out"].value == "0.660"
    panel.plots.similarity.frame.hovered.emit(10.4)
    assert entries["mean"].value == "0.510"
    assert entries["τ applied"].value == ""
    assert panel.plots.similarity.frame.title.caption.text() == "round 1, step 10"
    assert panel.plots.align.frame.crosshair.isVisible()
    panel.plots.align.frame.hovered.emit(None)
    assert entries["mean"].value == "0.500"
    assert not panel.plots.similarity.frame.crosshair.isVisible()


def test_the_axes_are_linked_and_switch_together(panel: PlotsPanel) -> None:
    play(panel, first_round(10))
    assert panel.plots.align.frame.plot.getViewBox().viewRange()[0] == [0, 45]
    panel._axes.choose("Round")
    assert panel.plots.align.frame.plot.getViewBox().viewRange()[0] == [0, 2]
    panel._axes.choose("Seconds")
    assert panel.plots.similarity.frame.plot.getViewBox().viewRange()[0] == [0, 22.5]
    xs, _ = panel.plots.similarity.frame.curves["mean"].getOriginalDataset()
    assert xs[-1] == 15.0


def test_a_zoom_by_the_user_is_kept_until_the_whole_run_is_asked_for(panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    panel.plots.align.frame.plot.setXRange(5, 10, padding=0)
    panel.plots.align.frame.plot.getViewBox().sigRangeChangedManually.emit([True, False])
    play(panel, [step(25, "unlearn", 1, 0.4)])
    assert panel.plots.similarity.frame.plot.getViewBox().viewRange()[0] == [5, 10]
    panel._fit_button.click()
    assert panel.plots.similarity.frame.plot.getViewBox().viewRange()[0] == [0, 45]


def test_scores_limits_and_frontier_come_from_rounds(qtbot: QtBot, panel: PlotsPanel) -> None:
    panel.set_guards(GuardConfig(forget_goal=0.25, neighbour_floor=0.8, utility_limit=1.1))
    play(panel, whole_run())
    xs, ys = panel.plots.recall.lines["forget"].dots.getData()
    assert (xs.round().tolist(), ys.tolist()) == ([0, 1], [0.2, 0.1])
    assert [(limit.word, round(limit.value, 3)) for limit in panel.plots.recall.limits] == [
        ("goal", 0.05),
        ("floor", 0.4),
    ]
    assert [(limit.word, round(limit.value, 3)) for limit in panel.plots.utility.limits] == [("limit", 2.2)]
    assert [(dot.round, dot.forget, dot.loss) for dot in panel.plots.frontier.dots] == [(0, 0.2, 2.0), (1, 0.1, 2.1)]
    with qtbot.waitSignal(panel.round_chosen) as chosen:
        panel.plots.frontier.round_chosen.emit(1)
    assert chosen.args == [1]


def test_scores_are_those_of_test_questions_and_say_so(panel: PlotsPanel) -> None:
    for event in whole_run():
        panel.handle(event)
    panel.flush()
    assert panel.plots.recall.title.caption.text() == "all", "a record without sides"
    panel.handle(started())
    for number in (0, 1):
        of_test = GroupScores(recall=Interval(0.08 - 0.04 * number, 0.0, 0.2, 9))
        panel.handle(dataclasses.replace(scored(number, 0), forget_test=of_test))
    panel.flush()
    caption = panel.plots.recall.title.caption
    assert (caption.text(), caption.toolTip()) == ("test", "Test questions")
    assert panel.plots.frontier.plot.bottom.labelText.startswith("forget recall, test questions")
    assert [dot.forget for dot in panel.plots.frontier.dots] == pytest.approx([0.08, 0.04])


def test_events_only_store_and_a_timer_draws(qtbot: QtBot, panel: PlotsPanel) -> None:
    drawn = []
    panel.plots.similarity.frame.curves["mean"].sigPlotChanged.connect(drawn.append)
    for event in first_round(10):
        panel.handle(event)
    assert drawn == []
    qtbot.waitUntil(lambda: bool(drawn), timeout=20_000)
    assert len(drawn) == 1


def test_a_hidden_panel_draws_when_it_is_shown(panel: PlotsPanel) -> None:
    panel.hide()
    for event in first_round(4):
        panel.handle(event)
    assert tau_drawn(panel) == []
    panel.show()
    assert tau_drawn(panel) == [(20, 0.4), (24, 0.4)]


def test_clear_forgets_the_run(panel: PlotsPanel) -> None:
    play(panel, whole_run())
    panel.clear()
    assert panel.curves.empty
    assert tau_drawn(panel) == []
    assert panel.plots.frontier.dots == ()


@pytest.mark.parametrize(("mode", "other"), [("dark", "light"), ("light", "dark")])
def test_everything_is_drawn_anew_in_other_colours(
    qtbot: QtBot, panel: PlotsPanel, theme: Theme, mode: str, other: str
) -> None:
    theme.set_mode(mode)  # type: ignore[arg-type]
    play(panel, whole_run())
    theme.set_mode(other)  # type: ignore[arg-type]
    theme.changed.emit()
    tokens = theme.tokens
    assert panel.plots.similarity.frame.curves["mean"].opts["pen"].color() == QColor(tokens.similarity)
    assert panel.plots.similarity.applied.opts["pen"].color() == QColor(tokens.accent_text)
    assert panel.plots.align.frame.plot.backgroundBrush().color() == QColor(tokens.plot)
    assert panel.plots.recall.lines["neighbour"].line.opts["pen"].color() == QColor(tokens.neighbour)
    shown = panel.plots.similarity.frame.plot.grab().toImage()
    assert shown.pixelColor(2, shown.height() // 2) == QColor(tokens.plot)


def test_long_runs_stay_smooth(qtbot: QtBot, panel: PlotsPanel) -> None:
    count = 200_000
    plan = (StagePlan("align", 1, count),)
    panel.handle(started(plan))
    panel.handle(StageStarted(RUN, "align", 1, count, 0))
    wave = 0.3 + 0.1 * np.sin(np.arange(count) / 500)
    begun = time.process_time()
    for number, value in enumerate(wave.tolist(), start=1):
        panel.handle(step(number, "align", 1, similarity=value))
    stored = time.process_time() - begun
    panel.flush()
    panel.plots.similarity.grab()
    begun = time.process_time()
    for number in range(5):
        panel.handle(step(count + 1 + number, "align", 1))
        panel.flush()
        panel.plots.similarity.grab()
    drawn = (time.process_time() - begun) / 5
    assert len(panel.curves.mean) == count + 5
    # Generous bounds for a busy machine; measured 12 µs a step and about 0.04 s a picture.
    assert stored / count < 1e-4
    assert drawn < 0.25


def test_a_pending_wish_does_not_widen_the_panel(panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    wide = panel.minimumSizeHint().width()
    panel.plots.similarity.handle.wish(0.25)
    panel.plots.similarity.handle.request()
    assert panel.minimumSizeHint().width() == wide


def test_an_entry_of_the_legend_hides_its_curve(panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    frame = panel.plots.similarity.frame
    top = frame.plot.getViewBox().viewRange()[1][1]
    frame.title.entries["p95"].click()
    assert not frame.curves["p95"].isVisible() and not frame.curves["p95 raw"].isVisible()
    assert frame.curves["mean"].isVisible() and panel.plots.similarity.applied.isVisible()
    assert frame.plot.getViewBox().viewRange()[1][1] < top, "what is hidden needs no room"
    frame.title.entries["p95"].click()
    assert frame.curves["p95"].isVisible()
    panel.plots.recall.title.entries["forget"].click()
    assert (
        not panel.plots.recall.lines["forget"].dots.isVisible()
        and panel.plots.recall.lines["neighbour"].dots.isVisible()
    )


def test_a_logarithmic_axis_keeps_values_and_the_handle_true(panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    panel._log_button.setChecked(True)
    frame = panel.plots.similarity.frame
    _, ys = frame.curves["mean"].getOriginalDataset()
    assert 10 ** ys[-1] == pytest.approx(0.5, abs=0.01)
    assert [round(10**y, 6) for y in panel.plots.similarity.applied.getData()[1]] == [0.4, 0.4]
    assert frame.title.entries["τ applied"].value == "0.40"
    assert frame.value_at(float(frame.up(np.array([0.25]))[0])) == pytest.approx(0.25)
    (_, ticks), *_ = frame.plot.left.tickValues(-2.0, 0.0, 200.0)
    assert frame.plot.left.tickStrings(ticks, 1.0, 1.0) == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    (_, few), *_ = frame.plot.left.tickValues(-2.0, 0.0, 60.0)
    assert frame.plot.left.tickStrings(few, 1.0, 1.0) == ["0.01", "0.1", "1"]
    panel._log_button.setChecked(False)
    assert tau_drawn(panel) == [(20, 0.4), (24, 0.4)]


def test_a_wish_from_elsewhere_is_outlined_too(qtbot: QtBot, panel: PlotsPanel) -> None:
    play(panel, first_round(4))
    with qtbot.assertNotEmitted(panel.tau_requested):
        panel.show_wish(0.25)
    assert panel.plots.similarity.handle.pending == 0.25
    panel.show_wish(0.4)
    assert panel.plots.similarity.handle.pending is None


def test_goals_follow_what_was_applied_and_rejected_rounds_are_marked(panel: PlotsPanel) -> None:
    panel.set_guards(GuardConfig(forget_goal=0.25, neighbour_floor=None, utility_limit=1.1))
    play(panel, [*whole_run(), ControlApplied(RUN, 30, "forget_goal", 0.25, None, 1)])
    assert panel.plots.recall.limits == ()
    play(panel, [GuardTripped(RUN, 1, 30, "utility limit", "Too much.", "stop", rejected=True)])
    assert [dot.rejected for dot in panel.plots.frontier.dots] == [False, True]
    assert panel.plots.frontier.accessibleDescription().endswith("rejected by a guard")


def test_the_tooltip_has_all_scores_of_the_round_under_the_pointer(panel: PlotsPanel) -> None:
    play(panel, whole_run())
    assert panel.plots.recall.words_at(1).splitlines() == [
        "Round 1",
        "forget 0.100 (0.050–0.180), n = 20",
        "neighbour 0.500 (0.400–0.600), n = 20",
    ]
    assert panel.plots.recall.words_at(7) == ""
    assert panel.plots.utility.words_at(0).startswith("Untouched model")
