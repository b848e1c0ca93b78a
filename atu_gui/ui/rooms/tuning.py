"""Tuning: the one way in which a wish travels from wherever it was made to the run, and back to every place."""

from __future__ import annotations

from PySide6.QtCore import QObject

from atu_gui.core.control import RunControl
from atu_gui.core.events import Event, RunStarted, StepDone
from atu_gui.ui.actions import Actions
from atu_gui.ui.rooms.held import HeldRuns
from atu_gui.ui.rooms.tau_wishes import TauWishes
from atu_gui.ui.session import IN_RUN, Session
from atu_gui.ui.workbench import Workbench


class TuningRoom(QObject):
    """Carries wishes to the run under way; without one, τ goes to the schedule.

    Args:
        session: Knows the run's control.
        bench: Holds the panels.
        actions: The window's actions.
    """

    def __init__(self, session: Session, bench: Workbench, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._bench = bench
        self._taus = TauWishes(session, bench, actions, self)
        self._held = HeldRuns(session, bench, actions, self._taus.wish, self)
        live = bench.setup.live
        live.wished.connect(self._wish)
        live.pause_requested.connect(self._pause_after)
        actions.pause_after.triggered.connect(lambda: self._pause_after(live.more_steps))
        actions.discard.triggered.connect(session.discard)
        session.phase_changed.connect(self._show_phase)
        self._show_phase()

    def handle(self, event: Event) -> None:
        """A run begins with its own settings."""
        self._taus.handle(event)
        if isinstance(event, RunStarted) and self._session.config is not None:
            self._bench.setup.live.show_run(self._session.config)
            self._bench.plots.set_guards(self._session.config.guards)
        self._held.handle(event)
        if not isinstance(event, StepDone):
            self._bench.setup.show_live_summary()

    def _show_phase(self) -> None:
        self._bench.setup.section("live").setVisible(self._session.phase in IN_RUN)

    def _wish(self, name: str, value: object) -> None:
        control = self._session.control
        if control is None:
            return
        if name in ("stage_steps", "align_steps", "unlearn_steps"):
            assert isinstance(value, int)
            self._wish_steps(control, name, value)
        elif name in ("retain_weight", "unlearn_learning_rate", "align_learning_rate"):
            getattr(control, f"set_{name}")(value)
        else:
            control.set_guards(self._bench.setup.live.guards())
        self._bench.setup.show_live_summary()

    def _wish_steps(self, control: RunControl, name: str, steps: int) -> None:
        stage = self._bench.setup.live.stage()
        if name == "align_steps":
            control.set_align_steps(steps)
        elif name == "unlearn_steps":
            control.set_unlearn_steps(steps)
        elif stage is not None:
            control.set_stage_steps(stage.stage, stage.round, steps)

    def _pause_after(self, steps: int) -> None:
        if self._session.control is not None:
            self._session.control.pause_after(steps)
