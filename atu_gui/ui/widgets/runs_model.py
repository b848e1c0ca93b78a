"""The list of runs as a table: words, icons and numbers to sort by. Plain records in, no wishes out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from atu_gui.core import text
from atu_gui.core.events import Interval
from atu_gui.core.ports import RoundSummary, RunRecord
from atu_gui.core.run_state import run_state
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.sparkline import VALUES_ROLE

SORT_ROLE = Qt.ItemDataRole.UserRole + 2
_Index = QModelIndex | QPersistentModelIndex

STATUS, RUN, NAME, CONCEPT, LAYER, TAU, BEST, FORGET, NEIGHBOUR, LOSS, TIME, STARTED = range(12)
HEADINGS = (
    "Status", "Run", "Name", "Concept", "Layer", "τ path", "Best round", "Forget", "Neighbour", "Token loss", "Time",
    "Started",
)  # fmt: skip
NUMERIC = frozenset({LAYER, BEST, FORGET, NEIGHBOUR, LOSS, TIME, STARTED})
_STATES = {
    "running": ("Running", "play-fill", "accent_text"),
    "paused": ("Paused", "pause-fill", "warn"),
    "done": ("Done", "check-circle", "good"),
    "guard": ("Stopped by guard", "shield-warning", "warn"),
    "stopped": ("Stopped", "square", "muted"),
    "discarded": ("Discarded", "trash", "muted"),
    "failed": ("Failed", "warning-circle", "bad"),
    "interrupted": ("Interrupted", "warning-circle", "warn"),
    "crashed": ("Crashed", "warning-circle", "bad"),
}
_WHAT = {
    "interrupted": "The program was closed during the run.",
    "crashed": "The program ended without a word during the run; what was finished is kept.",
}


def state_of(record: RunRecord) -> tuple[str, str, str]:
    """The words, icon and colour token of a run's status."""
    state = run_state(record)
    return _STATES.get(state, (text.capital(state), "circle", "muted"))


def round_of(record: RunRecord, number: int) -> RoundSummary | None:
    """The scores of one round."""
    return next((one for one in record.rounds if one.round == number), None)


def when(started: float, now: float | None = None) -> str:
    """A start time as short as it can be."""
    moment, today = time.localtime(started), time.localtime(now)
    if moment[:3] == today[:3]:
        return time.strftime("today %H:%M", moment)
    if moment.tm_year == today.tm_year:
        return f"{moment.tm_mday} {time.strftime('%b %H:%M', moment)}"
    return f"{moment.tm_mday} {time.strftime('%b %Y', moment)}"


class RunsModel(QAbstractTableModel):
    """One row per run."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._records: list[RunRecord] = []
        theme.changed.connect(self._recolour)

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """What is listed, newest first."""
        return tuple(self._records)

    def set_records(self, records: Sequence[RunRecord]) -> None:
        """List these runs; rows that are the same runs as before keep their selection."""
        if [one.run_id for one in records] == [one.run_id for one in self._records]:
            self._records = list(records)
            if records:
                self.dataChanged.emit(self.index(0, 0), self.index(len(records) - 1, len(HEADINGS) - 1))
            return
        self.beginResetModel()
        self._records = list(records)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._records)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return HEADINGS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _side(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record, column = self._records[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _words(record, column)
        if role == Qt.ItemDataRole.DecorationRole and column == STATUS:
            _, icon, token = state_of(record)
            return self._theme.icon(icon, token)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == Qt.ItemDataRole.FontRole:
            return self._theme.font(13, 500 if column == NAME else 400, figures=column in NUMERIC)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(record, column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == TAU:
            return _tip(record, TAU)
        if role == VALUES_ROLE and column == TAU:
            return _taus(record)
        if role == SORT_ROLE:
            return _key(record, column)
        return None

    def _recolour(self) -> None:
        if self._records:
            last = self.index(len(self._records) - 1, STATUS)
            self.dataChanged.emit(self.index(0, STATUS), last, [Qt.ItemDataRole.DecorationRole])


class RunsFilter(QSortFilterProxyModel):
    """Keeps the runs in whose name, concept, tags, note or id every typed word stands."""

    def __init__(self, model: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._words: list[str] = []
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    def search(self, words: str) -> None:
        """Look for these words."""
        self._words = words.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        record = self._model.records[source_row]
        parts = (record.run_id, record.title, *record.concepts, *record.tags, record.note, state_of(record)[0])
        hay = " ".join(parts).casefold()
        return all(word in hay for word in self._words)


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in NUMERIC else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _words(record: RunRecord, column: int) -> str:
    match column:
        case 0:
            return state_of(record)[0]
        case 1:
            return record.run_id
        case 2:
            return " · ".join((record.title, *record.tags))
        case 3:
            return ", ".join(record.concepts)
        case 4:
            return ", ".join(map(str, record.layers))
        case 6:
            return str(record.best_round) if record.best_round else text.NOTHING
        case 7 | 8 | 9:
            return _change(*_ends(record, column))
        case 10:
            return text.duration(record.seconds)
        case 11:
            return when(record.started)
    return ""


def _key(record: RunRecord, column: int) -> Any:
    match column:
        case 4:
            return record.layers[0] if record.layers else 0
        case 5:
            taus = _taus(record)
            return taus[-1] if taus else 2.0
        case 6:
            return record.best_round
        case 7 | 8 | 9:
            after = _ends(record, column)[1]
            return after.mean if after is not None else float("inf")
        case 10:
            return record.seconds
        case 11:
            return record.started
    return _words(record, column).casefold()


def _ends(record: RunRecord, column: int) -> tuple[Interval | None, Interval | None]:
    """A score of the untouched model and of the best round."""
    before, after = round_of(record, 0), round_of(record, record.best_round or -1)
    name = {FORGET: "forget", NEIGHBOUR: "neighbour", LOSS: "token_loss"}[column]
    return (getattr(before, name) if before else None), (getattr(after, name) if after else None)


def _change(before: Interval | None, after: Interval | None) -> str:
    if before is None:
        return text.NOTHING
    start = text.number(before.mean)
    return start if after is None else f"{start} → {text.number(after.mean)}"


def _taus(record: RunRecord) -> tuple[float, ...]:
    return tuple(one.tau for one in record.rounds if one.tau is not None)


def _tip(record: RunRecord, column: int) -> str:
    if column == STATUS:
        return _WHAT.get(record.status) or text.capital(record.stopped_because)
    if column == TAU:
        taus = _taus(record)
        return f"τ per round: {', '.join(map(text.number, taus))}" if taus else "No round is finished."
    if column in (FORGET, NEIGHBOUR, LOSS):
        before, after = _ends(record, column)
        digits = 2
        return f"Untouched {text.interval(before, digits)}; round {record.best_round} {text.interval(after, digits)}"
    about = f"{', '.join(record.concepts)}; layer {', '.join(map(str, record.layers))}; {_tip(record, TAU)}"
    lines = [record.title, about, record.note, f"Tags: {', '.join(record.tags)}" if record.tags else ""]
    if record.parent.round:
        lines.append(f"Branched from run {record.parent.run_id}, round {record.parent.round}.")
    return "\n".join(line for line in (*lines, record.folder) if line)
