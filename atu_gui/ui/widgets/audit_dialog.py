"""Asks which attacks a round shall stand, and how hard they are. Not blocking: the window goes on meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QWidget

from atu_gui.core.audits import AUDITS, AuditKind, AuditSettings
from atu_gui.core.events import AuditFound
from atu_gui.core.ports import Weights
from atu_gui.ui.forms import CalmSpin
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row

_MOST_STEPS, _MOST_QUESTIONS = 1000, 1000


class AuditDialog(QDialog):
    """Signal: `chosen` (Weights, kinds of audits, AuditSettings, whether to compute anew what is kept)."""

    chosen = Signal(object, tuple, object, bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Audit a round")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._weights = Weights()
        self._found: tuple[AuditFound, ...] = ()
        self._heading = label("", "title")
        self.kinds = {kind: QCheckBox(words.title) for kind, words in AUDITS.items()}
        self._kept = {kind: label("", "small") for kind in AUDITS}
        self.steps = _spin("Relearning steps", 1, _MOST_STEPS, AuditSettings().steps)
        self.limit = _spin("Questions of each group at most", 0, _MOST_QUESTIONS, 0)
        self.limit.setSpecialValueText("all")
        self.again = QCheckBox("Compute anew what is kept")
        self._warning = label("", "small", wrap=True)
        self.take = button(theme, "Audit", "primary", size="large")
        self.take.setDefault(True)
        self.take.clicked.connect(self._done)
        cancel = button(theme, "Cancel", size="large")
        cancel.clicked.connect(self.reject)
        words = "Each attack is asked of the round and held against the untouched model. The weights stay as they are."
        layout = column(self._heading, label(words, "muted", wrap=True), 4, spacing=6)
        for kind, box in self.kinds.items():
            box.setChecked(True)
            box.toggled.connect(self._follow)
            layout.addLayout(row(box, None, self._kept[kind]))
            sentence = label(AUDITS[kind].sentence, "small", wrap=True)
            sentence.setContentsMargins(24, 0, 0, 2)
            layout.addWidget(sentence)
        layout.addSpacing(6)
        for spin in (self.steps, self.limit):
            spin.valueChanged.connect(self._follow)
            layout.addLayout(row(label(spin.accessibleName(), "muted"), None, spin))
        for widget in (self.again, self._warning):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addLayout(row(None, cancel, self.take))
        layout.setContentsMargins(16, 16, 16, 16)
        self.setLayout(layout)
        self.setMinimumWidth(480)

    @property
    def settings(self) -> AuditSettings:
        """As they are set here; the rest as usual."""
        return AuditSettings(steps=self.steps.value(), limit=self.limit.value())

    def ask(self, weights: Weights, title: str, found: Sequence[AuditFound]) -> None:
        """Offer all audits of a round; `found` is what is kept of its run."""
        self._weights, self._found = weights, tuple(one for one in found if one.round == weights.round)
        self._heading.setText(title)
        self.take.setText(f"Audit round {weights.round}")
        self.take.setAccessibleName(self.take.text())
        self.again.setChecked(False)
        self._follow()
        self.open()

    def _chosen(self) -> tuple[AuditKind, ...]:
        return tuple(kind for kind, box in self.kinds.items() if box.isChecked())

    @Slot()
    def _follow(self) -> None:
        kept = {one.audit for one in self._found if one.settings == self.settings}
        other = {one.audit for one in self._found} - kept
        for kind, words in self._kept.items():
            words.setText("kept, told at once" if kind in kept else "kept with other settings" if kind in other else "")
        self.again.setEnabled(bool(kept))
        weaker = "Weaker than usual: what such attacks do not bring back does not count as erased."
        self._warning.setText(weaker if self.settings.weaker else "")
        self._warning.setVisible(self.settings.weaker)
        self.take.setEnabled(bool(self._chosen()))

    @Slot()
    def _done(self) -> None:
        self.accept()
        self.chosen.emit(self._weights, self._chosen(), self.settings, self.again.isChecked())


def _spin(name: str, low: int, high: int, value: int) -> CalmSpin:
    made = CalmSpin()
    made.setRange(low, high)
    made.setValue(value)
    made.setAccessibleName(name)
    made.setFixedWidth(104)
    return made
