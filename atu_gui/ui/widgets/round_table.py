"""The rounds of a schedule as a table: edited by hand before a run, marked with what is done while it runs."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from atu_gui.core import text
from atu_gui.core.config import RoundPlan
from atu_gui.core.events import Stage
from atu_gui.ui.theme import Theme

_COLUMNS = ("", "Round", "Align", "Unlearn", "τ")
_HELP = (
    "State of the round",
    "Number of the round",
    "Align steps",
    "Unlearn steps",
    "τ: a number, or a quantile of the similarity on retain texts such as “95 %”",
)
_MARKS = {"done": ("check", "good"), "now": ("play-fill", "accent_text"), "to come": ("circle", "faint")}
# Of all columns but that of τ, which takes the rest; the first holds a mark.
_LEAST = (20, 42, 38, 50)
_PADDING, _MOST_SPARE = 8, 16
_CHANGED = "0.25 → 0.20"
_Index = QModelIndex | QPersistentModelIndex


class RoundTable(QAbstractTableModel):
    """Rounds as rows. Signals: `edited` (by the user), `refused` (words why a value was not taken)."""

    edited = Signal()
    refused = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.plans: list[RoundPlan] = []
        self.editable = True
        self.now = 0
        self.finished = False
        self._applied: dict[int, list[float]] = {}
        self._stage: Stage = "probe"

    def show(self, plans: list[RoundPlan]) -> None:
        """Other rounds."""
        self.beginResetModel()
        self.plans = [plan.model_copy() for plan in plans]
        self.now, self.finished, self._applied, self._stage = 0, False, {}, "probe"
        self.endResetModel()

    def move_to(self, number: int, *, finished: bool = False) -> None:
        """Which round is under way."""
        if (number, finished) != (self.now, self.finished):
            self.now, self.finished = number, finished
            self.layoutChanged.emit()

    def note_stage(self, stage: Stage, steps: int) -> None:
        """A stage of the round under way intends so many steps."""
        self._stage = stage
        self.note_steps("stage_steps", steps)

    def note_steps(self, knob: str, steps: int) -> None:
        """Steps were changed: of the stage under way, or of all later ones of a kind."""
        name = f"{self._stage}_steps" if knob == "stage_steps" else knob
        if name not in ("align_steps", "unlearn_steps"):
            return
        unlearn_ahead = self._stage == "align" and name == "unlearn_steps"
        for number, plan in enumerate(self.plans, start=1):
            here = number == self.now and (knob == "stage_steps" or unlearn_ahead)
            if here or (number > self.now and knob != "stage_steps"):
                setattr(plan, name, steps)
        self.layoutChanged.emit()

    def note_tau(self, number: int, tau: float) -> None:
        """A τ was applied in a round."""
        applied = self._applied.setdefault(number, [])
        if not applied or applied[-1] != tau:
            applied.append(tau)
            self.layoutChanged.emit()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.plans)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return len(_COLUMNS)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsEditable if self.editable and index.column() >= 2 else usual

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _HELP[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft if section < 2 else Qt.AlignmentFlag.AlignRight
            return left | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = 0) -> object:
        number, column_ = index.row() + 1, index.column()
        state = self.state(number)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._words(number, column_)
        if role == Qt.ItemDataRole.DecorationRole and column_ == 0:
            return self._theme.icon(*_MARKS[state])
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole) and column_ == 0:
            return f"Round {number}: {state}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._words(number, column_)
        if role == Qt.ItemDataRole.TextAlignmentRole and column_ >= 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            return self._theme.font()
        return None

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        plan = self.plans[index.row()]
        try:
            changes = _parsed(index.column(), str(value))
            self.plans[index.row()] = RoundPlan.model_validate({**plan.model_dump(), **changes})
        except ValueError:
            self.refused.emit(_refusal(index.column(), str(value)))
            return False
        self.dataChanged.emit(index, index)
        self.edited.emit()
        return True

    def state(self, number: int) -> str:
        """Whether a round is done, under way or to come."""
        if number < self.now or (self.finished and number <= self.now):
            return "done"
        return "now" if number == self.now else "to come"

    def _words(self, number: int, column_: int) -> str:
        plan = self.plans[number - 1]
        if column_ == 4:
            applied = self._applied.get(number)
            if applied:
                return " → ".join(
                    text.number(tau) for tau in (applied if len(applied) < 3 else applied[:: len(applied) - 1])
                )
            return text.number(plan.tau) if plan.tau is not None else f"{text.percent(plan.quantile)}"
        return ("", str(number), text.count(plan.align_steps), text.count(plan.unlearn_steps))[column_]


class RoundView(QTableView):
    """A plain table that shows it."""

    def __init__(self, theme: Theme, model: RoundTable) -> None:
        super().__init__()
        self._metrics = QFontMetrics(theme.font())
        self.setModel(model)
        self.setProperty("kind", "quiet")
        self.setAccessibleName("Rounds of the schedule")
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        header.setProperty("kind", "quiet")
        header.setHighlightSections(False)
        header.setMinimumSectionSize(_LEAST[0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_columns()

    def fit_columns(self) -> None:
        """As wide as their numbers, so that a narrow set-up has room for a τ that was changed on the way."""
        rows, wide = range(self.model().rowCount()), []
        for column_, least in enumerate(_LEAST):
            words = (str(self.model().index(at, column_).data()) for at in rows)
            wide.append(max(least, max(map(self._metrics.horizontalAdvance, words), default=0) + _PADDING))
        spare = self.width() - sum(wide) - self._metrics.horizontalAdvance(_CHANGED) - _PADDING
        for column_, width in enumerate(wide):
            self.setColumnWidth(column_, width + (min(max(spare // 3, 0), _MOST_SPARE) if column_ else 0))


def _parsed(column_: int, words: str) -> dict[str, object]:
    plain = words.strip().replace(text.MINUS, "-").replace(",", "." if column_ == 4 else "")
    if column_ == 2:
        return {"align_steps": int(plain)}
    if column_ == 3:
        return {"unlearn_steps": int(plain)}
    if plain.endswith("%"):
        return {"tau": None, "quantile": float(plain[:-1]) / 100}
    return {"tau": float(plain), "quantile": None}


def _refusal(column_: int, words: str) -> str:
    if column_ == 4:
        return f"τ must lie between −1 and 1, or be a quantile such as “95 %”. You typed {words}."
    return f"Steps are a whole number, 0 or more. You typed {words}."
