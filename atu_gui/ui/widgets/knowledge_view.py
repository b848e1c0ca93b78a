"""“Does it know it?”: a button, a verdict, and the answers behind it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.knowledge import Answered, Knowledge
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, icon_label, label, row


class KnowledgeView(QWidget):
    """Signals: `check_requested`, `cancel_requested`."""

    check_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._asking = False
        self._check = button(theme, "Does it know it?", icon="question", size="compact")
        self._check.setToolTip("Ask the untouched model ten quick questions (Ctrl+Shift+K)")
        self._check.clicked.connect(self.check_requested)
        self._cancel = button(theme, "Cancel", size="compact", tip="Stop asking")
        self._cancel.clicked.connect(self.cancel_requested)
        self._show = button(theme, "Show answers", "link", size="compact", tip="What it answered, question by question")
        self._show.setCheckable(True)
        self._show.toggled.connect(self._unfold)
        self._good = icon_label(theme, "check", "good", 16)
        self._poor = icon_label(theme, "warning", "warn", 16)
        self._words = label("", "small", wrap=True)
        self._answers = QWidget()
        self._answers.setLayout(column(spacing=8))
        verdict = row(self._good, self._poor, self._words, spacing=6)
        verdict.setStretch(2, 1)
        for icon in (self._good, self._poor):
            verdict.setAlignment(icon, Qt.AlignmentFlag.AlignTop)
        layout = column(spacing=6)
        layout.addLayout(verdict)
        layout.addWidget(self._answers)
        layout.addLayout(row(self._check, self._cancel, self._show, None, spacing=2))
        self.setLayout(layout)
        self.clear()

    @property
    def asking(self) -> bool:
        """Whether questions are being asked."""
        return self._asking

    @property
    def words(self) -> str:
        """The verdict."""
        return self._words.text()

    def begin(self) -> None:
        """Questions are asked from now on."""
        self.clear()
        self._asking = True
        self._words.setText("Asking the untouched model…")
        self._words.show()
        self._check.hide()
        self._cancel.show()

    def clear(self) -> None:
        """No verdict: nothing was asked, or it was about another concept or model."""
        self._asking = False
        self._words.setText("")
        for widget in (self._words, self._good, self._poor, self._answers, self._show, self._cancel):
            widget.hide()
        self._show.setChecked(False)
        self._check.show()

    def show_result(self, found: Knowledge) -> None:
        """Say the verdict."""
        self.clear()
        self._words.setText(found.verdict)
        self._words.show()
        poor = found.little or found.recall is None
        self._good.setVisible(not poor)
        self._poor.setVisible(poor)
        self._show.setVisible(bool(found.forget))
        layout = self._answers.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for one in found.forget:
            layout.addWidget(self._answer(one))

    def set_ready(self, ready: bool) -> None:
        """Whether questions may be asked."""
        self._check.setEnabled(ready)

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the concept: its own probes tell."""
        self.setVisible(not locked)

    def _answer(self, one: Answered) -> QWidget:
        icon, token, state = ("check", "good", "Known") if one.known else ("x", "muted", "Not known")
        question = label(one.query, wrap=True)
        said = label(one.answer or "(no answer)", "small", wrap=True)
        gold = label(f"{state}: {one.gold}", "caption", wrap=True)
        gold.setToolTip(f"ROUGE-L recall {text.number(one.recall)} of the gold answer")
        made = QWidget()
        mark = icon_label(self._theme, icon, token, 12)
        layout = row(mark, spacing=6)
        layout.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(column(question, said, gold, spacing=2), 1)
        made.setLayout(layout)
        return made

    def _unfold(self, shown: bool) -> None:
        self._answers.setVisible(shown)
        self._show.setText("Hide answers" if shown else "Show answers")
        self._show.setAccessibleName(self._show.text())
