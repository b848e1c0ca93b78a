from __future__ import annotations

from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from atu_gui.core.ports import CURRENT, UNTOUCHED
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.weights_picker import WeightsPicker


def test_a_full_panel_does_not_squeeze_its_second_line_out(qtbot: QtBot, theme: Theme) -> None:
    theme.apply(QApplication.instance())  # type: ignore[arg-type]
    panel = QWidget()
    qtbot.addWidget(panel)
    layout = QVBoxLayout(panel)
    pickers = [WeightsPicker(theme, 0, "Before", UNTOUCHED), WeightsPicker(theme, 1, "After", CURRENT)]
    for picker in pickers:
        layout.addWidget(picker)
    panel.resize(240, 40)
    panel.show()
    qtbot.waitExposed(panel)
    assert [picker.height() for picker in pickers] == [40, 40]
    for picker in pickers:
        picker.set_flat(True)
    qtbot.waitUntil(lambda: [picker.height() for picker in pickers] == [34, 34], timeout=2000)
