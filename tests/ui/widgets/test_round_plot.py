from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from atu_gui.core.events import Interval
from atu_gui.core.round_marks import Limit
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.label_room import spot
from atu_gui.ui.widgets.legend import DASHED, Stroke
from atu_gui.ui.widgets.round_plot import CAP, RoundPlot


@pytest.fixture
def plot(qtbot: QtBot) -> RoundPlot:
    theme = Theme()
    made = RoundPlot(theme, "Recall", {"forget": Stroke("forget", marker="o")}, share=True)
    theme.setParent(made)
    qtbot.addWidget(made)
    made.set_points({"forget": {0: Interval(0.2, 0.15, 0.28, 20), 1: Interval(0.1, 0.06, 0.17, 20)}}, 4)
    return made


def test_whiskers_are_the_intervals(plot: RoundPlot) -> None:
    xs, ys = plot.lines["forget"].whiskers.getData()
    assert list(zip(xs, ys, strict=True))[:2] == [(0.0, 0.15), (0.0, 0.28)]
    assert list(ys[6:8]) == [0.06, 0.17]
    assert list(xs[2:4]) == [-CAP, CAP]


def test_the_untouched_model_is_a_line_all_the_way(plot: RoundPlot) -> None:
    xs, ys = plot.lines["forget"].untouched.getData()
    assert list(xs) == [-0.5, 4.5]
    assert list(ys) == [0.2, 0.2]


def test_dots_stand_at_the_means(plot: RoundPlot) -> None:
    xs, ys = plot.lines["forget"].dots.getData()
    assert (list(xs), list(ys)) == ([0.0, 1.0], [0.2, 0.1])


def test_everything_lies_within_the_axes(plot: RoundPlot) -> None:
    plot.set_limits((Limit("limit", 0.9),))
    (left, right), (low, high) = plot.plot.getViewBox().viewRange()
    assert (left, right) == (-0.5, 4.5)
    assert -0.1 < low < 0.0
    assert high > 0.9


def test_scores_of_nothing_but_zeros_stand_on_the_axis(plot: RoundPlot) -> None:
    plot.set_points({"forget": {n: Interval(0.0, 0.0, 0.0, 20) for n in range(3)}}, 2)
    low, high = plot.plot.getViewBox().viewRange()[1]
    assert low < 0.0 and high - low >= 0.1
    plot.resize(900, 1400)
    low, high = plot.plot.getViewBox().viewRange()[1]
    assert min(plot.plot.left.ticks_between(low, high, plot.plot.left.height())[1]) == 0.0


def test_the_newest_scores_are_said_in_words(plot: RoundPlot) -> None:
    assert plot.accessibleDescription() == "forget after round 1: 0.10 (0.06–0.17)"


def test_the_words_of_a_limit_hide_no_score(qtbot: QtBot, plot: RoundPlot) -> None:
    plot.set_points({"forget": {n: Interval(0.2, 0.18, 0.22, 20) for n in range(4)}}, 4)
    plot.set_limits((Limit("goal", 0.19),))
    plot.resize(340, 160)
    plot.show()
    qtbot.waitExposed(plot)
    ((_, words),) = plot._limit_items
    place = QRectF(plot.plot.getViewBox().mapViewToScene(words.pos()), words.size())
    dots = [spot(plot.plot.pixels(n, 0.2), 8) for n in range(4)]
    assert plot.plot.frame().adjusted(-1, -1, 1, 1).contains(place)
    assert not any(place.intersects(dot) for dot in dots)
    plot.set_limits(())
    assert not words.isVisible()


def test_in_a_full_plot_the_words_of_a_limit_lie_on_lines_rather_than_on_markers(qtbot: QtBot, theme: Theme) -> None:
    """As in a low window: a whole row of scores just below their floor, and no free place along it."""
    strokes = {"forget": Stroke("forget", marker="o"), "neighbour": Stroke("neighbour", DASHED, "s")}
    made = RoundPlot(theme, "Recall", strokes, share=True)
    qtbot.addWidget(made)
    near = [0.89, 0.69, 0.71, 0.66, 0.76, 0.71, 0.66, 0.69, 0.71]
    gone = [0.93, 0.47, 0.35, 0.37, 0.1, 0.05, 0.05, 0.07, 0.15]
    points = {
        name: {n: Interval(mean, max(mean - 0.2, 0.0), min(mean + 0.16, 1.0), 20) for n, mean in enumerate(means)}
        for name, means in (("forget", gone), ("neighbour", near))
    }
    made.set_points(points, 8)
    made.set_limits((Limit("goal", 0.19), Limit("floor", 0.80)))
    made.resize(392, 118)
    made.show()
    qtbot.waitExposed(made)
    for _, words in made._limit_items:
        place = QRectF(made.plot.getViewBox().mapViewToScene(words.pos()), words.size())
        for line in made.lines.values():
            dots = [spot(made.plot.pixels(n + line.shift, value.mean), 8) for n, value in line.points.items()]
            assert not any(place.intersects(dot) for dot in dots)


def test_a_share_has_no_tick_above_one(qtbot: QtBot, theme: Theme) -> None:
    made = RoundPlot(theme, "Recall", {"forget": Stroke("forget", marker="o")}, share=True)
    qtbot.addWidget(made)
    made.resize(900, 1400)
    made.set_points({"forget": {0: Interval(0.98, 0.9, 1.0, 20)}}, 1)
    low, high = made.plot.getViewBox().viewRange()[1]
    assert high > 1.0, "the whisker's cap is seen"
    assert max(made.plot.left.ticks_between(low, high, 1300.0)[1]) == pytest.approx(1.0)


def test_intervals_of_two_series_do_not_hide_each_other(qtbot: QtBot, theme: Theme) -> None:
    made = RoundPlot(
        theme, "Recall", {"forget": Stroke("forget", marker="o"), "neighbour": Stroke("neighbour", marker="s")}
    )
    qtbot.addWidget(made)
    both = {0: Interval(0.2, 0.1, 0.3, 20), 1: Interval(0.1, 0.0, 0.3, 20)}
    made.set_points({"forget": both, "neighbour": both}, 4)
    forget, near = (set(made.lines[name].dots.getData()[0]) for name in ("forget", "neighbour"))
    assert not forget & near and all(abs(place - round(place)) < 0.2 for place in forget | near)


def test_a_low_plot_still_has_a_scale(qtbot: QtBot, theme: Theme) -> None:
    made = RoundPlot(theme, "Recall", {"forget": Stroke("forget", marker="o")}, share=True)
    qtbot.addWidget(made)
    assert len(made.plot.left.ticks_between(0.0, 0.7, 50.0)[1]) >= 2
    assert len(made.plot.left.ticks_between(0.0, 0.7, 300.0)[1]) == 8, "a tall one has no more ticks than before"


@pytest.mark.parametrize(("low", "high", "size"), [(2.14, 2.193, 46.0), (-0.02, 0.47, 32.0), (3.905, 3.935, 48.0)])
def test_a_single_tick_is_no_scale(qtbot: QtBot, theme: Theme, low: float, high: float, size: float) -> None:
    made = RoundPlot(theme, "Utility", {"loss": Stroke("utility", marker="t")})
    qtbot.addWidget(made)
    spacing, ticks = made.plot.left.ticks_between(low, high, size)
    assert len(ticks) > 1 and spacing * size / (high - low) >= 12, "two labels do not overlap"
