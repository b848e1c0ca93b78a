from __future__ import annotations

from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from atu_gui.core.config import RoundPlan
from atu_gui.core.look import DARK
from atu_gui.ui.stylesheet import style_sheet
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.round_table import RoundTable, RoundView


def test_a_tau_that_was_changed_fits_the_narrow_set_up(qtbot: QtBot, theme: Theme) -> None:
    table = RoundTable(theme)
    table.show([RoundPlan(align_steps=250, unlearn_steps=12, tau=0.25)])
    view = RoundView(theme, table)
    table.setParent(view)
    view.setStyleSheet(style_sheet(DARK, dict.fromkeys(("caret", "caret_up", "check", "menu_check"), "none")))
    qtbot.addWidget(view)
    # The set-up's column less its margins and scroll bar.
    view.resize(236, 120)
    view.show()
    table.note_tau(1, 0.25)
    table.note_tau(1, 0.2)
    view.fit_columns()
    words = table.index(0, 4).data()
    assert words == "0.25 → 0.20"
    assert view.columnWidth(4) >= QFontMetrics(theme.font()).horizontalAdvance(words) + 8
    assert sum(view.columnWidth(column) for column in range(5)) <= 236
    view.resize(300, 120)
    assert view.columnWidth(3) > 50
