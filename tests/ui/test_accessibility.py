"""Everything can be reached without a mouse and without seeing: menus, shortcuts, tooltips, names, the order of Tab."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QMenu, QMenuBar, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from atu_gui.ui.actions import Actions, make_actions
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.widgets.dock import Dock
from atu_gui.ui.widgets.section import Section
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]
# More places than any window has.
_MOST = 300


def _in(menu: QMenu | QMenuBar) -> Iterator[QAction]:
    for action in menu.actions():
        inside = action.menu()
        if isinstance(inside, QMenu):
            yield from _in(inside)
        elif not action.isSeparator():
            yield action


# Actions


def test_every_action_is_in_a_menu_and_every_entry_is_an_action(make_window: Make) -> None:
    window = make_window()
    listed = {one.text() for one in _in(window.menuWidget().findChild(QMenuBar))}
    assert listed == {one.text() for one in window._all_actions()}


def test_every_action_is_found_in_the_palette(make_window: Make) -> None:
    window = make_window()
    for action in window._all_actions():
        window._palette.open()
        window._palette._field.setText(action.text().rstrip("…"))
        assert action in window._palette._found, action.text()
        window._palette.close()


def test_every_action_has_a_shortcut_of_its_own_and_a_tooltip_that_says_more(make_window: Make) -> None:
    window = make_window()
    actions = window._all_actions()
    assert [one.text() for one in actions if one.shortcut().isEmpty()] == []
    keys = Counter(keys.toString() for one in actions for keys in one.shortcuts())
    # Buttons of a page have some too.
    keys.update(one.shortcut().toString() for one in window.findChildren(QAbstractButton) if one.shortcut().toString())
    assert [key for key, count in keys.items() if count > 1] == []
    for one in actions:
        shown = one.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        assert one.statusTip().endswith("."), one.text()
        assert one.statusTip() in one.toolTip() and f"({shown})" in one.toolTip(), one.text()


def test_every_shortcut_does_its_action_and_no_other(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = make_actions(window)
    done: list[str] = []
    for field in fields(Actions):
        action = getattr(actions, field.name)
        action.setEnabled(True)
        action.triggered.connect(lambda _on=False, name=field.name: done.append(name))
    with qtbot.waitActive(window):
        window.show()
    for field in fields(Actions):
        QTest.keySequence(window.windowHandle(), getattr(actions, field.name).shortcut())
    assert done == [field.name for field in fields(Actions)]


# Names


def _is_of_qt(widget: QWidget) -> bool:
    """Whether it is the inside of one of Qt's own controls: the field of a spin box, the list of a combo box."""
    parent = widget.parentWidget()
    return widget.objectName().startswith("qt_") or (
        parent is not None and parent.metaObject().className() == "QComboBoxPrivateContainer"
    )


def _nameless(window: QWidget) -> list[str]:
    named_by_label = {one.buddy() for one in window.findChildren(QLabel)}
    return [
        _path(one)
        for one in window.findChildren(QWidget)
        if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.focusProxy() is None
        if not (one.accessibleName().strip() or one in named_by_label or _is_of_qt(one))
        if not (isinstance(one, QAbstractButton) and one.text().strip())
    ]


def _path(widget: QWidget) -> str:
    above, words = widget.parentWidget(), [f"{type(widget).__name__} “{widget.accessibleName()}”"]
    while above is not None and len(words) < 4:
        words.append(type(above).__name__)
        above = above.parentWidget()
    return " in ".join(words)


# Tab


def _stops(top: QWidget) -> list[QWidget]:
    return [
        one
        for one in top.findChildren(QWidget)
        if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.focusProxy() is None
        if one.isVisible() and one.isEnabled() and one.window() is top
    ]


