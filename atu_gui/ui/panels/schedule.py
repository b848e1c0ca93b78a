"""The rounds of a run: a preset, or a table edited by hand, with marks for what is done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from atu_gui.core import text
from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.events import (
    ControlApplied,
    Event,
    RunFailed,
    RunFinished,
    RunStarted,
    StageStarted,
    StepDone,
    TauChosen,
)
from atu_gui.core.presets import Preset
from atu_gui.core.schedule import CUSTOM, DESCRIPTIONS, PRESETS, constant_tau, preset
from atu_gui.ui.forms import CalmCombo
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, icon_button, label, row
from atu_gui.ui.widgets.round_table import RoundTable, RoundView
from atu_gui.ui.widgets.tables import fit_rows

_BY_HAND = "Your own rounds. Double-click a number to change it."


class SchedulePanel(QWidget):
    """Signals: `changed`, `preset_requested` (a preset of the user's own, whose settings lie elsewhere too)."""

    changed = Signal()
    preset_requested = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preset = CalmCombo()
        self._preset.setAccessibleName("Preset of the schedule")
        self._preset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._own: dict[str, Preset] = {}
        self._fill()
        self._preset.currentIndexChanged.connect(self._chosen)
        self._menu = QMenu(self)
        self._more = icon_button(theme, "dots-three", "Save, rename or delete a preset")
        self._more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._more.clicked.connect(lambda: self._menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft())))
        self._about = label("", "small", wrap=True)
        self._table = RoundTable(theme)
        self._table.edited.connect(self._by_hand)
        self._table.refused.connect(self._refuse)
        self._view = RoundView(theme, self._table)
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self._add = button(theme, "Add round", "quiet", "plus", size="flush", tip="One more round like the last")
        self._remove = button(theme, "Remove round", "quiet", "minus", size="flush", tip="Take the last round away")
        self._add.clicked.connect(self._add_round)
        self._remove.clicked.connect(self._remove_round)
        layout = column(spacing=6)
        top = row(self._preset, self._more, spacing=4)
        top.setStretch(0, 1)
        layout.addLayout(top)
        for widget in (self._about, self._view, self._error):
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
        own = self._own.get(config.schedule)
        # A preset may have been changed since the config was made; then these rounds are not its own.
        known = config.schedule in PRESETS or (own is not None and own.rounds == tuple(config.rounds))
        plans = config.rounds or preset(config.schedule if known else PRESETS[0])
        self._set_preset(config.schedule if known else CUSTOM)
        self._show(plans)

    @property
    def own_preset(self) -> Preset | None:
        """The chosen preset, where it is one of the user's own."""
        return self._own.get(self._preset.currentData())

    def offer(self, *actions: QAction) -> None:
        """What may be done with presets."""
        self._menu.addActions(list(actions))

    def show_presets(self, presets: Sequence[Preset]) -> None:
        """The user's own presets; the rounds stay, as custom ones where their preset is gone."""
        chosen = self._preset.currentData()
        self._own = {one.name: one for one in presets}
        self._fill()
        own = self._own.get(chosen)
        kept = chosen in PRESETS or (own is not None and list(own.rounds) == self._table.plans)
        self._set_preset(chosen if kept else CUSTOM)

    def call(self, own: Preset) -> None:
        """Name the rounds by a preset of the user's own that has them, as an edit."""
        if list(own.rounds) == self._table.plans:
            self._set_preset(own.name)
            self.changed.emit()

    def show_preset(self, name: str) -> None:
        """Show the rounds of a preset that comes with the program."""
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
        if name in self._own:
            self.preset_requested.emit(self._own[name])
        elif name != CUSTOM:
            self._choose(name)
            self.changed.emit()
        else:
            self._about.setText(_BY_HAND)
            self.changed.emit()

    def _choose(self, name: str) -> None:
        self._about.setText(DESCRIPTIONS[name])
        self._show(preset(name))

    def _show(self, plans: list[RoundPlan]) -> None:
        self._table.show(plans)
        self._fit()
        self._error.hide()

    def _fit(self) -> None:
        fit_rows(self._view, most=10)
        self._view.fit_columns()
        self._remove.setEnabled(len(self._table.plans) > 1)

    def _set_preset(self, name: str) -> None:
        self._preset.blockSignals(True)
        self._preset.setCurrentIndex(self._preset.findData(name))
        self._preset.blockSignals(False)
        own = "A preset of yours: rounds and settings. Double-click a number to change it."
        self._about.setText(own if name in self._own else DESCRIPTIONS.get(name, _BY_HAND))

    def _fill(self) -> None:
        self._preset.blockSignals(True)
        self._preset.clear()
        for name in PRESETS:
            self._preset.addItem(name.capitalize(), name)
        for name in self._own:
            self._preset.addItem(name, name)
        self._preset.addItem("Custom", CUSTOM)
        self._preset.blockSignals(False)

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
