"""Asks what the benchmark shall be put to: which weights, targets, reading and parts. Not blocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QGridLayout, QWidget

from atu_gui.core import text
from atu_gui.core.evaluation import PARTS, READINGS, Reading
from atu_gui.core.ports import RunRecord, Weights
from atu_gui.ui.forms import CalmSpin
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row
from atu_gui.ui.widgets.path_list import PathList

_SENTENCES: dict[Reading, str] = {
    "rwku": "As published, so that the figures can stand beside those of papers.",
    "corrected": "What contradicts itself there is mended; every difference is listed.",
}
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class EvaluationWish:
    """What was chosen; `weights` without a run are the untouched model of the set-up."""

    weights: Weights
    folders: tuple[Path, ...]
    reading: Reading
    parts: tuple[str, ...]
    limit: int | None


class EvaluateDialog(QDialog):
    """Signal: `chosen` (EvaluationWish)."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Evaluate")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.weights = _combo("Weights to evaluate")
        self.reading = _combo("Reading")
        for name in READINGS:
            self.reading.addItem("As published (rwku)" if name == "rwku" else text.capital(name), name)
        self._sentence = label("", "small", wrap=True)
        self.folders = PathList(
            theme, "RWKU targets", "Add at least one target folder.", "forget",
            "Folders like 1_Stephen_King with forget_level1.json and others", files=False,
        )  # fmt: skip
        self.parts = {part: QCheckBox(text.capital(words)) for part, words in PARTS.items()}
        self.limit = CalmSpin()
        self.limit.setRange(0, _MOST)
        self.limit.setSpecialValueText("all")
        self.limit.setAccessibleName("Items of each part and target at most")
        self.limit.setFixedWidth(104)
        self.take = button(theme, "Evaluate", "primary", size="large")
        self.take.setDefault(True)
        self.take.clicked.connect(self._done)
        cancel = button(theme, "Cancel", size="large")
        cancel.clicked.connect(self.reject)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        for at, (part, box) in enumerate(self.parts.items()):
            box.setChecked(True)
            box.setToolTip(part)
            box.toggled.connect(self._follow)
            grid.addWidget(box, at // 2, at % 2)
        self.reading.currentIndexChanged.connect(self._follow)
        self.folders.changed.connect(self._follow)
        words = "Puts the RWKU benchmark to a set of weights. Answers are kept, so that the same is never asked twice."
        layout = column(label("Evaluate", "title"), label(words, "muted", wrap=True), 4, spacing=8)
        layout.addLayout(row(label("Weights", "muted"), None, self.weights))
        layout.addWidget(self.folders)
        layout.addLayout(row(label("Reading", "muted"), None, self.reading))
        layout.addWidget(self._sentence)
        layout.addWidget(label("Parts", "muted"))
        layout.addLayout(grid)
        layout.addLayout(row(label(self.limit.accessibleName(), "muted"), None, self.limit))
        layout.addSpacing(8)
        layout.addLayout(row(None, cancel, self.take))
        layout.setContentsMargins(16, 16, 16, 16)
        self.setLayout(layout)
        self.setMinimumWidth(560)

    def ask(self, record: RunRecord | None, folders: Sequence[Path]) -> None:
        """Offer the rounds of a run, its kept one first, and the model of the set-up; `folders` where none stand."""
        self.weights.clear()
        if record is not None:
            rounds = sorted({one.round for one in record.rounds}, key=lambda one: (one != record.best_round, one))
            for number in rounds:
                kept = " (kept)" if number and number == record.best_round else ""
                which = f"round {number}{kept}" if number else "untouched model"
                self.weights.addItem(f"Run {record.run_id}, {which}", Weights(record.run_id, number))
        self.weights.addItem("Model of the set-up, untouched", Weights())
        if not self.folders.paths():
            self.folders.set_paths(list(folders))
        self._follow()
        self.open()

    @Slot()
    def _follow(self) -> None:
        self._sentence.setText(_SENTENCES[self.reading.currentData()])
        self.take.setEnabled(bool(self.folders.paths()) and any(box.isChecked() for box in self.parts.values()))

    @Slot()
    def _done(self) -> None:
        self.accept()
        parts = tuple(part for part, box in self.parts.items() if box.isChecked())
        folders, limit = tuple(self.folders.paths()), self.limit.value() or None
        wish = EvaluationWish(self.weights.currentData(), folders, self.reading.currentData(), parts, limit)
        self.chosen.emit(wish)


def _combo(name: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setMinimumWidth(260)
    return made
