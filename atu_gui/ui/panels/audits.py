"""What attacks on a round brought back: a line per attack and measure, and the raw answers of the one selected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QSplitter, QStackedLayout, QTableWidget, QWidget

from atu_gui.core import text
from atu_gui.core.audits import AUDITS
from atu_gui.core.comeback import share_words
from atu_gui.core.events import AuditAnswer, AuditFound, Comeback
from atu_gui.core.leaks import judge, mark_of, one_line
from atu_gui.core.materials import Group
from atu_gui.core.verdict import COMEBACK_SHARE
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import Answer
from atu_gui.ui.widgets.basics import Elided, button, column, row, rule
from atu_gui.ui.widgets.corner import Corner
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.filter_bar import FilterBar
from atu_gui.ui.widgets.raw_table import Cell, RawTable
from atu_gui.ui.widgets.segments import Segments
from atu_gui.ui.widgets.tables import cell, plain_table

_HEADINGS = ["Audit", "Attack", "Measure", "Came back", "n", "Untouched", "Round", "Attacked"]
_CAME_BACK, _N, _VALUES = 3, 4, 5
_TIPS = {
    5: "The untouched model, asked plainly: what was there before. Log-probabilities are in nats.",
    6: "The round, asked plainly; of a linear probe what it learns from shuffled labels.",
    7: "The round under the attack.",
    3: "Of what the round lost, the share that the attack restored, with its 95 % interval over questions.\n"
    "What the attack adds to the untouched model as well is taken off.\n"
    "Unclear: no loss is sure, or the attack breaks the untouched model, too.",
    4: "Questions behind the line.",
}
_GROUPS: dict[str, Group] = {"About the concept": "forget", "Neighbours": "neighbour"}
_BUSY_WIDTH = 320
_ANSWERS, _CURVE = "Answers", "Curve"


class AuditsPanel(QWidget):
    """Signal: `stop_requested`."""

    stop_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._found: tuple[AuditFound, ...] = ()
        # What each line of the table is about.
        self._lines: list[tuple[AuditFound, Comeback]] = []
        self._figures = theme.font()
        self.round = QComboBox()
        self.round.setAccessibleName("Audited round")
        self.round.setToolTip("Audited round")
        self.round.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.round.currentIndexChanged.connect(self._draw)
        self.groups = FilterBar(theme, "Questions", tuple(_GROUPS))
        self.groups.chosen.connect(self._draw)
        self._busy = Elided("", Qt.TextElideMode.ElideRight)
        self._busy.setProperty("role", "small")
        self._busy.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._busy.setMinimumWidth(_BUSY_WIDTH)
        self._stop = button(theme, "Stop", icon="square", size="compact", tip="Complete audits are kept.")
        self._stop.clicked.connect(self.stop_requested)
        self.table: QTableWidget = plain_table("Findings of audits", _HEADINGS, right=set(range(3, 8)), stretch=1)
        for at, words in _TIPS.items():
            heading = self.table.horizontalHeaderItem(at)
            assert heading is not None
            heading.setToolTip(words)
        self.table.itemSelectionChanged.connect(self._show_evidence)
        self.evidence = Segments(theme, "Evidence", (_ANSWERS, _CURVE))
        self.evidence.chosen.connect(self._show_evidence)
        self._note = Elided("", Qt.TextElideMode.ElideRight)
        self._note.setProperty("role", "small")
        self.raw = RawTable(theme, "Raw answers")
        self.corner = Corner(theme, None, size="compact")
        self._lay_out()
        self.show_busy("")

    def show_found(self, found: Sequence[AuditFound]) -> None:
        """Show these findings of one run; the round that was audited last is in front."""
        newer = found[-1].round if found and found[-1:] != self._found[-1:] else None
        chosen = self.round.currentData() if newer is None else newer
        self._found = tuple(found)
        rounds = sorted({one.round for one in found})
        self.round.blockSignals(True)
        self.round.clear()
        for number in rounds:
            self.round.addItem(f"Round {number}", number)
        self.round.setCurrentIndex(rounds.index(chosen) if chosen in rounds else len(rounds) - 1)
        self.round.blockSignals(False)
        self._draw()

    def show_busy(self, words: str) -> None:
        """Say what goes on; nothing when it is over."""
        self._busy.setText(words)
        self._busy.setToolTip(words)
        for made in (self._busy, self._stop):
            made.setVisible(bool(words))
        self._show_page()

    @property
    def selected(self) -> tuple[AuditFound, Comeback] | None:
        """The line under the cursor."""
        at = self.table.currentRow()
        return self._lines[at] if 0 <= at < len(self._lines) and self.table.selectedItems() else None

    def _lay_out(self) -> None:
        top = row(self.round, self.groups, None, self._busy, self._stop)
        top.setContentsMargins(8, 5, 8, 5)
        head = row(self.evidence, self._note)
        head.setStretch(1, 1)
        head.setContentsMargins(8, 4, 8, 4)
        self._head = QWidget()
        self._head.setLayout(head)
        side = QWidget()
        inside = column(spacing=0)
        inside.addWidget(self._head)
        inside.addWidget(self.raw, 1)
        side.setLayout(inside)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(side)
        split.setChildrenCollapsible(False)
        split.setSizes([600, 600])
        full = QWidget()
        whole = column(spacing=0)
        whole.addLayout(top)
        whole.addWidget(rule())
        whole.addWidget(split, 1)
        full.setLayout(whole)
        self._stack = QStackedLayout(self)
        nothing = "Runs › Audit round tries to bring back what a round forgot. “Erased” is said only after that."
        self._stack.addWidget(Empty(self._theme, "shield-check", "No audits yet", nothing))
        self._stack.addWidget(full)
        self.setAccessibleName("Audits")

    def _show_page(self) -> None:
        self._stack.setCurrentIndex(1 if self._found or self._busy.text() else 0)

    @Slot()
    def _draw(self) -> None:
        kept = self.selected
        of_round = [one for one in self._found if one.round == self.round.currentData()]
        every = [(one, back) for kind in AUDITS for one in of_round if one.audit == kind for back in one.comebacks]
        counts = {words: sum(back.group == group for _, back in every) for words, group in _GROUPS.items()}
        self.groups.show_counts(counts)
        self._lines = [each for each in every if each[1].group == _GROUPS[self.groups.choice]]
        self.table.setRowCount(len(self._lines))
        before: AuditFound | None = None
        for at, (one, back) in enumerate(self._lines):
            self._put(at, one, back, first=one is not before)
            before = one
        self._show_page()
        at = self._lines.index(kept) if kept in self._lines else 0
        self.table.selectRow(at)
        self._show_evidence()

    def _put(self, at: int, one: AuditFound, back: Comeback, *, first: bool) -> None:
        named = (AUDITS[one.audit].title, one.attack) if first else ("", "")
        took = f"It took {text.duration(one.seconds)}."
        tip = "\n".join(part for part in (one.attack, AUDITS[one.audit].sentence, one.note, took) if part)
        for column_, words in enumerate((*named, back.measure)):
            self.table.setItem(at, column_, cell(words, tip=tip))
        for column_, value in enumerate((back.untouched, back.unlearned, back.attacked), start=_VALUES):
            shown = cell(text.number(value.mean), right=True, tip=text.scored(value), font=self._figures)
            self.table.setItem(at, column_, shown)
        share = cell(share_words(back.share), right=True, tip=text.few(back.attacked.n), font=self._figures)
        if back.share is None:
            share.setForeground(self._theme.color("muted"))
        elif back.share.mean > COMEBACK_SHARE and back.share.low > 0:
            share.setForeground(self._theme.color("bad"))
        self.table.setItem(at, _CAME_BACK, share)
        self.table.setItem(at, _N, cell(text.count(back.attacked.n), right=True, font=self._figures))

    @Slot()
    def _show_evidence(self) -> None:
        chosen = self.selected
        one, group = (chosen[0], chosen[1].group) if chosen is not None else (None, "forget")
        answers = [answer for answer in one.answers if answer.group == group] if one is not None else []
        curve = one.curve if one is not None else ()
        self.evidence.setVisible(bool(answers and curve))
        self._note.setText(one.note if one is not None else "")
        self._note.setToolTip(self._note.text())
        self._head.setVisible(bool(self._note.text()) or bool(answers and curve))
        if curve and (not answers or self.evidence.choice == _CURVE):
            axis = text.capital(one.axis) if one is not None else ""
            floor = "Never knew" if axis == "Step" else "Shuffled labels"
            rows = [
                (str(point.at), *(text.number(value) for value in (point.attacked, point.beside, point.floor)))
                for point in curve
            ]
            self.raw.show_rows((axis, "Round", "Untouched", floor), rows)
            return
        headings = ("Question", "Gold answer", "Untouched", "Round", "Attacked")
        self.raw.show_rows(headings, [_row(answer) for answer in answers], {1: 110})


def _row(one: AuditAnswer) -> tuple[Cell, ...]:
    sides = (
        (one.untouched, one.untouched_logprob, "untouched weights"),
        (one.unlearned, one.unlearned_logprob, "the round"),
        (one.attacked, one.attacked_logprob, "the round under the attack"),
    )
    return (one.query, one.gold, *(_answer(one, *side) for side in sides))


def _answer(one: AuditAnswer, said: str, logprob: float, weights: str) -> Answer:
    words = one_line(said)
    judged = judge(words, one.query, [one.gold])
    return Answer(words, mark_of(judged, one.group), judged.spans, logprob, weights)
