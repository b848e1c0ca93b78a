"""The end of a run on one screen: what is forgotten, what still leaks, what got worse, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.outcome import Outcome
from atu_gui.core.run_curves import RunCurves
from atu_gui.core.score_words import Told, forgotten, leaking, worse
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, card, column, label, row
from atu_gui.ui.widgets.finding import Finding

if TYPE_CHECKING:
    from atu_gui.ui.widgets.round_scores import RoundScores

_CARD_LEAST, _SCORES_LEAST = 160, 168
_SIDE, _GAP = 16, 8


class OutcomePanel(QWidget):
    """Signals: `question_requested`, `audit_requested`, `lower_requested`, `export_requested`, `round_chosen` (a round
    on the frontier) and `left` (see the curves)."""

    question_requested = Signal()
    audit_requested = Signal()
    lower_requested = Signal()
    export_requested = Signal()
    round_chosen = Signal(int)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._outcome: Outcome | None = None
        self._scores: RoundScores | None = None
        self._title = label("", "title")
        self._ended = label("", "muted", wrap=True)
        self.verdict = label("", "heading", wrap=True)
        self.question = button(theme, "Question it", "primary", "chat-circle-text", size="large")
        self.question.setToolTip("Ask the kept round in the chat, beside the untouched model")
        self.lower_tau = button(theme, "Try a lower τ", icon="arrow-down", size="large")
        self.lower_tau.setToolTip("Set up a branch: a few more rounds from the kept one, each with a lower τ")
        self.export = button(theme, "Export", icon="export", size="large")
        self.export.setToolTip("Write the kept round as a Hugging Face folder")
        self.audit = button(theme, "Audit", icon="shield-check", size="large")
        self.audit.setToolTip("Try to bring back what this round forgot; “erased” is said only after that")
        self.audit.clicked.connect(self.audit_requested)
        back = button(theme, "Show the curves", "quiet", "chart-line", size="large")
        self.question.clicked.connect(self.question_requested)
        self.lower_tau.clicked.connect(self.lower_requested)
        self.export.clicked.connect(self.export_requested)
        back.clicked.connect(self.left)
        self.forgotten = Finding(theme, "check-circle", "good", "What is forgotten")
        self.leaking = Finding(theme, "drop", "bad", "What still leaks")
        self.worse = Finding(theme, "trend-down", "warn", "What got worse")
        words = column(self._title, self.verdict, self._ended, spacing=2)
        head = row(spacing=8)
        head.addLayout(words, 1)
        for one in (back, self.export, self.lower_tau, self.audit, self.question):
            head.addWidget(one)
        cards = row(self.forgotten, self.leaking, self.worse, spacing=_GAP)
        # Measured once everything is laid out: whoever asks a layout for heights in between leaves it half done.
        self._sharing = QTimer(self)
        self._sharing.setSingleShot(True)
        self._sharing.timeout.connect(self._share_room)
        for at, finding in enumerate((self.forgotten, self.leaking, self.worse)):
            cards.setStretch(at, 1)
            finding.room_changed.connect(self._sharing.start)
        self._layout = column(spacing=12)
        self._layout.setContentsMargins(_SIDE, 16, _SIDE, 12)
        self._layout.addLayout(head)
        self._layout.addLayout(cards, 3)
        self.setLayout(self._layout)
        self.setAccessibleName("What the run came to")

    @property
    def outcome(self) -> Outcome | None:
        """What is shown."""
        return self._outcome

    def show_outcome(self, outcome: Outcome, *, here: bool = True) -> None:
        """Show what a run came to; what needs its weights is off where they are not `here`."""
        self._outcome = outcome
        kept = f"Round {outcome.kept} is kept." if outcome.kept else "No round was good enough to keep."
        judged = "" if outcome.kept else f" The figures are those of round {outcome.round}, the last one."
        self._title.setText(f"Run {outcome.run_id} · {outcome.title}")
        if outcome.weights_hash:
            judged += f" Its weights: {outcome.weights_hash}."
        away = "" if here else " Its weights are not on this machine: it can be looked at, not asked."
        because = text.capital(outcome.stopped_because).rstrip(".")
        self._ended.setText(f"{because}. {kept}{judged} It took {text.duration(outcome.seconds)}.{away}")
        self.verdict.setText("   ".join(f"{name}: {verdict.kind}" for name, verdict in outcome.verdicts))
        self.verdict.setToolTip("\n\n".join("\n".join((one.rule, *one.evidence)) for _, one in outcome.verdicts))
        self.verdict.setVisible(bool(outcome.verdicts))
        for one in (self.lower_tau, self.export):
            one.setEnabled(here and bool(outcome.kept))
        for one in (self.audit, self.question):
            one.setEnabled(here)
        _show(self.forgotten, forgotten(outcome))
        gone = text.count(len(outcome.forgotten), "answer")
        self.forgotten.figure.setToolTip(f"{gone} that held the gold answer before hold it no longer.")
        _show(self.leaking, leaking(outcome))
        _show(self.worse, worse(outcome))

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.Show):
            self._sharing.start()
        return done

    @Slot()
    def _share_room(self) -> None:
        """Cards with little to say leave their room to the plots."""
        if not self.isVisible():
            # What is not shown yet has no height.
            return
        cards = (self.forgotten, self.leaking, self.worse)
        # By the width that they get, which need not be the one that they have yet.
        width = (self.contentsRect().width() - 2 * _SIDE - 2 * _GAP) // len(cards)
        tallest = max(_CARD_LEAST, *(one.room_wanted(width) for one in cards))
        for one in cards:
            one.setMaximumHeight(tallest)

    def show_scores(self, run: RunCurves, guards: GuardConfig) -> None:
        """Draw below the cards how the rounds led there."""
        if self._scores is None:
            # Only here: a window that has seen no run to its end needs no plots for it.
            from atu_gui.ui.widgets.round_scores import RoundScores

            self._scores = RoundScores(self._theme)
            self._scores.round_chosen.connect(self.round_chosen)
            inside = column(self._scores)
            inside.setContentsMargins(1, 1, 1, 1)
            frame = card(inside)
            frame.setMinimumHeight(_SCORES_LEAST)
            self._layout.addWidget(frame, 2)
        self._scores.draw(run, guards)


def _show(card: Finding, told: Told) -> None:
    card.figure.setText(told.figure)
    card.caption.setText(told.caption)
    card.more.setText(told.more)
    card.show_answers(told.answers, told.nothing)
