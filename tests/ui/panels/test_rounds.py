from __future__ import annotations

import dataclasses

from pytestqt.qtbot import QtBot

from atu_gui.core.events import GroupScores, Interval
from atu_gui.ui.panels.rounds import RoundsPanel
from atu_gui.ui.theme import Theme
from tests.ui.run_events import scored


def test_smooth_scores_of_test_questions_can_be_shown(theme: Theme, qtbot: QtBot) -> None:
    panel = RoundsPanel(theme)
    qtbot.addWidget(panel)
    score = Interval(0.3, 0.2, 0.4, 15)
    of_all, of_test = GroupScores(exact_memorization=Interval(0.9, 0.8, 1.0, 40)), GroupScores(exact_memorization=score)
    panel.handle(dataclasses.replace(scored(0, 0), forget=of_all, neighbour=of_all))
    panel.handle(dataclasses.replace(scored(1, 0), forget=of_all, forget_test=of_test))
    table = panel._table
    names = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]  # type: ignore[union-attr]
    forget, neighbour = names.index("Memorized, forget"), names.index("Memorized, neighbour")
    words = [[table.item(at, column).text() for column in (forget, neighbour)] for at in range(2)]  # type: ignore[union-attr]
    assert words == [["0.90 (0.80–1.00)", "0.90 (0.80–1.00)"], ["0.30 (0.20–0.40)", "–"]]
    assert all(table.isColumnHidden(column) for column in range(10, table.columnCount()))
    panel.columns.menu().actions()[0].trigger()
    assert not table.isColumnHidden(forget) and table.isColumnHidden(neighbour)
    panel.columns.menu().actions()[0].trigger()
    assert table.isColumnHidden(forget)
