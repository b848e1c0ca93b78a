from __future__ import annotations

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from atu_gui.ui.widgets.basics import Elided, column, show_facts


def test_short_values_end_where_long_ones_do(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page.setLayout(column(spacing=4))
    show_facts(page, [("Texts", "179 passages", ""), ("Neighbours", "8", "Michelangelo")])
    page.resize(300, 80)
    page.show()
    qtbot.waitExposed(page)
    ends = []
    for value in page.findChildren(Elided):
        picture = value.grab().toImage()
        paper = picture.pixel(0, 0)
        inked = [x for x in range(picture.width()) for y in range(picture.height()) if picture.pixel(x, y) != paper]
        ends.append(value.geometry().left() + max(inked))
    assert abs(ends[0] - ends[1]) <= 2
