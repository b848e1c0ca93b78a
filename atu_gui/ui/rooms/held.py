"""A run that something other than the user holds: what was seen, and what helps, as buttons that do it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from atu_gui.core import text
from atu_gui.core.events import (
    Event,
    GuardTripped,
    RoundScored,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StepDone,
    TauChosen,
)
from atu_gui.ui.actions import Actions
from atu_gui.ui.session import Phase, Session
from atu_gui.ui.workbench import Workbench

# How far a button moves a knob; every other step can be wished for under “While it runs”.
_TAU_STEP = 0.05
_FACTOR = 2.0
_TOO_HARSH = ("neighbour floor", "utility limit", "fluency floor", "collapse")
_RESUMES = "Resume goes on as it is, or after changes under “While it runs”."


class HeldRuns(QObject):
    """Says why a run waits and offers to go on, to go on more gently, or to stop.

    Args:
        session: Knows the run and its config.
        bench: Holds the notice and the live settings.
        actions: The window's actions, which the buttons trigger.
        wish_tau: Carries a wish for τ.
    """

    def __init__(
        self, session: Session, bench: Workbench, actions: Actions, wish_tau: Callable[[float], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._bench, self._actions = session, bench, actions
        self._wish_tau = wish_tau
        self._said = False
        self._tripped: GuardTripped | None = None
        self._good: set[int] = set()
        self._scored = 0
        self._tau: float | None = None
        self._weight = self._rate = 0.0
        self._offers: list[QAction] = []

    def handle(self, event: Event) -> None:
        """Follow what holds in the run; speak when it is held, be silent when it goes on."""
        match event:
            case RunStarted():
                self._begin()
            case TauChosen():
                self._tau = event.tau
            case StepDone(stage="unlearn", learning_rate=rate, tau=tau, retain_weight=weight):
                self._rate, self._tau = rate, tau
                self._weight = self._weight if weight is None else weight
            case RoundScored(round=number) if number:
                self._scored = number
                self._good.add(number)
            case GuardTripped():
                self._tripped = event
                if event.rejected:
                    self._good.discard(event.round)
            case RunPaused() if event.because:
                self._say(event)
            case RunResumed() | RunFinished() | RunFailed():
                self._tripped = None
                if self._said:
                    self._said = False
                    self._bench.notice.hide()

    def _begin(self) -> None:
        config = self._session.config
        self._tripped, self._scored, self._tau = None, 0, None
        self._good.clear()
        if config is not None:
            self._weight, self._rate = config.unlearn.retain_weight, config.unlearn.learning_rate

    def _say(self, event: RunPaused) -> None:
        for old in self._offers:
            old.deleteLater()
        self._offers = [self._offer("Go on", "Resume the run as it is.", lambda: None), *self._gentler()]
        stop, words = self._stop_words()
        self._offers.append(self._offer(stop, words, self._actions.stop.trigger, resumes=False))
        self._said = True
        hint = f"{event.because} {_RESUMES} {words}"
        self._bench.notice.say(f"Paused by {event.by}", hint, kind="warn", offers=self._offers)

    def _gentler(self) -> list[QAction]:
        """Wishes that answer what the guard saw; each also lets the run go on."""
        guard = self._tripped.guard if self._tripped is not None else ""
        made = []
        if guard in (*_TOO_HARSH, "active share") and self._tau is not None:
            up = guard != "active share"
            tau = round(self._tau + (_TAU_STEP if up else -_TAU_STEP), 4)
            what = "fewer positions are pushed, so less else suffers" if up else "more positions are pushed"
            if -1.0 < tau < 1.0:
                verb = "Raise" if up else "Lower"
                made.append(
                    self._offer(
                        f"{verb} τ to {text.number(tau)} and go on",
                        f"With τ {text.number(tau)} instead of {text.number(self._tau)} {what}.",
                        lambda: self._wish_tau(tau),
                    )
                )
        if guard in _TOO_HARSH and self._weight > 0:
            weight = self._weight * _FACTOR
            made.append(
                self._offer(
                    f"Raise λ to {text.knob_value('retain_weight', weight)} and go on",
                    "Twice the weight on holding texts that must stay; forgetting becomes slower.",
                    lambda: self._bench.setup.live.wish("retain_weight", weight),
                )
            )
        if guard == "not finite":
            rate = self._rate / _FACTOR
            made.append(
                self._offer(
                    "Halve the rate and go on",
                    f"Unlearn rate {text.knob_value('unlearn_learning_rate', rate)}: smaller steps stay finite longer.",
                    lambda: self._bench.setup.live.wish("unlearn_learning_rate", rate),
                )
            )
        return made

    def _stop_words(self) -> tuple[str, str]:
        """What Stop leads to: a button's words, and a sentence."""
        last = max(self._good, default=0)
        if not last:
            return "Stop, back to untouched", "No round is good yet: Stop goes back to the untouched weights."
        if last == self._scored:
            return f"Stop and keep round {last}", f"Stop ends the run and keeps round {last}."
        return f"Stop, back to round {last}", f"Stop ends the run and returns to round {last}, the last good one."

    def _offer(self, words: str, tip: str, do: Callable[[], None], *, resumes: bool = True) -> QAction:
        def act() -> None:
            # Somebody else may have let the run go on meanwhile.
            if self._session.phase is Phase.PAUSED:
                do()
                if resumes:
                    self._actions.pause.trigger()

        made = QAction(words, self)
        made.setToolTip(tip)
        made.triggered.connect(act)
        return made
