"""Evaluating: the benchmark on a round of any run, or on the model of the set-up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from atu_gui.core import text
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.evaluation import Evaluation, EvaluationRequest
from atu_gui.core.events import Event, Progress
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.evaluate_dialog import EvaluateDialog, EvaluationWish


class EvaluatingRoom(Room):
    """Asks what to evaluate, and shows the report; those of a run are there whenever the run is."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        # What is kept with the run that is shown, and what belongs to no run and lasts as long as the window.
        self._kept: tuple[Evaluation, ...] = ()
        self._loose: tuple[Evaluation, ...] = ()
        panel = self._bench.evaluations
        self._dialog = EvaluateDialog(self._bench.runs.theme, self._bench)
        self._dialog.chosen.connect(self.evaluate)
        self._actions.evaluate.triggered.connect(self._ask)
        panel.corner.offer("clipboard-text", "Evaluate…", self._actions.evaluate)
        panel.stop_requested.connect(self._session.stop)
        self._session.phase_changed.connect(self._follow)
        self._display.changed.connect(self._read)
        self._follow()

    def handle(self, event: Event) -> None:
        """Say how far the evaluation is."""
        if isinstance(event, Progress) and self._session.phase is Phase.EVALUATING:
            left = f" · {text.duration(event.seconds_left)} left" if event.seconds_left is not None else ""
            self._bench.evaluations.show_busy(f"{event.what} {text.progress(event)}{left}".strip())

    @Slot()
    def _follow(self) -> None:
        phase = self._session.phase
        self._actions.evaluate.setEnabled(phase is Phase.IDLE)
        if phase is not Phase.EVALUATING:
            self._bench.evaluations.show_busy("")

    @Slot()
    def _ask(self) -> None:
        """The folders that a run took its questions from are targets, as a rule."""
        record = self._bench.runs.selected_run
        if record is None or not any(one.round for one in record.rounds):
            self._dialog.ask(None, [])
            return

        def ask(config: RunConfig) -> None:
            self._dialog.ask(record, [path for path in config.texts.probes if path.is_dir()])

        self._session.request(
            lambda port: port.config_of(record.run_id), ask, lambda _error: self._dialog.ask(None, [])
        )

    @Slot(object)
    def evaluate(self, wish: EvaluationWish) -> None:
        """Put the benchmark to the weights that were chosen."""
        model = None
        if not wish.weights.run_id:
            try:
                model = self._bench.setup.config_without_concepts().model
            except InputError as error:
                self._bench.notice.say(error.message, error.hint)
                return
        if self._session.phase is not Phase.IDLE:
            return
        request = EvaluationRequest(
            tuple(str(Path(folder).absolute()) for folder in wish.folders),
            model,
            wish.weights.run_id,
            None if model is not None else wish.weights.round,
            wish.reading,
            wish.parts,
            wish.limit,
        )
        self._bench.notice.hide()
        self._bench.show_view("run")
        self._show_page()
        if wish.weights.run_id and self._display.shown_run != wish.weights.run_id:
            self._bench.runs.select(wish.weights.run_id)
            self._actions.open_run.trigger()
        self._bench.show_tab(self._bench.evaluations)
        self._bench.evaluations.show_busy("Getting the model and the targets")
        self._session.work(
            Phase.EVALUATING, lambda port: port.evaluate(request), lambda found: self._take(found, wish.weights.run_id)
        )

    def _take(self, found: Evaluation, run_id: str) -> None:
        """Show it at once; what is kept with the run is read with it when the run is shown again."""
        if run_id and run_id == self._display.shown_run:
            same = (found.weights, found.reading, found.targets, found.limit, _parts(found))
            rest = [
                one for one in self._kept if (one.weights, one.reading, one.targets, one.limit, _parts(one)) != same
            ]
            self._kept = (*rest, found)
        elif not run_id:
            self._loose = (*self._loose, found)
        self._bench.evaluations.show_found((*self._loose, *self._kept), found)

    @Slot()
    def _read(self) -> None:
        run_id = self._display.shown_run
        self._show_kept(run_id, ())
        if run_id:
            self._session.request(
                lambda port: port.evaluations_of(run_id),
                lambda found: self._show_kept(run_id, found),
                lambda _error: None,
            )

    def _show_kept(self, run_id: str, found: Sequence[Evaluation]) -> None:
        if run_id == self._display.shown_run:
            self._kept = tuple(found)
            self._bench.evaluations.show_found((*self._loose, *self._kept))


def _parts(found: Evaluation) -> tuple[str, ...]:
    return tuple(time.part for time in found.times)
