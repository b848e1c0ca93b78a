"""What may be turned while a run goes on, apart from τ: weights, rates, steps, goals and floors.

Every row shows what holds now in its editor. An edited value is a wish, and is called pending until the run says
that a step has applied it. τ has its own place, in the aim and in the plot.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QHBoxLayout, QWidget

from atu_gui.core import text
from atu_gui.core.config import AlignConfig, RoundPlan, RunConfig, UnlearnConfig
from atu_gui.core.events import ControlApplied, Event, RunFailed, RunFinished, RunStarted, StageStarted
from atu_gui.core.guarding import GuardConfig
from atu_gui.ui.forms import CalmSpin, Field
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, icon_label, label, mark, row, rule, set_property

MORE_STEPS = 5
_WIDTH = 92
_UNLEARN, _ALIGN, _ANY = "the next unlearn step", "the next align step", "the next step"


@dataclass(frozen=True, slots=True)
class _Knob:
    """A row: its name in `text.KNOBS`, the config field that says its range and help, and when it takes effect."""

    name: str
    owner: type[BaseModel]
    field: str
    label: str
    when: str = _ANY


_KNOBS = (
    _Knob("retain_weight", UnlearnConfig, "retain_weight", "Retain weight λ", _UNLEARN),
    _Knob("unlearn_learning_rate", UnlearnConfig, "learning_rate", "Unlearn rate", _UNLEARN),
    _Knob("align_learning_rate", AlignConfig, "learning_rate", "Align rate", _ALIGN),
    _Knob("stage_steps", RoundPlan, "unlearn_steps", "Steps of this stage"),
    _Knob("align_steps", RoundPlan, "align_steps", "Later align stages"),
    _Knob("unlearn_steps", RoundPlan, "unlearn_steps", "Later unlearn stages"),
    *(
        _Knob(name, GuardConfig, name, str((info.json_schema_extra or {})["label"]))  # type: ignore[index]
        for name, info in GuardConfig.model_fields.items()
    ),
)
_STEPS = ("stage_steps", "align_steps", "unlearn_steps")
_GUARDS = tuple(GuardConfig.model_fields)


class LiveRow(QObject):
    """One knob. Signal: `wished` (name, value; None where a guard is to be off).

    Attributes:
        applied: What holds in the run.
        pending: Whether a wish waits.
    """

    wished = Signal(str, object)

    def __init__(self, knob: _Knob, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.knob = knob
        self.applied: object = None
        self._wish: object = None
        self.pending = False
        self._field = Field(knob.owner, knob.field, self)
        editor = self._field.editor
        editor.setFixedWidth(_WIDTH)
        editor.setAccessibleName(knob.label)
        if isinstance(editor, QAbstractSpinBox):
            # A number half typed must not become a wish.
            editor.setKeyboardTracking(False)
        words = label(knob.label, "muted")
        words.setToolTip(self._field.help)
        words.setBuddy(editor)
        self._icon = icon_label(theme, "hourglass", "accent_text", 12)
        self._words = label("", "small", wrap=True)
        note = row(self._icon, self._words, spacing=6)
        note.setStretch(1, 1)
        self._note = QWidget()
        self._note.setLayout(note)
        self._note.hide()
        self.layout: QHBoxLayout = row(words, None, editor)
        self.below = (self._note, self._field.error)
        self._field.changed.connect(self._edited)

    @property
    def words(self) -> str:
        """What is said about a pending wish."""
        return self._words.text() if self.pending else ""

    @property
    def wanted(self) -> object:
        """The wish, or what holds where there is none."""
        return self._wish if self.pending else self.applied

    def settle(self, value: object) -> None:
        """This value holds now; another wish that was made meanwhile stays."""
        self.applied = value
        if not self.pending or value == self._wish:
            self.forget()
        else:
            self._say()

    def forget(self) -> None:
        """Drop the wish and show what holds."""
        self.pending = False
        # Of a run that failed before its first stage no steps are known; a guard without a value is off.
        if self.applied is not None or self.knob.owner is GuardConfig:
            self._field.set_value(self.applied)
        self._say()

    def wish(self, value: object) -> None:
        """As if the user had typed it."""
        self._field.set_value(value)
        self._edited()

    def set_editable(self, editable: bool) -> None:
        """Whether there is anything left for the knob to change."""
        self._field.editor.setEnabled(editable)

    def _edited(self) -> None:
        if self._field.fault():
            return
        value = self._field.checked()
        if value == self.applied and not self.pending:
            return
        # A wish for what holds already takes an earlier wish back.
        self._wish, self.pending = value, value != self.applied
        self._say()
        self.wished.emit(self.knob.name, value)

    def _say(self) -> None:
        self._note.setVisible(self.pending)
        set_property(self._field.editor, "pending", "true" if self.pending else "false")
        if self.pending:
            old, new = (_shown(self.knob.name, value) for value in (self.applied, self._wish))
            change = f'<span style="font-weight: 600">{old} → {new} pending.</span>'
            self._words.setText(f"{change} Applied at {self.knob.when}.")


class LivePanel(QWidget):
    """Signals: `wished` (a knob's name and value), `pause_requested` (after so many more steps)."""

    wished = Signal(str, object)
    pause_requested = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = {knob.name: LiveRow(knob, theme, self) for knob in _KNOBS}
        self._stage: StageStarted | None = None
        self._later: dict[str, list[tuple[int, int]]] = {}
        layout = column(spacing=6)
        for names in (("retain_weight", "unlearn_learning_rate", "align_learning_rate"), _STEPS, _GUARDS):
            if names is not _STEPS and names is not _GUARDS:
                live = row(mark("Live", "live"), label("A change waits for the step that uses it.", "small", wrap=True))
                live.setStretch(1, 1)
                layout.addLayout(live)
            else:
                layout.addWidget(rule())
                title = "Steps" if names is _STEPS else "Goals and floors"
                layout.addWidget(label(title, "heading"))
            for name in names:
                layout.addLayout(self.rows[name].layout)
                for below in self.rows[name].below:
                    layout.addWidget(below)
        layout.addWidget(rule())
        layout.addLayout(self._pause_row(theme))
        self.setLayout(layout)
        for one in self.rows.values():
            one.wished.connect(self.wished)

    def show_run(self, config: RunConfig) -> None:
        """A run began with this config, which must be settled."""
        start = {
            "retain_weight": config.unlearn.retain_weight,
            "unlearn_learning_rate": config.unlearn.learning_rate,
            "align_learning_rate": config.align.learning_rate,
            **config.guards.model_dump(),
        }
        for name, value in start.items():
            self.rows[name].pending = False
            self.rows[name].settle(value)

    def handle(self, event: Event) -> None:
        """Follow what the run applied and which stage it is in."""
        match event:
            case RunStarted():
                self._later = {
                    f"{kind}_steps": [(stage.round, stage.steps) for stage in event.stages if stage.stage == kind]
                    for kind in ("align", "unlearn")
                }
                self._stage = None
                self._show_steps()
            case StageStarted():
                self._stage = event
                self.rows["stage_steps"].pending = False
                self._show_steps()
            case ControlApplied() if event.field in self.rows:
                if event.field in self._later and event.new is not None:
                    self._later[event.field] = [(number, round(event.new)) for number, _ in self._later[event.field]]
                self.rows[event.field].settle(_value(event.field, event.new))
            case RunFinished() | RunFailed():
                for one in self.rows.values():
                    one.forget()

    def guards(self) -> GuardConfig:
        """All goals and floors as they are wished for."""
        return GuardConfig.model_validate({name: self.rows[name].wanted for name in _GUARDS})

    def wish(self, name: str, value: object) -> None:
        """Wish for a value of a knob on the user's behalf."""
        self.rows[name].wish(value)

    def stage(self) -> StageStarted | None:
        """The stage that “steps of this stage” is about."""
        return self._stage

    @property
    def more_steps(self) -> int:
        """How many steps “pause after” counts."""
        return self._more.value()

    def summary(self) -> str:
        """In a few words, for the folded section."""
        pending = sum(one.pending for one in self.rows.values())
        return f"{text.count(pending, 'change')} pending" if pending else "weights, rates, steps, goals"

    def _show_steps(self) -> None:
        """Steps of the stage under way, and of the next one of either kind."""
        here = self._stage
        this = self.rows["stage_steps"]
        this.set_editable(here is not None and here.stage != "probe")
        if here is not None:
            this.settle(here.steps if here.stage != "probe" else 0)
        for name, stages in self._later.items():
            ahead = [steps for number, steps in stages if _is_ahead(name, number, here)]
            self.rows[name].set_editable(bool(ahead))
            if ahead:
                self.rows[name].settle(ahead[0])

    def _pause_row(self, theme: Theme) -> QHBoxLayout:
        self._more = CalmSpin()
        self._more.setRange(1, 1_000_000)
        self._more.setValue(MORE_STEPS)
        self._more.setGroupSeparatorShown(True)
        self._more.setSuffix(" steps")
        self._more.setFixedWidth(_WIDTH)
        self._more.setAccessibleName("More steps before the pause")
        go = button(theme, "Pause after", icon="pause", tip="Go on for so many steps, then hold the run (Ctrl+Shift+P)")
        go.clicked.connect(lambda: self.pause_requested.emit(self._more.value()))
        return row(go, None, self._more)


def _is_ahead(name: str, number: int, here: StageStarted | None) -> bool:
    if here is None or number > here.round:
        return True
    return number == here.round and here.stage == "align" and name == "unlearn_steps"


def _value(name: str, value: float | None) -> object:
    """What `ControlApplied` carries, as the field has it."""
    if name == "action":
        return "pause" if value else "stop"
    return round(value) if name in _STEPS and value is not None else value


def _shown(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    return text.knob_value(name, float(value) if isinstance(value, int | float) else None)
