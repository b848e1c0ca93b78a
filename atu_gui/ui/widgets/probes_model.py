"""Every probe of a run as rows: what the untouched model said, what a round says, and how that is to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt

from atu_gui.core import text
from atu_gui.core.events import ItemAnswered, ItemSampled
from atu_gui.core.events.chat import named
from atu_gui.core.leaks import MARK_WORDS, judge, mark_of, one_line, tells
from atu_gui.ui.widgets.answer_cells import CELL, Answer

HEADINGS = (
    "Group", "Question", "Gold answer", "○ Before", "● After", "P(answer), 0–1", "Recall",
    "Memorized", "Extracted", "Truth ratio",
)  # fmt: skip
GROUP, QUERY, GOLD, BEFORE, AFTER, DOTS, RECALL = range(7)
# Scores that are smoother than recall: the field of `ItemAnswered` by column.
SMOOTH = {7: "exact_memorization", 8: "extraction_strength", 9: "truth_ratio"}
SORT = CELL + 1
FILTERS = ("All", "Leaks", "Lost", "Changed", "Flagged")
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(slots=True)
class ProbeRow:
    """A probe and its answers by round, 0 being the untouched model; `smooth` is by round and column, `samples` are the
    answers at temperature 1."""

    first: ItemAnswered
    answers: dict[int, Answer] = field(default_factory=dict)
    recalls: dict[int, float] = field(default_factory=dict)
    smooth: dict[int, dict[int, float | None]] = field(default_factory=dict)
    samples: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def told(self) -> bool:
        """Whether the question contains its gold answer."""
        return tells(self.first.query, [self.first.gold])

    def fits(self, chosen: str, round_: int) -> bool:
        """Whether a filter shows this row while `round_` is the after."""
        before, after = self.answers.get(0), self.answers.get(round_)
        mark = after.mark if after is not None else "none"
        if chosen == "Changed":
            return before is not None and after is not None and before.words != after.words
        return {"All": True, "Leaks": mark == "leak", "Lost": mark == "lost", "Flagged": self.told}[chosen]


class ProbesModel(QAbstractTableModel):
    """One row per probe; the column “After” follows the round that is chosen, by default the newest and at
    the end of a run the one that is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ProbeRow] = []
        self._by_id: dict[str, int] = {}
        self._names: tuple[str, ...] = ()
        self._hashes: dict[int, str] = {}
        self._chosen: int | None = None
        self._latest = self._kept = 0

    def begin(self, names: tuple[str, ...]) -> None:
        """Forget everything; `names` are those of the concepts."""
        self.beginResetModel()
        self.rows, self._by_id, self._names, self._hashes = [], {}, names, {}
        self._chosen, self._latest, self._kept = None, 0, 0
        self.endResetModel()

    @property
    def after(self) -> int:
        """The round that stands in “After”."""
        return (self._kept or self._latest) if self._chosen is None else self._chosen

    @property
    def kept(self) -> int:
        """The round that a run which has ended left; 0 where there is none."""
        return self._kept

    @property
    def rounds(self) -> list[int]:
        """All rounds that answered anything, the untouched model excluded."""
        return sorted({number for row in self.rows for number in row.answers} - {0})

    def keep(self, number: int) -> None:
        """The run has ended and left this round; 0 where none was good enough."""
        self._kept = number
        self._tell_all()

    def choose_round(self, number: int | None) -> None:
        """Show this round in “After”; None follows the run."""
        self._chosen = number
        self._tell_all()

    def note_weights(self, number: int, weights_hash: str) -> None:
        """The hash of the weights that answered in a round, which is told after its answers; "" where none is known."""
        self._hashes[number] = weights_hash

    def take(self, event: ItemAnswered) -> None:
        """A probe was answered."""
        at = self._by_id.get(event.probe_id)
        if at is None:
            at = self._by_id[event.probe_id] = len(self.rows)
            self.beginInsertRows(_ROOT, at, at)
            self.rows.append(ProbeRow(event))
            self.endInsertRows()
        row, words = self.rows[at], one_line(event.answer)
        names = self._names if event.group == "forget" else ()
        judged = judge(words, event.query, [event.gold], names)
        was_kept = 0 in row.answers and row.answers[0].mark == "kept"
        mark = mark_of(judged, event.group, was_kept=was_kept)
        row.answers[event.round] = Answer(words, mark, judged.spans, event.answer_logprob)
        row.recalls[event.round] = event.rouge_l_recall
        row.smooth[event.round] = {column: getattr(event, name) for column, name in SMOOTH.items()}
        if event.round > self._latest:
            self._latest = event.round
            self._tell_all()
        else:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(HEADINGS) - 1))

    def take_samples(self, event: ItemSampled) -> None:
        """A probe was answered several times at temperature 1."""
        at = self._by_id.get(event.probe_id)
        if at is not None and event.samples:
            self.rows[at].samples[event.round] = event.samples

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{HEADINGS[AFTER]}: round {self.after}" if section == AFTER and self.after else HEADINGS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return {
                BEFORE: self._answered_by(0),
                AFTER: self._answered_by(self.after) if self.after else None,
                DOTS: "Geometric mean of the probabilities of the gold answer's tokens, 0 to 1: before ○, after ●.",
                RECALL: "ROUGE-L recall of the gold answer as RWKU defines it, before → after.",
                7: "Share of the gold answer's tokens that are the likeliest next token, before → after.",
                8: "Share of the gold answer that is reproduced once its beginning is given, before → after.",
                9: "Probability of wrong answers over that of the gold answer, before → after (TOFU).",
            }.get(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == CELL:
            return self._cell(row, column)
        if role == SORT:
            return self._order(row, column)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            if column in (BEFORE, AFTER) and (answer := self._side(row, column)) is not None:
                number = 0 if column == BEFORE else self.after
                drawn = [one_line(words) for words in row.samples.get(number, ())]
                heading = ["At temperature 1:"] if drawn else []
                return "\n".join([answer.said(), self._answered_by(number), *heading, *drawn])
            if column == QUERY:
                rounds = [f"Round {number}: {one.words}" for number, one in sorted(row.answers.items())]
                return "\n".join([row.first.query, *rounds])
            return self._words(row, column)
        return None

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows for an export: every probe with every round."""
        rounds = [0, *self.rounds]
        headings = ["Probe", "Group", "Kind", "Question", "Gold answer", "Answer in the question"]
        sampled = sorted({number for row in self.rows for number in row.samples})
        for number in rounds:
            headings += [f"Round {number}: {what}" for what in ("answer", "mark", "P(answer)", "recall", *HEADINGS[7:])]
        headings += [f"Round {number}: answers at temperature 1" for number in sampled]
        lines = []
        for row in self.rows:
            one = row.first
            line = [one.probe_id, one.group, one.kind, one.query, one.gold, "yes" if row.told else "no"]
            for number in rounds:
                answer = row.answers.get(number)
                if answer is None:
                    line += [""] * (4 + len(SMOOTH))
                else:
                    chance = "" if answer.probability is None else f"{answer.probability:.6f}"
                    line += [answer.words, MARK_WORDS[answer.mark], chance, f"{row.recalls[number]:.4f}"]
                    line += ["" if value is None else f"{value:.4f}" for value in row.smooth[number].values()]
            lines.append(line + ["\n".join(map(one_line, row.samples.get(number, ()))) for number in sampled])
        return headings, lines

    def _answered_by(self, number: int) -> str:
        """Names exactly what answered."""
        return named(f"round {number}" if number else "untouched weights", self._hashes.get(number, ""))

    def _side(self, row: ProbeRow, column: int) -> Answer | None:
        if column == BEFORE:
            return row.answers.get(0)
        return row.answers.get(self.after) if column == AFTER and self.after else None

    def _sides(self) -> tuple[int, int]:
        """The rounds before and after; before any round both say nothing more than the untouched model."""
        return 0, self.after or -1

    def _chances(self, row: ProbeRow) -> tuple[float | None, float | None]:
        before, after = self._side(row, BEFORE), self._side(row, AFTER)
        return (before.probability if before else None, after.probability if after else None)

    def _cell(self, row: ProbeRow, column: int) -> Any:
        if column in (BEFORE, AFTER):
            return self._side(row, column)
        return self._chances(row) if column == DOTS else None

    def _words(self, row: ProbeRow, column: int) -> str:
        one = row.first
        if column in (BEFORE, AFTER):
            answer = self._side(row, column)
            return answer.words if answer is not None else text.NOTHING
        if column == DOTS:
            return " → ".join(text.number(chance) for chance in self._chances(row))
        if column == RECALL:
            after = row.recalls.get(self.after) if self.after else None
            return f"{text.number(row.recalls.get(0))} → {text.number(after)}"
        if column in SMOOTH:
            return " → ".join(text.number(row.smooth.get(number, {}).get(column)) for number in self._sides())
        return {GROUP: text.capital(one.group), QUERY: one.query, GOLD: one.gold}[column]

    def _order(self, row: ProbeRow, column: int) -> Any:
        """What a column is sorted by: for answers how bad they are, then the words."""
        answer = self._side(row, column)
        if column in (BEFORE, AFTER):
            worst = ("leak", "lost", "told", "kept", "clear", "none")
            return f"{worst.index(answer.mark)} {answer.words.casefold()}" if answer is not None else "9"
        if column == DOTS:
            chances = [chance for chance in self._chances(row) if chance is not None]
            return chances[-1] if chances else -1.0
        if column == RECALL:
            return row.recalls.get(self.after, -1.0)
        if column in SMOOTH:
            value = row.smooth.get(self.after, {}).get(column)
            return -1.0 if value is None else value
        return self._words(row, column).casefold()

    def _tell_all(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(HEADINGS) - 1))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, AFTER, AFTER)


class ProbesFilter(QSortFilterProxyModel):
    """Shows the rows of a group and kind that a filter wants and that contain the words searched for."""

    def __init__(self, model: ProbesModel) -> None:
        super().__init__()
        self._model = model
        self.chosen, self.group, self.kind, self._needle = FILTERS[0], "", "", ""
        self.setSortRole(SORT)
        self.setSourceModel(model)

    def search(self, words: str) -> None:
        """Show rows whose question, gold answer or answers contain the words."""
        self._needle = words.strip().casefold()
        self.invalidate()

    def is_in_scope(self, row: ProbeRow) -> bool:
        """Whether group, kind and search take a row in; the filters count among those."""
        one = row.first
        if self.group not in ("", one.group) or self.kind not in ("", one.kind):
            return False
        said = (row.answers[number].words for number in (0, self._model.after) if number in row.answers)
        return any(self._needle in words.casefold() for words in (one.query, one.gold, *said))

    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        row = self._model.rows[source_row]
        return row.fits(self.chosen, self._model.after) and self.is_in_scope(row)
