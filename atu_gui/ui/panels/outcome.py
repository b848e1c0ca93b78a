"""The end of a run on one screen: what is forgotten, what still leaks, what got worse, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.config import GuardConfig
from atu_gui.core.events import Interval
from atu_gui.core.outcome import Outcome, Score
from atu_gui.core.paired import Difference
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, card, column, label, row
from atu_gui.ui.widgets.finding import Finding
from atu_gui.ui.widgets.run_curves import RunCurves

if TYPE_CHECKING:
    from atu_gui.ui.widgets.round_scores import RoundScores

_SCORES_LEAST, _SCORES_MOST = 168, 360


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
        cards = row(self.forgotten, self.leaking, self.worse, spacing=8)
        for at in range(3):
            cards.setStretch(at, 1)
        self._layout = column(spacing=12)
        self._layout.setContentsMargins(16, 16, 16, 12)
        self._layout.addLayout(head)
        self._layout.addLayout(cards, 3)
        self.setLayout(self._layout)
        self.setAccessibleName("What the run came to")

    @property
    def outcome(self) -> Outcome | None:
        """What is shown."""
        return self._outcome

    def show_outcome(self, outcome: Outcome) -> None:
        """Show what a run came to."""
        self._outcome = outcome
        kept = f"Round {outcome.kept} is kept." if outcome.kept else "No round was good enough to keep."
        judged = "" if outcome.kept else f" The figures are those of round {outcome.round}, the last one."
        self._title.setText(f"Run {outcome.run_id} · {outcome.title}")
        if outcome.weights_hash:
            judged += f" Its weights: {outcome.weights_hash}."
        because = text.capital(outcome.stopped_because).rstrip(".")
        self._ended.setText(f"{because}. {kept}{judged} It took {text.duration(outcome.seconds)}.")
        self.verdict.setText("   ".join(f"{name}: {verdict.kind}" for name, verdict in outcome.verdicts))
        self.verdict.setToolTip("\n\n".join("\n".join((one.rule, *one.evidence)) for _, one in outcome.verdicts))
        self.verdict.setVisible(bool(outcome.verdicts))
        for one in (self.lower_tau, self.export):
            one.setEnabled(bool(outcome.kept))
        self._show_forgotten(outcome)
        self._show_leaking(outcome)
        self._show_worse(outcome)

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
            frame.setMaximumHeight(_SCORES_MOST)
            self._layout.addWidget(frame, 2)
        self._scores.draw(run, guards)

    def _show_forgotten(self, outcome: Outcome) -> None:
        card = self.forgotten
        card.figure.setText("void" if outcome.collapsed else _change(outcome.forget))
        card.caption.setText(outcome.collapsed or f"forget recall{_asked(outcome)}; {_sure(outcome.forget.difference)}")
        card.more.setText(_intervals(outcome.forget))
        gone = text.count(len(outcome.forgotten), "answer")
        card.show_answers(outcome.forgotten, "No answer that held the gold answer before has lost it.")
        card.figure.setToolTip(f"{gone} that held the gold answer before hold it no longer.")

    def _show_leaking(self, outcome: Outcome) -> None:
        card = self.leaking
        card.figure.setText(f"{len(outcome.leaking)} of {outcome.asked}")
        card.caption.setText("forget questions whose answer still contains the gold answer")
        words = "Counted as whole words, whatever their case."
        if outcome.told:
            words = f"{text.count(outcome.told, 'question')} not counted: the answer stands in the question."
        card.more.setText(words)
        card.show_answers(
            outcome.leaking, "None of these questions brings the gold answer out. That is no proof: rephrase them."
        )

    def _show_worse(self, outcome: Outcome) -> None:
        card = self.worse
        card.figure.setText(_change(outcome.neighbour))
        card.caption.setText(
            f"neighbour recall{_asked(outcome)}; {_sure(outcome.neighbour.difference, lower_is_better=False)}"
        )
        parts = [_intervals(outcome.neighbour)]
        for name, score in (("Token loss", outcome.token_loss), ("Fluency, bits", outcome.fluency)):
            if score.before is not None and score.after is not None:
                parts.append(f"{name} {_change(score)}, {_apart(score.before, score.after)}")
        card.more.setText("\n".join(part for part in parts if part))
        card.show_answers(outcome.lost, "No neighbour question that was answered right before is answered wrong now.")


def _change(score: Score) -> str:
    if score.before is None or score.after is None:
        return "not measured"
    return f"{text.number(score.before.mean)} → {text.number(score.after.mean)}"


def _asked(outcome: Outcome) -> str:
    return " on test questions" if outcome.tested else ""


def _intervals(score: Score) -> str:
    if score.before is None or score.after is None:
        return "There were no such questions."
    asked = text.count(score.after.n, "question")
    said = f"Before {text.interval(score.before)}, now {text.interval(score.after)}, {asked}"
    return f"{said}. {text.few(score.after.n)}".removesuffix(". ")


def _sure(found: Difference | None, *, lower_is_better: bool = True) -> str:
    """The paired difference in words; one whose interval includes 0 is unclear."""
    if found is None:
        return "no paired difference"
    amount = ("+" if found.mean >= 0 else "") + text.number(found.mean)
    span = f"{amount} ({text.number(found.low)} to {text.number(found.high)})"
    if found.unclear:
        return f"{span}, unclear"
    return f"{span}, {'better' if (found.mean < 0) == lower_is_better else 'worse'}"


def _apart(before: Interval, after: Interval) -> str:
    """Without pairs only this can be said."""
    overlap = before.low <= after.high and after.low <= before.high
    return "unclear: the intervals overlap" if overlap else "the intervals lie apart"
