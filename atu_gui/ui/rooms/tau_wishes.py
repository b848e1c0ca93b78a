"""The one way in which a wish for τ travels: to the run under way, or into the schedule; and how it is taken back."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from atu_gui.core import text
from atu_gui.core.config import RunConfig
from atu_gui.core.events import ControlApplied, Event, RunFailed, RunFinished, RunStarted
from atu_gui.ui.actions import Actions
from atu_gui.ui.session import Session
from atu_gui.ui.workbench import Workbench

# Steps of a spin box or key that follow each other this fast are one wish, as letters typed in a row are one word.
_TOGETHER = 0.8


class _Move(QUndoCommand):
    """From one τ to another."""

    def __init__(self, do: Callable[[], None], undo: Callable[[], None], tau: float) -> None:
        super().__init__(f"τ {text.number(tau)}")
        self._do, self._undo = do, undo
        self._when = time.monotonic()

    def redo(self) -> None:
        self._do()

    def undo(self) -> None:
        self._undo()

    @property
    def fresh(self) -> bool:
        """Whether a wish made now belongs to it."""
        return time.monotonic() - self._when <= _TOGETHER

    def go_on(self, do: Callable[[], None], tau: float) -> None:
        """Lead to another τ; what it takes back stays."""
        self._do, self._when = do, time.monotonic()
        self.setText(f"τ {text.number(tau)}")
        do()


class TauWishes(QObject):
    """Carries wishes for τ and remembers them for Undo; a run that begins or ends starts a new page.

    Args:
        session: Knows the run's control.
        bench: Holds the panels.
        actions: The window's actions, of which `undo_tau` and `redo_tau` are ours.
    """

    def __init__(self, session: Session, bench: Workbench, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._bench = bench
        self._actions = actions
        self._replaced: float | None = None
        self._stack = QUndoStack(self)
        self._last: _Move | None = None
        for panel in (bench.setup.aim, bench.plots):
            panel.tau_requested.connect(self.wish)
        actions.undo_tau.triggered.connect(self._stack.undo)
        actions.redo_tau.triggered.connect(self._stack.redo)
        for changed in (self._stack.canUndoChanged, self._stack.canRedoChanged):
            changed.connect(self._show)
        self._show()

    def handle(self, event: Event) -> None:
        """Note which τ a first wish took the place of."""
        match event:
            case RunStarted() | RunFinished() | RunFailed():
                self._replaced = self._last = None
                self._stack.clear()
            case ControlApplied(field="tau") if self._replaced is None:
                self._replaced = event.old

    def wish(self, tau: float) -> None:
        """The user wants this τ."""
        control, schedule = self._session.control, self._bench.setup.schedule
        if control is not None:
            before = control.read().tau
            self._move(lambda: self._ask(tau), lambda: self._take_back(before), tau)
            return
        plans, aim = schedule.values(), self._bench.setup.aim
        shown = aim.planned_tau

        def undo() -> None:
            schedule.restore(RunConfig.model_validate(plans))
            aim.show_planned(shown)

        def do() -> None:
            schedule.set_tau(tau)
            aim.show_planned(tau)

        self._move(do, undo, tau)

    def _move(self, do: Callable[[], None], undo: Callable[[], None], tau: float) -> None:
        """Do it as a step of its own, or as more of the last one: commands that Qt merges PySide never frees."""
        newest = self._stack.index() == self._stack.count()
        if self._last is not None and newest and self._last.fresh:
            self._last.go_on(do, tau)
        else:
            self._last = _Move(do, undo, tau)
            self._stack.push(self._last)

    def _ask(self, tau: float) -> None:
        control = self._session.control
        if control is not None:
            control.set_tau(tau)
            self._show_wish(tau)

    def _take_back(self, before: float | None) -> None:
        """Back to the earlier wish; where there was none, to the τ in force before, or to the plan that still holds."""
        control = self._session.control
        if control is not None:
            target = self._replaced if before is None else before
            control.set_tau(target)
            self._show_wish(target)

    def _show_wish(self, tau: float | None) -> None:
        self._bench.setup.aim.show_wish(tau)
        self._bench.plots.show_wish(tau)

    def _show(self) -> None:
        self._actions.undo_tau.setEnabled(self._stack.canUndo())
        self._actions.redo_tau.setEnabled(self._stack.canRedo())
