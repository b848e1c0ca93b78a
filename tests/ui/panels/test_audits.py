from __future__ import annotations

import dataclasses

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.audits import AuditSettings
from atu_gui.core.ports import Weights
from atu_gui.ui.panels.audits import AuditsPanel
from atu_gui.ui.theme import Theme
from tests.ui.fake_auditing import finding

USUAL = AuditSettings()


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> AuditsPanel:
    made = AuditsPanel(theme)
    qtbot.addWidget(made)
    made.resize(1200, 240)
    made.show()
    qtbot.waitExposed(made)
    return made


def _cells(panel: AuditsPanel, at: int) -> list[str]:
    items = [panel.table.item(at, column) for column in range(panel.table.columnCount())]
    return [item.text() if item is not None else "" for item in items]


def test_a_line_says_what_came_back_of_what_was_there(panel: AuditsPanel) -> None:
    assert panel._stack.currentIndex() == 0
    panel.show_found((finding("quantize", Weights("r", 2), USUAL, 0.42), finding("lens", Weights("r", 2), USUAL)))
    assert panel.table.rowCount() == 4
    assert _cells(panel, 0) == [
        "Quantisation", "Quantisation as usual", "answer log-prob", "42 % (37 to 47 %)", "6", "−2.00", "−5.00", "−4.70",
    ]  # fmt: skip
    assert _cells(panel, 1)[:3] == ["", "", "recall"] and _cells(panel, 1)[3] == "unclear"
    item = panel.table.item(0, 3)
    assert item is not None and "Only 6 items" in item.toolTip()
    assert not panel.grab().isNull()


def test_raw_answers_are_those_of_the_line_with_leaks_marked(panel: AuditsPanel) -> None:
    panel.show_found((finding("relearn", Weights("r", 2), USUAL),))
    rows = panel.raw.raw.rows
    assert len(rows) == 6 and rows[0][:2] == ("Question 0?", "Verrocchio")
    assert [getattr(cell, "mark", cell) for cell in rows[1][2:]] == ["leak", "clear", "leak"]
    panel.groups.choose("Neighbours")
    assert panel.table.rowCount() == 1 and [row[0] for row in panel.raw.raw.rows] == ["Where?"]
    panel.evidence.choose("Curve")
    assert panel.raw.raw.headings[0] == "Step" and panel.raw.raw.rows[-1] == ("20", "−4.70", "−5.50", "–")


def test_the_round_audited_last_is_in_front_and_another_can_be_chosen(panel: AuditsPanel) -> None:
    second, third = (finding("ablate", Weights("r", number), USUAL) for number in (2, 3))
    panel.show_found((third,))
    panel.show_found((third, second))
    assert panel.round.currentText() == "Round 2" and panel.round.count() == 2
    panel.round.setCurrentIndex(1)
    assert panel.selected is not None and panel.selected[0] == third
    panel.show_found((third, second))
    assert panel.round.currentText() == "Round 3", "a choice stays while nothing new is found"
    panel.show_found(())
    assert panel._stack.currentIndex() == 0


def test_a_finding_without_answers_shows_its_curve(panel: AuditsPanel) -> None:
    one = dataclasses.replace(finding("relearn", Weights("r", 1), USUAL), answers=(), axis="layer")
    panel.show_found((one,))
    assert not panel.evidence.isVisible() and panel.raw.raw.headings[:3] == ("Layer", "Round", "Untouched")
