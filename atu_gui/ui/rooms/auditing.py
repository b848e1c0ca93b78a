"""Auditing: attacks on a round of any run, and what they brought back of what it forgot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot

from atu_gui.core import text
from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.errors import AtuError
from atu_gui.core.events import AuditFound, Event, Progress
from atu_gui.core.outcome import Outcome
from atu_gui.core.ports import Weights
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.rooms.round_choice import RoundChoice
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.audit_dialog import AuditDialog


class AuditingRoom(Room):
    """Asks for a round and for attacks, and shows what they found, now and whenever the run is shown again."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        bench = self._bench
        self._round = RoundChoice(
            reach, self._actions.audit_round, "Audit a round", "Audit round",
            "Tries to bring back what the round forgot: with fewer bits, by training and prompts, and in its layers.",
            self,
        )  # fmt: skip
        self._attacks = AuditDialog(bench.runs.theme, bench)
        self._round.chosen.connect(self._ask_attacks)
        self._attacks.chosen.connect(self.audit)
        bench.audits.corner.offer("shield-check", "Audit round…", self._actions.audit_round)
        bench.audits.stop_requested.connect(self._session.stop)
        bench.outcome.audit_requested.connect(self._ask_judged)
        self._session.phase_changed.connect(self._follow)
        self._display.changed.connect(self._read)
        self._display.audits_changed.connect(self._show)
        self._auditing = False
        self._follow()

    def handle(self, event: Event) -> None:
        """Say how far the audit is."""
        if isinstance(event, Progress) and self._session.phase is Phase.AUDITING:
            self._bench.audits.show_busy(f"{event.what} {text.progress(event)}".strip())

    @Slot()
    def _follow(self) -> None:
        phase = self._session.phase
        if self._auditing and phase is not Phase.AUDITING:
            # Done, cancelled or failed: what an audit found before it was complete is not kept.
            self._bench.audits.show_busy("")
            self._read()
        self._auditing = phase is Phase.AUDITING

    @Slot()
    def _ask_judged(self) -> None:
        outcome = self._bench.outcome.outcome
        if outcome is not None and outcome.round and self._session.phase is Phase.IDLE:
            self._ask_attacks(Weights(outcome.run_id, outcome.round))

    @Slot(object)
    def _ask_attacks(self, weights: Weights) -> None:
        title = f"Run {weights.run_id}, round {weights.round}"

        def ask(found: Sequence[AuditFound]) -> None:
            self._attacks.ask(weights, title, found)

        self._session.request(lambda port: port.audits_of(weights.run_id), ask, self._say)

    @Slot(object, tuple, object, bool)
    def audit(self, weights: Weights, which: tuple[AuditKind, ...], settings: AuditSettings, again: bool) -> None:
        """Attack a round; its run is shown meanwhile, and findings come one by one."""
        if self._session.phase is not Phase.IDLE:
            return
        self._bench.notice.hide()
        self._bench.show_view("run")
        self._show_page()
        if self._display.shown_run != weights.run_id:
            self._bench.runs.select(weights.run_id)
            self._actions.open_run.trigger()
        self._bench.show_tab(self._bench.audits)
        self._bench.audits.show_busy("Getting the model and the round's texts")

        self._session.work(
            Phase.AUDITING,
            lambda port: port.audit(weights, which, settings, again=again),
            lambda _found: self._tell(weights),
        )

    @Slot()
    def _read(self) -> None:
        """Show what is kept of the run that is shown; of a recording there is nothing."""
        run_id = self._display.shown_run
        if run_id:
            self._session.request(
                lambda port: port.audits_of(run_id),
                lambda found: self._display.show_audits(run_id, found),
                lambda _error: None,
            )

    @Slot()
    def _show(self) -> None:
        self._bench.audits.show_found(self._display.audits)

    def _tell(self, weights: Weights) -> None:
        """Say that it is done, and the verdict where the round is the one that is judged; all findings came before."""
        outcome = Outcome.of(self._display.shown_events, self._display.audits)
        judged = outcome is not None and (outcome.run_id, outcome.round) == (weights.run_id, weights.round)
        words = "; ".join(f"{name}: {verdict.kind}" for name, verdict in outcome.verdicts) if outcome else ""
        hint = f"Verdict with what it found – {words}." if judged and words else "Its findings are kept with the run."
        offers = (self._actions.outcome,) if judged else ()
        self._bench.notice.say(f"The audit of round {weights.round} is done.", hint, kind="info", offers=offers)

    def _say(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)
