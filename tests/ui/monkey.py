"""A user who clicks, drags and types at random: what tests/ui/test_monkey.py lets loose on the window.

Mouse and keys go through the window system's queue, as real ones do, so whatever lies on top gets them. A seed fixes
the choices; the fake workbench's threads keep their own time, so a seed brings much the same walk, not the very same.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QAction, QDrag, QKeyEvent, QWheelEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from atu_gui.core.errors import ModelError, ResourceError
from atu_gui.core.events import Note
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from tests.ui.fake_keeping import past_config
from tests.ui.fake_workbench import FakeWorkbench

_KEY, _BUTTON, _NONE = Qt.Key, Qt.MouseButton, Qt.KeyboardModifier.NoModifier
_KEYS = (
    _KEY.Key_Tab, _KEY.Key_Backtab, _KEY.Key_Up, _KEY.Key_Down, _KEY.Key_Left, _KEY.Key_Right, _KEY.Key_Return,
    _KEY.Key_Space, _KEY.Key_Escape, _KEY.Key_PageUp, _KEY.Key_PageDown, _KEY.Key_Home, _KEY.Key_End, _KEY.Key_Delete,
    _KEY.Key_Backspace, _KEY.Key_F2, _KEY.Key_F4, _KEY.Key_Plus, _KEY.Key_Minus,
)  # fmt: skip
_MODIFIERS = (_NONE, _NONE, _NONE, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier)
_TEXTS = ("0.3", "-1", "95 %", "1e9", "Ada Lovelace", "τ < ½ 🦊", "x" * 300, "", "<b>&amp;", "a\tb", "12, 18", "−0,25")
_SIZES = ((960, 640), (1280, 800), (1439, 900), (1440, 900), (1600, 1000), (1920, 1080), (2560, 700))
_TARGETS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QMenuBar,
    QPlainTextEdit, QTabBar, QTextEdit,
)  # fmt: skip
# A drag of selected text is a loop of Qt's own, which only a real pointer ends.
_NOT_DRAGGED = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox)
_IN_MENU = (_KEY.Key_Down, _KEY.Key_Up, _KEY.Key_Return, _KEY.Key_Escape)
_LOOK_MS = 100
# Looks while one thing is being done, after which it is held, or stuck.
_HELD, _STUCK = 2, 50
_KEPT = 30


class Monkey:
    """Does one random thing after another.

    Args:
        window: What it is let loose on; `move_to` gives it another.
        port: The workbench; gets failures now and then.
        folder: Where it may write. What it does is also in `history.txt` there, for after a crash.
        seed: Of its choices.

    Attributes:
        history: The last things done, each said before it is done.
        done: How often it did what.
        stuck: Where it could not come back from by itself; empty if nowhere.
    """

    def __init__(self, window: MainWindow, port: FakeWorkbench, folder: Path, seed: int) -> None:
        self._window, self._port, self._folder = window, port, folder
        self._random = random.Random(seed)
        self._files = 0
        self._looks: int | None = None
        self._book = (folder / "history.txt").open("a", encoding="utf-8")
        self.history: deque[str] = deque(maxlen=_KEPT)
        self.done: Counter[str] = Counter()
        self.stuck = ""
        self._watch = QTimer()
        self._watch.timeout.connect(self._help_out)
        self._watch.start(_LOOK_MS)
        self._ways: dict[Callable[[], None], int] = {
            self._click_target: 30,
            self._click_anywhere: 8,
            self._double_click: 4,
            self._right_click: 3,
            self._hover: 4,
            self._drag: 10,
            self._wheel: 6,
            self._press_key: 14,
            self._press_shortcut: 6,
            self._type: 8,
            self._trigger: 8,
            self._go_on_towards_a_run: 6,
            self._use_palette: 2,
            self._resize: 2,
            self._change_colours: 1,
            self._upset: 2,
            self._hear: 2,
            self._wait: 4,
        }

    def act(self) -> None:
        """The next thing."""
        way = self._random.choices(list(self._ways), list(self._ways.values()))[0]
        if not self._window._is_furnished:
            way = self._random.choice((self._click_target, self._press_key, self._press_shortcut, self._type))
        elif isinstance(QApplication.activeModalWidget(), QFileDialog):
            way = self._answer_file_dialog
        elif isinstance(QApplication.activePopupWidget(), QMenu) and self._random.random() < 0.3:
            way = self._leave_menu
        name = way.__name__.strip("_").replace("_", " ")
        self.history.append(name)
        self.done[name] += 1
        self._looks = 0
        way()
        self._looks = None
        QApplication.processEvents()

    def move_to(self, window: MainWindow) -> None:
        """Go on in a window that was started anew."""
        self._window = window
        self.history.append("started the window anew")

    def rest(self) -> None:
        """Take the hands off."""
        self._watch.stop()
        self._watch.deleteLater()
        self._book.close()

    def _say(self, words: str) -> None:
        """What is about to be done: where it does not come back, this is the last line."""
        self.history[-1] += f": {words}"
        self._book.write(f"{self.history[-1]}\n")
        self._book.flush()

    def _help_out(self) -> None:
        """Out of a loop of Qt's own: a menu that a press opens holds the hand until something in it is chosen."""
        QDrag.cancel()
        if self._looks is None:
            return
        self._looks += 1
        if self._looks < _HELD:
            return
        over = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if isinstance(over, QMenu):
            key = self._random.choice(_IN_MENU)
            self.history[-1] += f", {key.name} in its menu"
            QTest.keyClick(over, key)
        elif self._looks > _STUCK:
            where = "".join(traceback.format_stack(limit=8))
            self.stuck = f"stuck under {_name(over) if over is not None else 'nothing'}:\n{where}"
            if over is not None:
                over.close()

    # Where

    def _top(self) -> QWidget:
        """The window that would get the input."""
        over = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if over is not None:
            return over
        others = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not self._window]
        return self._random.choice(others) if others and self._random.random() < 0.5 else self._window

    def _handle(self, top: QWidget) -> QWindow:
        """Its native window; a dock that floated and came back has one that is gone, and the main one has the input.

        `top` has to be held by whoever uses the handle: its wrapper takes that of the native window with it.
        """
        handle = top.windowHandle()
        return handle if handle is not None and shiboken6.isValid(handle) else self._window.windowHandle()

    def _targets(self, top: QWidget) -> list[QWidget]:
        return [
            one
            for one in (top, *top.findChildren(QWidget))
            if one.isVisible()
            and one.window() is top
            and one.isEnabled()
            and (isinstance(one, _TARGETS) or one.focusPolicy() & Qt.FocusPolicy.ClickFocus)
            and not one.visibleRegion().isEmpty()
        ]

    def _within(self, box: QRect) -> QPoint:
        return QPoint(
            self._random.randint(box.left(), max(box.left(), box.right())),
            self._random.randint(box.top(), max(box.top(), box.bottom())),
        )

    def _some_place(self) -> tuple[QWidget, QPoint]:
        """A point that can be seen on something that takes clicks: top level and point."""
        top = self._top()
        widget = self._random.choice(self._targets(top) or [top])
        point = widget.mapTo(top, self._within(widget.visibleRegion().boundingRect()))
        self._say(f"{_name(widget)} at {point.x()}, {point.y()} of {_name(top)}")
        return top, point

    # What

    def _click_target(self) -> None:
        top, point = self._some_place()
        QTest.mouseClick(self._handle(top), _BUTTON.LeftButton, self._random.choice(_MODIFIERS), point)

    def _click_anywhere(self) -> None:
        top = self._top()
        point = self._within(top.rect())
        self._say(f"{_name(top)} at {point.x()}, {point.y()}")
        QTest.mouseClick(self._handle(top), _BUTTON.LeftButton, _NONE, point)

    def _double_click(self) -> None:
        top, point = self._some_place()
        QTest.mouseDClick(self._handle(top), _BUTTON.LeftButton, _NONE, point)

    def _right_click(self) -> None:
        top, point = self._some_place()
        QTest.mouseClick(self._handle(top), _BUTTON.RightButton, _NONE, point)

    def _hover(self) -> None:
        top, point = self._some_place()
        QTest.mouseMove(self._handle(top), point)

    def _drag(self) -> None:
        top = self._top()
        widget = self._random.choice([one for one in self._targets(top) if not isinstance(one, _NOT_DRAGGED)] or [top])
        at = widget.mapTo(top, self._within(widget.visibleRegion().boundingRect()))
        self._say(f"{_name(widget)} from {at.x()}, {at.y()} of {_name(top)}")
        if isinstance(top.childAt(at), _NOT_DRAGGED):
            return
        window = self._handle(top)
        hand = self._random.choice((_BUTTON.LeftButton, _BUTTON.LeftButton, _BUTTON.RightButton, _BUTTON.MiddleButton))
        QTest.mousePress(window, hand, _NONE, at)
        for _ in range(self._random.randint(1, 5)):
            if not shiboken6.isValid(top) or not shiboken6.isValid(window):
                return
            far = self._random.random() < 0.3
            near = QRect(at - QPoint(60, 60), at + QPoint(60, 60)).intersected(top.rect())
            at = self._within(top.rect() if far else near)
            QTest.mouseMove(window, at)
        if shiboken6.isValid(window):
            QTest.mouseRelease(window, hand, _NONE, at)

    def _wheel(self) -> None:
        top, point = self._some_place()
        widget = top.childAt(point) or top
        inside = QPointF(widget.mapFrom(top, point))
        turn = QPoint(0, self._random.choice((-120, 120, -360, 360)))
        event = QWheelEvent(
            inside, QPointF(top.mapToGlobal(point)), QPoint(), turn, _BUTTON.NoButton, self._random.choice(_MODIFIERS),
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

    def _press_key(self) -> None:
        key, modifier, top = self._random.choice(_KEYS), self._random.choice(_MODIFIERS), self._top()
        self._say(f"{modifier.name} {key.name} on {_name(QApplication.focusWidget() or top)}")
        QTest.keyClick(self._handle(top), key, modifier)

    def _press_shortcut(self) -> None:
        ends = self._window.actions_.quit
        action = self._random.choice(
            [one for one in self._window.actions() if one is not ends and not one.shortcut().isEmpty()]
        )
        self._say(f"{action.shortcut().toString()} ({action.text()})")
        top = self._top()
        QTest.keySequence(self._handle(top), action.shortcut())

    def _type(self) -> None:
        top = self._top()
        fields = [one for one in self._targets(top) if isinstance(one, QLineEdit | QPlainTextEdit | QAbstractSpinBox)]
        words = self._random.choice(_TEXTS)[: self._random.choice((3, 20, 300))]
        if not fields:
            self._say("nowhere")
            return
        field = self._random.choice(fields)
        self._say(f"{words[:20]!r} into {_name(field)}")
        field.setFocus()
        for letter in words:
            # As an input method gives it: QTest knows the keys of ASCII alone.
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(field, QKeyEvent(kind, 0, _NONE, letter))
        if self._random.random() < 0.5:
            QTest.keyClick(field, _KEY.Key_Return)

    def _trigger(self) -> None:
        action = self._random.choice(self._some_actions())
        if QApplication.activeModalWidget() is not None:
            self._say("nothing under a dialog")
            return
        self._say(action.text())
        action.trigger()

    def _some_actions(self) -> list[QAction]:
        often = self._window.actions_
        favoured = [often.run, often.pause, often.stop, often.open_run, often.compare, often.outcome, often.rephrase]
        rare = [often.quit] if self._random.random() < 0.5 else []
        return favoured * 2 + rare + [one for one in self._window._all_actions() if one is not often.quit]

    def _use_palette(self) -> None:
        if QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None:
            self._say("not under something else")
            return
        letters = self._random.choice([one.text() for one in self._some_actions()])[: self._random.randint(1, 8)]
        self._say(repr(letters))
        self._window.actions_.palette.trigger()
        palette = self._window._palette
        palette._field.setText(letters)
        QTest.keyClick(palette._field, self._random.choice((_KEY.Key_Return, _KEY.Key_Down, _KEY.Key_Escape)))

    def _go_on_towards_a_run(self) -> None:
        """Chance alone seldom leaves a set-up that fits together: mend it and press Run, or begin what is reviewed."""
        window, phase = self._window, self._window.session.phase
        self._say(phase.value)
        if phase is Phase.IDLE:
            window.workbench.setup.show_config(past_config())
            window.actions_.run.trigger()
        elif phase is Phase.REVIEWING:
            window.show_page("review")
            window.review._start.click()
        elif phase is Phase.PAUSED:
            window.actions_.pause.trigger()

    def _resize(self) -> None:
        size = self._random.choice(_SIZES)
        self._say(f"to {size}")
        self._window.resize(*size)

    def _change_colours(self) -> None:
        often = self._window.actions_
        action = self._random.choice((often.theme_dark, often.theme_light, often.theme_system))
        self._say(action.text())
        action.trigger()

    def _leave_menu(self) -> None:
        top = self._top()
        self._say(_name(top))
        QTest.keyClick(top, _KEY.Key_Escape)

    def _upset(self) -> None:
        """What goes wrong in a workbench."""
        port, kind = self._port, self._random.choice(("load", "run", "ask", "guard", "export", "nothing"))
        self._say(kind)
        error = ResourceError("The device is out of memory.", "Choose a smaller batch.")
        port.load_error = ModelError("There is no such model.", "Check the name.") if kind == "load" else None
        port.run_error = error if kind == "run" else None
        port.ask_error = error if kind == "ask" else None
        port.preview_error = error if kind == "ask" else None
        port.export_error = error if kind == "export" else None
        if kind == "guard" and self._window.session.phase is Phase.RUNNING:
            port.guard_pauses("the neighbour floor", "Neighbour recall fell to 0.10; the floor is 0.20.")

    def _hear(self) -> None:
        """Something is said in between."""
        kind = self._random.choice(("info", "warning"))
        self._say(kind)
        self._port._say(Note(kind, "Something was noticed.\nIn two lines."))

    def _wait(self) -> None:
        length = self._random.randint(1, 60)
        self._say(f"{length} ms")
        QTest.qWait(length)

    def _answer_file_dialog(self) -> None:
        """File dialogs are left or given a name: deep in them lies the whole disk."""
        dialog = QApplication.activeModalWidget()
        if self._random.random() < 0.5:
            self._say("left")
            dialog.reject()
            return
        self._files += 1
        path = self._folder / f"file-{self._files}"
        self._say(f"{path.name} in “{dialog.windowTitle()}”")
        if dialog.fileMode() is QFileDialog.FileMode.Directory:
            path.mkdir()
        elif dialog.acceptMode() is QFileDialog.AcceptMode.AcceptOpen:
            path.write_text("Ada wrote the first program.", encoding="utf-8")
        dialog.fileSelected.emit(str(path))
        dialog.filesSelected.emit([str(path)])
        dialog.reject()


def _name(widget: QWidget) -> str:
    words = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
    return f"{type(widget).__name__} “{words[:40]}”"