def _walked(top: QWidget) -> list[QWidget]:
    """Where Tab goes, from the first place it comes to until it is back."""
    focused = top.focusWidget()
    if focused is not None:
        focused.clearFocus()
    places: list[QWidget] = []
    for _ in range(_MOST):
        QTest.keyClick(top.windowHandle(), Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        assert now is not None and now.window() is top
        if places and now is places[0]:
            return places
        assert now not in places, f"Tab does not get away from {_path(now)}"
        places.append(now)
    raise AssertionError(f"Tab does not come back to {_path(places[0])}")


def _box(widget: QWidget, other: QWidget) -> QRect:
    """Where it is; of something that is scrolled the frame that it is seen in, unless the other is in it too."""
    above = widget.parentWidget()
    while above is not None and not above.isAncestorOf(other):
        widget = above if isinstance(above, QScrollArea) else widget
        above = above.parentWidget()
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def _against_the_eye(places: list[QWidget]) -> list[str]:
    """Pairs where what lies above, or left in the same row, comes later."""
    wrong = []
    for at, first in enumerate(places):
        for later in places[at + 1 :]:
            one, two = _box(first, later), _box(later, first)
            across = min(one.right(), two.right()) - max(one.left(), two.left()) + 1
            down = min(one.bottom(), two.bottom()) - max(one.top(), two.top()) + 1
            above = two.bottom() < one.top() and across > 0
            left = two.right() < one.left() and down > 0.5 * min(one.height(), two.height())
            if above or left:
                wrong.append(f"{_path(first)} before {_path(later)}")
    return wrong


def _check(top: QWidget, where: str) -> None:
    assert _nameless(top) == [], where
    before = set(map(_path, _stops(top)))
    places = _walked(top)
    # Coming to a table switches buttons on, and coming to a switch leaves it one stop, as Qt does.
    due = before & set(map(_path, _stops(top)))
    assert due - set(map(_path, places)) == set(), where
    assert _against_the_eye(places) == [], where
    QTest.keyClick(top.windowHandle(), Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is places[-1], where


@pytest.mark.parametrize("width", [1600, 1280])
def test_all_places_have_names_and_tab_goes_through_them_as_the_eye_does(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, width: int
) -> None:
    for number in range(3):
        bench.keep(f"run{number}")
    window = make_window(bench)
    window.resize(width, 1000)
    window.activateWindow()
    qtbot.waitUntil(lambda: window.session.loaded is not None and len(window.workbench.runs.records) == 3)
    _check(window, "welcome")
    window.run_from_welcome("Leonardo da Vinci", ("Leonardo",))
    qtbot.waitUntil(lambda: window.page == "review")
    _check(window, "review")
    window._leave_review()
    window.workbench.runs.select("run0")
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: window.display.past is not None)
    for section in window.findChildren(Section):
        section.set_folded(False)
    tabs, set_up = window.workbench.tabs, window.findChild(Dock, "dock_setup")
    for number in range(tabs.count() if width == 1600 else 1):
        tabs.setCurrentIndex(number)
        qtbot.wait(20)
        _check(window, f"run, tab {tabs.tabText(number)}")
        # Half of all places; once is enough.
        set_up.hide()
    set_up.show()
    for action in (window.actions_.rephrase, window.actions_.compare, window.actions_.outcome):
        action.trigger()
        qtbot.wait(20)
        _check(window, action.text())


@pytest.mark.parametrize(
    "name",
    ["annotate_run", "return_round", "branch_round", "export_round", "audit_round", "save_preset", "glossary"],
)
def test_dialogs_too(make_window: Make, qtbot: QtBot, bench: FakeWorkbench, name: str) -> None:
    bench.keep("run0")
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: window.session.loaded is not None and len(window.workbench.runs.records) == 1)
    window.workbench.runs.select("run0")
    getattr(window.actions_, name).trigger()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(QDialog)))
    dialog = next(one for one in window.findChildren(QDialog) if one.isVisible())
    dialog.activateWindow()
    qtbot.wait(50)
    _check(dialog, name)
    dialog.reject()
