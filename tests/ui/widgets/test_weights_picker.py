from __future__ import annotations

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from atu_gui.core.ports import CURRENT, UNTOUCHED, Weights
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
    qtbot.waitUntil(lambda: [picker.height() for picker in pickers] == [34, 34], timeout=20_000)


def test_lists_that_follow_each_other_leave_nothing_behind(qtbot: QtBot, theme: Theme) -> None:
    picker = WeightsPicker(theme, 1, "After", CURRENT)
    qtbot.addWidget(picker)
    others = [(f"Run {number}", Weights(str(number), 1)) for number in range(3)]

    def lists(count: int) -> list[int]:
        for _ in range(count):
            picker.set_choices([("Untouched", UNTOUCHED), ("Current", CURRENT)], others)
        return [len(picker.findChildren(kind)) for kind in (QMenu, QAction, QActionGroup)]

    once = lists(1)
    assert lists(20) == once
    (more,) = (action.menu() for action in picker.choices_menu.actions() if action.menu() is not None)
    assert isinstance(more, QMenu)
    more.actions()[1].trigger()
    assert picker.weights == Weights("1", 1)
    assert [action.isChecked() for action in more.actions()] == [False, True, False]
    picker.set_choices([("Untouched", UNTOUCHED), ("Current", CURRENT)])
    assert picker.weights == CURRENT and all(action.menu() is None for action in picker.choices_menu.actions())
