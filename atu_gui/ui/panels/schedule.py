"""The rounds of a run: a preset, or a table edited by hand, with marks for what is done."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from atu_gui.core import text
from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.events import (
    ControlApplied,
    Event,
    RunFailed,
    RunFinished,
    RunStarted,
    Stage,
    StageStarted,
    StepDone,
    TauChosen,
)
from atu_gui.core.schedule import DESCRIPTIONS, PRESETS, constant_tau, preset
from atu_gui.ui.forms import CalmCombo
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row
from atu_gui.ui.widgets.tables import fit_rows

CUSTOM = "custom"
_COLUMNS = ("", "Round", "Align", "Unlearn", "τ")
_HELP = (
    "State of the round",
    "Number of the round",
    "Align steps",
    "Unlearn steps",
    "τ: a number, or a quantile of the similarity on retain texts such as “95 %”",
)
_MARKS = {"done": ("check", "good"), "now": ("play-fill", "accent_text"), "to come": ("circle", "faint")}
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


class SchedulePanel(QWidget):
    """Signal: `changed`."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preset = CalmCombo()
        self._preset.setAccessibleName("Preset of the schedule")
        self._preset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for name in PRESETS:
            self._preset.addItem(name.capitalize(), name)
        self._preset.addItem("Custom", CUSTOM)
        self._preset.currentIndexChanged.connect(self._chosen)
        self._about = label("", "small", wrap=True)
        self._table = RoundTable(theme)
        self._table.edited.connect(self._by_hand)
        self._table.refused.connect(self._refuse)
        self._view = _table_view(self._table)
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self._add = button(theme, "Add round", "quiet", "plus", tip="One more round like the last")
        self._remove = button(theme, "Remove round", "quiet", "minus", tip="Take the last round away")
        self._add.clicked.connect(self._add_round)
        self._remove.clicked.connect(self._remove_round)
        layout = column(spacing=6)
        for widget in (self._preset, self._about, self._view, self._error):
            layout.addWidget(widget)
        layout.addLayout(row(self._add, self._remove, None))
        self.setLayout(layout)
        theme.changed.connect(self._table.layoutChanged)
        self._choose(PRESETS[0])

    @property
    def plans(self) -> list[RoundPlan]:
        """The rounds as they stand."""
        return list(self._table.plans)

    def values(self) -> dict[str, object]:
        """The part of a config that stands here."""
        name = self._preset.currentData()
        return {"schedule": name, "rounds": [plan.model_dump() for plan in self._table.plans]}

    def show_values(self, config: RunConfig) -> None:
        """Show a config's rounds."""
        known = config.schedule if config.schedule in PRESETS else CUSTOM
        plans = config.rounds or preset(known if known != CUSTOM else PRESETS[0])
        self._set_preset(known)
        self._show(plans)

    def show_preset(self, name: str) -> None:
        """Show a preset's rounds."""
        self._set_preset(name)
        self._choose(name)

    def set_tau(self, tau: float) -> None:
        """The same τ in every round."""
        self._show(constant_tau(tau, self._table.plans))
        self._by_hand()

    def restore(self, config: RunConfig) -> None:
        """Back to the rounds that `values` told earlier, as an edit."""
        self.show_values(config)
        self.changed.emit()

    def handle(self, event: Event) -> None:
        """Mark what is done."""
        match event:
            case RunStarted():
                self._table.show(_as_planned(event, self._table.plans))
                self._fit()
            case ControlApplied(field="stage_steps" | "align_steps" | "unlearn_steps", new=float() as steps):
                self._table.note_steps(event.field, round(steps))
            case StageStarted():
                self._table.move_to(event.round)
                self._table.note_stage(event.stage, event.steps)
                if event.round:
                    self._view.selectRow(event.round - 1)
            case TauChosen():
                self._table.note_tau(event.round, event.tau)
            case StepDone(tau=float() as tau):
                self._table.note_tau(event.round, tau)
            case RunFinished():
                self._table.move_to(self._table.now, finished=True)
                self._view.clearSelection()
            case RunFailed():
                self._table.move_to(event.last_good_round, finished=True)

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the rounds."""
        self._preset.setEnabled(not locked)
        self._table.editable = not locked
        for widget in (self._add, self._remove):
            widget.setVisible(not locked)

    def show_fault(self, where: str, words: str) -> bool:
        """Say a fault below the table; False where it is not ours."""
        if not where.startswith(("rounds", "schedule")):
            return False
        self._refuse(text.capital(words))
        return True

    def clear_faults(self) -> None:
        """Before another attempt."""
        self._error.hide()

    def summary(self) -> str:
        """In a few words, for the folded section."""
        steps = sum(plan.align_steps + plan.unlearn_steps for plan in self._table.plans)
        return f"{self._preset.currentText()} · {text.count(steps, 'step')}"

    def _chosen(self) -> None:
        name = self._preset.currentData()
        if name != CUSTOM:
            self._choose(name)
            self.changed.emit()
        else:
            self._about.setText("Your own rounds. Double-click a number to change it.")

    def _choose(self, name: str) -> None:
        self._about.setText(DESCRIPTIONS[name])
        self._show(preset(name))

    def _show(self, plans: list[RoundPlan]) -> None:
        self._table.show(plans)
        self._fit()
        self._error.hide()

    def _fit(self) -> None:
        fit_rows(self._view, most=10)
        self._remove.setEnabled(len(self._table.plans) > 1)

    def _set_preset(self, name: str) -> None:
        self._preset.blockSignals(True)
        self._preset.setCurrentIndex(self._preset.findData(name))
        self._preset.blockSignals(False)
        self._about.setText(DESCRIPTIONS.get(name, "Your own rounds. Double-click a number to change it."))

    def _by_hand(self) -> None:
        self._error.hide()
        self._set_preset(CUSTOM)
        self.changed.emit()

    def _refuse(self, words: str) -> None:
        self._error.setText(words)
        self._error.show()

    def _add_round(self) -> None:
        self._show([*self._table.plans, self._table.plans[-1].model_copy()])
        self._by_hand()

    def _remove_round(self) -> None:
        self._show(self._table.plans[:-1])
        self._by_hand()


def _table_view(model: RoundTable) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setProperty("kind", "quiet")
    view.setAccessibleName("Rounds of the schedule")
    view.setShowGrid(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(24)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setTabKeyNavigation(False)
    header = view.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
    header.setProperty("kind", "quiet")
    header.setHighlightSections(False)
    header.setMinimumSectionSize(28)
    for column_, width in ((0, 28), (1, 52), (2, 46), (3, 60)):
        view.setColumnWidth(column_, width)
    return view


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


def _as_planned(event: RunStarted, known: list[RoundPlan]) -> list[RoundPlan]:
    """The rounds that the run says it will make; τ that is chosen on the way keeps the quantile shown."""
    steps = {(stage.stage, stage.round): stage for stage in event.stages}
    plans = []
    for number in range(1, max((stage.round for stage in event.stages), default=0) + 1):
        align, unlearn = steps.get(("align", number)), steps.get(("unlearn", number))
        tau = unlearn.tau if unlearn else None
        quantile = known[number - 1].quantile if number <= len(known) else None
        plans.append(
            RoundPlan(
                align_steps=align.steps if align else 0,
                unlearn_steps=unlearn.steps if unlearn else 0,
                tau=tau,
                quantile=(quantile or 0.95) if tau is None else None,
            )
        )
    return plans
