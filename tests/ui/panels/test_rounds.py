from __future__ import annotations

import dataclasses

from pytestqt.qtbot import QtBot

from atu_gui.core.events import DeepScored, GroupScores, Interval
from atu_gui.ui.panels.rounds import RoundsPanel
from atu_gui.ui.theme import Theme
from tests.ui.run_events import RUN, scored


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


def test_scores_of_verbatim_strings_and_those_taken_once_stand_in_the_row_of_their_round(
    theme: Theme, qtbot: QtBot
) -> None:
    panel = RoundsPanel(theme)
    qtbot.addWidget(panel)
    strings = GroupScores(extraction_strength=Interval(0.4, 0.2, 0.6, 8))
    for number in range(3):
        panel.handle(dataclasses.replace(scored(number, 0), verbatim=strings))
    leaks = (Interval(0.1, 0.0, 0.2, 15), Interval(0.3, 0.1, 0.5, 15))
    panel.handle(DeepScored(RUN, 2, (1, 4), leaks, (), (), Interval(3.0, 2.0, 4.0, 8), 255))
    panel.handle(DeepScored(RUN, 9, (1, 4), leaks, (), (), None, 255))
    table = panel._table
    names = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]  # type: ignore[union-attr]

    def words(row: int, name: str) -> str:
        item = table.item(row, names.index(name))
        return item.text() if item is not None else ""

    assert [words(at, "Extracted, verbatim") for at in range(3)] == ["0.40 (0.20–0.60)"] * 3
    assert [words(at, "Leak@k, forget") for at in range(3)] == ["", "", "@1 0.10 · @4 0.30"]
    assert (words(2, "Leak@k, neighbour"), words(2, "Exposure, bits")) == ("–", "3.00 (2.00–4.00)")
    assert "leak@4: 0.30 (0.10–0.50), n = 15" in table.item(2, names.index("Leak@k, forget")).toolTip()  # type: ignore[union-attr]


def test_each_round_names_its_weights_by_their_hash(theme: Theme, qtbot: QtBot) -> None:
    panel = RoundsPanel(theme)
    qtbot.addWidget(panel)
    panel.handle(dataclasses.replace(scored(0, 0), weights_hash="1a2b3c"))
    panel.handle(scored(1, 0))
    tips = [panel._table.item(at, 0).toolTip() for at in range(2)]  # type: ignore[union-attr]
    assert tips[0].startswith("Weights 1a2b3c\n")
    assert "Weights" not in tips[1], "of an earlier version's record no hash is known"
