"""Exporting: a round of any run as a Hugging Face folder."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog

from atu_gui.core import text
from atu_gui.core.ports import Exported, Weights
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.rooms.round_choice import RoundChoice
from atu_gui.ui.session import Phase


class ExportingRoom(Room):
    """Asks for a round and a folder, and says what became of it."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._round = RoundChoice(
            reach, self._actions.export_round, "Export a round", "Export round",
            "Writes safetensors, tokenizer and a model card with settings, scores and limits to a new folder, then "
            "loads it again and checks that it gives the same answers.", self,
        )  # fmt: skip
        self._round.chosen.connect(self.ask_folder)
        self._bench.past.offer("export", "Export round…", self._actions.export_round)
        self._bench.outcome.export_requested.connect(self._export_kept)

    @Slot()
    def _export_kept(self) -> None:
        outcome = self._bench.outcome.outcome
        if outcome is not None and outcome.kept and self._session.phase is Phase.IDLE:
            self.ask_folder(Weights(outcome.run_id, outcome.kept))

    @Slot(object)
    def ask_folder(self, weights: Weights) -> None:
        """Let the user choose where the new folder shall stand."""
        dialog = QFileDialog(self._bench, "Export into a new folder below")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, "Export here")
        dialog.fileSelected.connect(lambda name: self.export(weights, Path(name)))
        dialog.open()

    def export(self, weights: Weights, parent: Path) -> None:
        """Export into a folder of its own below `parent`, named after the run and the round."""
        record = next((one for one in self._bench.runs.records if one.run_id == weights.run_id), None)
        title = re.sub(r"[^\w]+", "-", record.title if record is not None else "").strip("-").lower()
        name = "-".join(part for part in (title[:40], weights.run_id, f"round-{weights.round}") if part)
        self._bench.notice.hide()
        self._bench.show_view("run")
        self._show_page()
        self._session.work(Phase.EXPORTING, lambda port: port.export_round(weights, parent / name), self._say_done)

    def _say_done(self, done: Exported) -> None:
        asked = text.count(done.answers, "question")
        hint = f"{text.size(done.size)}. Loaded again, it gives the same answers to {asked}."
        self._bench.notice.say(f"Exported to {done.folder}.", hint, kind="info")
