"""What a designer looks at first, under the real style sheet: nothing cut, one height for one kind, words that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from atu_gui.core.concepts import Concept
from atu_gui.core.look import DARK
from atu_gui.core.machine import Reading
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from atu_gui.ui.stylesheet import style_sheet
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, ElidedButton, label, set_property
from atu_gui.ui.workbench import View
from tests.ui.fake_keeping import past_config
from tests.ui.fake_run import LOADED, PLANNED, materials
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]
SIZES = [(1280, 800), (1920, 1080)]


@pytest.fixture
def dressed(make_window: Make, theme: Theme, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    """A window on a loaded model, in the style sheet and fonts of the program."""
    window = make_window(bench)
    window.setFont(theme.font(13, figures=False))
    window.setStyleSheet(style_sheet(DARK, dict.fromkeys(("caret", "caret_up", "check", "menu_check"), "")))
    qtbot.waitUntil(lambda: window.session.loaded is not None)
    window.show_page("workbench")
    return window


def _settle(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    for _ in range(5):
        QApplication.processEvents()


def _seen(window: QWidget, *kinds: type[QWidget]) -> Iterator[QWidget]:
    for one in window.findChildren(QWidget):
        if isinstance(one, kinds) and one.isVisible():
            yield one


def _cut(window: MainWindow) -> list[str]:
    """Words in one line that have less room than they need. What is shortened with dots on purpose is not cut."""
    found = []
    for one in _seen(window, QLabel, QPushButton):
        assert isinstance(one, QLabel | QPushButton)
        if isinstance(one, Elided | ElidedButton) or (isinstance(one, QLabel) and one.wordWrap()) or not one.text():
            continue
        if one.width() < one.minimumSizeHint().width() - 1:
            found.append(f"{one.text()!r}: {one.width()} of {one.minimumSizeHint().width()}")
    return found


@pytest.mark.parametrize("size", SIZES)
def test_no_words_are_cut(dressed: MainWindow, size: tuple[int, int]) -> None:
    actions = dressed.actions_
    for show in (actions.show_run, actions.rephrase, actions.compare, actions.welcome):
        show.trigger()
        _settle(dressed, size)
        assert _cut(dressed) == [], show.text()


def test_fields_have_one_height(dressed: MainWindow) -> None:
    for key in ("model", "concepts", "aim", "schedule", "settings"):
        dressed.workbench.setup.section(key).set_folded(False)
    _settle(dressed, (1280, 1400))
    fields = [
        one
        for one in _seen(dressed.workbench.setup, QLineEdit, QAbstractSpinBox, QComboBox)
        if not isinstance(one.parent(), QAbstractSpinBox)
    ]
    assert len(fields) > 8
    assert {one.accessibleName(): one.height() for one in fields if one.height() != 28} == {}


@pytest.mark.parametrize("size", SIZES)
def test_the_set_up_is_no_wider_than_its_dock(dressed: MainWindow, size: tuple[int, int]) -> None:
    for key in ("model", "concepts", "texts", "aim", "live", "schedule", "settings"):
        dressed.workbench.setup.section(key).set_folded(False)
    _settle(dressed, size)
    area = dressed.workbench.setup.findChild(QScrollArea)
    assert area is not None and area.verticalScrollBar().isVisible()
    assert area.widget().width() <= area.viewport().width()


def test_a_name_as_long_as_it_likes_pushes_nothing_out_of_sight(
    dressed: MainWindow, bench: FakeWorkbench, qtbot: QtBot
) -> None:
    """Many concepts, names without a space, in a run that locks them: every form stays within its column."""
    setup, size = dressed.workbench.setup, SIZES[0]
    names = ["W" * 120, "Leonardo " * 14, *(f"Concept {number}" for number in range(20))]
    concepts = [Concept(name=name, aliases=("A" * 90,), descriptions=("d" * 90,)) for name in names]
    setup.show_config(PLANNED.model_copy(update={"concepts": concepts}, deep=True))
    dressed.actions_.run.trigger()
    qtbot.waitUntil(lambda: dressed.page == "review")
    dressed.review._start.click()
    bench.control.pause()
    qtbot.waitUntil(lambda: dressed.session.phase is Phase.PAUSED, timeout=20_000)
    _settle(dressed, size)
    for key in ("model", "concepts", "texts", "aim", "live", "schedule", "settings"):
        setup.section(key).set_folded(False)
    _settle(dressed, size)
    area = setup.findChild(QScrollArea)
    assert area is not None and area.verticalScrollBar().isVisible()
    room = area.viewport().width()
    beyond = [
        f"{type(one).__name__} {one.accessibleName()}"
        for one in _seen(area.widget(), QWidget)
        if one.mapTo(area.widget(), QPoint(one.width(), 0)).x() > room
    ]
    assert beyond == [] and area.widget().width() <= room
    locked = [one for one in _seen(setup, QLabel) if isinstance(one, QLabel) and one.text().startswith("Locked")]
    assert len(locked) == 5 and {one.text() for one in locked} == {"Locked during the run"}
    shown = {one.text() for one in _seen(setup.model, Elided) if isinstance(one, Elided) and not one.is_shortened}
    assert shown == {LOADED.name, LOADED.encoder}
    # The beginning of a name is seen, and what the chat offers about it leaves the window as wide as it was.
    assert setup.concepts._editors[0].name.cursorPosition() == 0
    ends = [one.mapTo(dressed, QPoint(one.width(), 0)).x() for one in _seen(dressed, QWidget)]
    assert max(ends) <= dressed.width() and _cut(dressed) == []


def test_what_is_longer_than_its_line_breaks_but_is_copied_as_it_is(qtbot: QtBot) -> None:
    made = label("", wrap=True)
    qtbot.addWidget(made)
    made.setText("w" * 200)
    assert made.text() == "w" * 200 and made.minimumSizeHint().width() < 200
    path = "/home/" + "long_name_" * 8
    notice = label("", wrap=True)
    qtbot.addWidget(notice)
    notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    notice.setText(path)
    assert QLabel.text(notice) == path


def test_controls_beside_the_tabs_leave_the_tabs_alone(dressed: MainWindow) -> None:
    tabs = dressed.workbench.tabs
    for size in ((960, 640), *SIZES):
        _settle(dressed, size)
        for panel in (dressed.workbench.runs, dressed.workbench.probes):
            dressed.workbench.show_tab(panel)
            _settle(dressed, size)
            bar = tabs.tabBar()
            end = bar.mapTo(tabs, QPoint(bar.width(), 0)).x()
            beside = tabs.cornerWidget()
            begins = [one.mapTo(tabs, QPoint(0, 0)).x() for one in _seen(beside, QPushButton, QLineEdit, QToolButton)]
            assert begins and min(begins) >= end, f"{panel.objectName()} at {size}"
            # From the smallest size that is promised on, every tab is seen.
            assert size < SIZES[0] or bar.width() >= bar.sizeHint().width(), f"{panel.objectName()} at {size}"


def test_a_longer_step_is_whole_at_once(dressed: MainWindow) -> None:
    """The words grow by a figure; what is painted next, before any layout of its own, has all of them."""
    _settle(dressed, (1280, 800))
    bar = dressed.workbench.run_bar
    for step in ("step 9 of 12", "step 11 of 12", "step 1,000 of 12,000"):
        bar._say("Round 10 of 10", f"Unlearn · {step}", "stage 0:21 · <b>run 1:38 left</b>")
        assert bar._rest.width() >= bar._rest.fontMetrics().horizontalAdvance(bar._rest.text())
        for words in (bar._begin, bar._left):
            assert words.width() >= words.sizeHint().width()


def test_a_long_name_is_shortened_and_the_rest_is_kept(dressed: MainWindow, bench: FakeWorkbench, qtbot: QtBot) -> None:
    bench.keep("long", title="Leonardo " * 22)
    dressed.session.runs_changed.emit() if hasattr(dressed.session, "runs_changed") else None
    strip = dressed.workbench.past
    _settle(dressed, (1280, 800))
    strip.show_run(bench.records["long"], live=True, kept=True)
    _settle(dressed, (1280, 800))
    assert strip.words.width() < strip.words.fontMetrics().horizontalAdvance(strip.words.text())
    assert strip._tail.width() >= strip._tail.sizeHint().width() and "round 3 kept" in strip.said
    assert _cut(dressed) == []


def _bottom(window: MainWindow) -> int:
    return window.workbench._docks["bottom"].height()


def test_a_low_window_keeps_its_height_for_the_curves(dressed: MainWindow, bench: FakeWorkbench, qtbot: QtBot) -> None:
    """Whatever was in front before, the tables take what they need and no more."""
    work, size = dressed.workbench, SIZES[0]
    _settle(dressed, size)
    qtbot.waitUntil(lambda: _bottom(dressed) <= 232, timeout=20_000)
    _settle(dressed, SIZES[1])
    work.show_tab(work.runs)
    _settle(dressed, size)
    qtbot.waitUntil(lambda: _bottom(dressed) <= 232, timeout=20_000)
    _settle(dressed, SIZES[1])
    work.show_view("outcome")
    _settle(dressed, (1280, 700))
    _settle(dressed, size)
    work.show_view("run")
    qtbot.waitUntil(lambda: _bottom(dressed) <= 232, timeout=20_000)
    assert work.tabs.indexOf(work.chat) == 0 and work.chat.minimumSizeHint().height() < 200


def test_a_fault_out_of_sight_is_brought_into_it(dressed: MainWindow, qtbot: QtBot) -> None:
    setup = dressed.workbench.setup
    _settle(dressed, SIZES[0])
    for key in ("model", "concepts", "texts", "aim", "live", "schedule"):
        setup.section(key).set_folded(False)
    area = setup.findChild(QScrollArea)
    assert area is not None
    setup.show_config(PLANNED.model_copy(update={"concepts": [Concept(name="Ada")], "layers": [99]}, deep=True))
    _settle(dressed, SIZES[0])
    field = setup.aim._layers

    def seen() -> bool:
        top = field.mapTo(area.viewport(), QPoint(0, 0)).y()
        return top >= 0 and top + field.height() + 30 <= area.viewport().height()

    assert not seen()
    dressed.actions_.run.trigger()
    qtbot.waitUntil(seen, timeout=20_000)
    assert setup.aim._layers.property("invalid") == "true"


@pytest.mark.parametrize("view", ["question", "outcome", "compare"])
def test_a_fault_of_the_setup_is_shown_from_wherever_the_run_was_wished_for(
    dressed: MainWindow, qtbot: QtBot, view: View
) -> None:
    setup = dressed.workbench.setup
    setup.show_config(PLANNED.model_copy(update={"concepts": [Concept(name="Ada")], "layers": [99]}, deep=True))
    dressed.workbench.show_view(view)
    _settle(dressed, SIZES[0])
    setup.section("concepts").set_folded(False)
    assert not setup.isVisible()
    dressed.actions_.run.trigger()
    assert setup.isVisible() and setup.aim._layers.property("invalid") == "true"
    qtbot.waitUntil(lambda: not setup.aim._layers.visibleRegion().isEmpty(), timeout=20_000)
    # What comes later above it does not push it out.
    setup.concepts.setMinimumHeight(900)
    qtbot.waitUntil(lambda: setup.concepts.height() >= 900)
    _settle(dressed, SIZES[0])
    qtbot.waitUntil(lambda: not setup.aim._layers.visibleRegion().isEmpty(), timeout=20_000)


def test_a_mark_that_comes_later_has_its_padding_too(dressed: MainWindow) -> None:
    later, always = QLabel(dressed), QLabel("✓ Ready", dressed)
    always.setProperty("mark", "ok")
    for one in (later, always):
        one.show()
    set_property(later, "mark", "ok")
    later.setText("✓ Ready")
    assert later.sizeHint() == always.sizeHint()


def test_a_figure_more_is_whole_at_once(dressed: MainWindow) -> None:
    _settle(dressed, (1280, 800))
    strip = dressed.workbench.run_bar.strip
    for words in ("9 %", "88 %", "100 %"):
        strip.show_readings([Reading("CPU", words, 0.5, words)])
        (gauge, *_) = strip._gauges
        assert gauge._words.width() >= gauge._words.minimumSizeHint().width()


def test_what_is_asked_in_nine_ways_fits_its_column(dressed: MainWindow) -> None:
    dressed.actions_.rephrase.trigger()
    _settle(dressed, SIZES[0])
    area = dressed.workbench.question.findChild(QScrollArea)
    assert area is not None and area.widget().width() <= area.viewport().width()


def test_the_tab_in_front_stays_when_the_window_is_narrowed(dressed: MainWindow) -> None:
    bench = dressed.workbench
    _settle(dressed, (1600, 1000))
    bench.show_tab(bench.log)
    _settle(dressed, (1280, 800))
    assert bench.tabs.currentWidget() is bench.log


def test_the_smallest_window_has_room_for_all_of_its_docks(
    dressed: MainWindow, bench: FakeWorkbench, qtbot: QtBot
) -> None:
    dressed.session.start(past_config(), materials())
    qtbot.waitUntil(lambda: dressed.workbench.view == "outcome", timeout=20_000)
    dressed.actions_.show_run.trigger()
    _settle(dressed, (960, 640))
    field = dressed.workbench._field
    least, given = field.minimumSizeHint(), field.size()
    assert least.width() <= given.width() and least.height() <= given.height()


@pytest.mark.parametrize("size", SIZES)
def test_opened_details_take_no_room_from_the_docks(
    dressed: MainWindow, bench: FakeWorkbench, qtbot: QtBot, size: tuple[int, int]
) -> None:
    _settle(dressed, size)
    window, field = dressed, dressed.workbench._field
    window.service_failed("The engine could not start.", "Traceback\n" * 40)
    notice = window.workbench.notice
    _settle(window, size)
    closed = field.height()
    notice._more.click()
    _settle(window, size)
    assert notice._details.isVisible() and notice._details.height() >= 80
    assert field.height() >= closed - 16 and field.height() >= field.minimumSizeHint().height()


def test_an_error_in_the_set_up_is_no_wider_than_its_dock(dressed: MainWindow) -> None:
    setup = dressed.workbench.setup
    _settle(dressed, SIZES[0])
    setup.section("model").set_folded(False)
    setup.model.notice.say("There is no such folder.", "Choose another one.", "Traceback")
    _settle(dressed, SIZES[0])
    assert setup.minimumSizeHint().width() <= setup.width() and setup.model.notice.width() <= setup.width()
    area = setup.findChild(QScrollArea)
    assert area is not None and area.widget().width() <= area.viewport().width()
    # The cross is where the first line ends, as in a wide notice it is at the right edge.
    notice = setup.model.notice
    assert notice._close.geometry().right() >= notice.width() - 12
