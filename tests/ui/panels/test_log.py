from __future__ import annotations

from pytestqt.qtbot import QtBot

from atu_gui.core import text
from atu_gui.core.control import RunControl
from atu_gui.core.events import Note, RunFinished, StepDone
from atu_gui.core.schedule import settle
from atu_gui.ui.panels.log import LogPanel
from atu_gui.ui.panels.probes import ProbesPanel
from atu_gui.ui.panels.rounds import RoundsPanel
from atu_gui.ui.theme import Theme
from tests.ui.fake_run import PLANNED, Script


def _events() -> list:  # type: ignore[type-arg]
    return list(Script(settle(PLANNED), RunControl(), None, 0.0).events())


def test_a_run_is_told_without_its_steps(theme: Theme, qtbot: QtBot) -> None:
    panel = LogPanel(theme, now=lambda: "12:00:00")
    qtbot.addWidget(panel)
    events = _events()
    for event in events:
        panel.handle(event)
    lines = panel.lines()
    assert len(lines) < 30 < sum(isinstance(event, StepDone) for event in events)
    assert "12:00:00  Round 1: unlearn, 12 steps." in lines
    assert any("forget 0.19 (0.14–0.25)" in line for line in lines)
    assert lines[-1] == "12:00:00  Run ended: all rounds done; round 3 is kept; 2:03 of run time."


def test_warnings_and_errors_say_so_in_words(theme: Theme, qtbot: QtBot) -> None:
    panel = LogPanel(theme, now=lambda: "12:00:00")
    qtbot.addWidget(panel)
    panel.handle(Note("warning", "The disk is nearly full."))
    assert panel.lines() == ["12:00:00  warning: The disk is nearly full."]


def test_scores_and_answers_stand_in_tables(theme: Theme, qtbot: QtBot) -> None:
    rounds, probes = RoundsPanel(theme), ProbesPanel(theme)
    qtbot.addWidget(rounds)
    qtbot.addWidget(probes)
    for event in _events():
        rounds.handle(event)
        probes.handle(event)
    table = rounds._table
    assert [table.item(row, 0).text() for row in range(table.rowCount())] == [
        "Untouched",
        "Round 1",
        "Round 2",
        "Round 3, kept",
    ]
    assert table.item(0, 2).text() == "0.19 (0.14–0.25)" and table.item(0, 2).toolTip().endswith(text.few(6))
    first = [probes.model.index(0, column).data() for column in range(7)]
    assert first[0] == "Forget" and first[3:5] == ["Verrocchio, a painter.", "I am not sure."]
    assert first[6] == "1.00 → 0.00"
    events = _events()
    rounds.handle(events[0])
    probes.handle(events[0])
    assert rounds._table.rowCount() == 0 and probes.model.rowCount() == 0


def test_lines_that_stand_take_the_colours_of_a_new_theme(theme: Theme, qtbot: QtBot) -> None:
    panel = LogPanel(theme, now=lambda: "12:00:00")
    qtbot.addWidget(panel)
    theme.set_mode("light")
    panel.write("Loaded.")
    panel.write("The disk is nearly full.", "warning")
    for mode in ("dark", "light"):
        theme.set_mode(mode)  # type: ignore[arg-type]
        block = panel._view.document().begin()
        for token in ("text", "warn"):
            inside = block.begin()
            shades = []
            while not inside.atEnd():
                shades.append(inside.fragment().charFormat().foreground().color().name())
                inside += 1
            assert shades == [theme.color("muted").name(), theme.color(token).name()]
            block = block.next()


def test_the_end_of_a_run_is_one_sentence(theme: Theme, qtbot: QtBot) -> None:
    panel = LogPanel(theme, now=lambda: "12:00:00")
    qtbot.addWidget(panel)
    panel.handle(RunFinished("r", "goal: recall fell to 0.0; the goal was 0.06.", 4, 4, 123.0, "out"))
    assert panel.lines() == [
        "12:00:00  Run ended: goal: recall fell to 0.0; the goal was 0.06; round 4 is kept; 2:03 of run time."
    ]


def test_the_end_stays_in_sight_when_lines_wrap_anew(theme: Theme, qtbot: QtBot) -> None:
    panel = LogPanel(theme, now=lambda: "12:00:00")
    qtbot.addWidget(panel)
    panel.resize(1200, 120)
    panel.show()
    qtbot.waitExposed(panel)
    for number in range(40):
        panel.write(f"Line {number} of words that take more than one line where the panel is narrow, and one here.")
    bar = panel._view.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    for width in (320, 1200, 500):
        panel.resize(width, 120)
        qtbot.waitUntil(lambda width=width: panel._view.width() == width)
        assert bar.value() == bar.maximum()
    bar.setValue(0)
    panel.resize(320, 120)
    assert bar.value() == 0, "the user has scrolled up"
