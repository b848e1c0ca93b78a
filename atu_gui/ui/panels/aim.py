"""Where the method takes hold: the hook layer, and τ, which may be moved while the run goes on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QWidget

from atu_gui.core import text
from atu_gui.core.config import RunConfig
from atu_gui.core.events import ControlApplied, Event, ModelLoaded, RunFailed, RunFinished, RunStarted, StepDone
from atu_gui.core.scan import default_layer
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, icon_label, label, mark, row, set_property
from atu_gui.ui.widgets.layer_view import LayerView
from atu_gui.ui.widgets.tau_view import TauView

_LIMIT = 0.99
_FIRST_TAU = 0.35
_UNDOING = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


class TauSpin(QDoubleSpinBox):
    """τ in steps of 0.01, with Shift 0.05."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(-_LIMIT, _LIMIT)
        self.setDecimals(2)
        self.setSingleStep(0.01)
        self.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setValue(_FIRST_TAU)
        self.setKeyboardTracking(False)
        self.setAccessibleName("τ")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def event(self, event: QEvent) -> bool:
        # Undo takes back a τ, wherever it was set, not letters in this field.
        undoes = isinstance(event, QKeyEvent) and any(event.matches(key) for key in _UNDOING)
        if undoes and event.type() == QEvent.Type.ShortcutOverride:
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        wide = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        steps = {Qt.Key.Key_Up: 5, Qt.Key.Key_Down: -5}.get(Qt.Key(event.key())) if wide else None
        if steps is None:
            super().keyPressEvent(event)
        else:
            self.stepBy(steps)

    def textFromValue(self, value: float) -> str:
        return text.number(value, self.decimals())

    def valueFromText(self, words: str) -> float:
        return float(words.replace(text.MINUS, "-").replace(",", ".") or 0.0)


class AimPanel(QWidget):
    """Signals: `changed` (layers), `tau_requested` (a wish; the run decides when it becomes fact)."""

    changed = Signal()
    tau_requested = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._depth: int | None = None
        self._running = False
        self._applied: float | None = None
        self._planned = _FIRST_TAU
        self._layers = QLineEdit()
        self._layers.setAccessibleName("Layers")
        self._layers.setFixedWidth(104)
        self._layers.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._layers.setPlaceholderText("automatic")
        self._layers.setToolTip(RunConfig.model_fields["layers"].description or "")
        self._layers.textEdited.connect(self._layers_edited)
        self._hint = label("", "small", wrap=True)
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self._tau = TauSpin()
        self._tau.setFixedWidth(104)
        self._tau.setToolTip(
            "τ: no prediction should come closer to the concept than this cosine. "
            "Before a run it sets every round; during a run it is applied at the next step. "
            "Arrow keys move it by 0.01, with Shift by 0.05."
        )
        self._tau.valueChanged.connect(self._wished)
        self.layers = LayerView(theme)
        self.layers.picked.connect(self._pick)
        self.view = TauView(theme)
        self.view.tau_requested.connect(self._tau.setValue)
        self._live = mark("Live", "live")
        self._live.hide()
        self._pending_icon = icon_label(theme, "hourglass", "accent_text", 16)
        self._pending = label("", "small", wrap=True)
        self._tau_words = label("τ of every round", "muted")
        pending = row(self._pending_icon, self._pending, spacing=6)
        pending.setStretch(1, 1)
        self._pending_icon.hide()
        layout = column(spacing=6)
        layout.addLayout(row(label("Layer", "muted"), None, self._layers))
        layout.addWidget(self._error)
        layout.addWidget(self._hint)
        layout.addWidget(self.layers)
        layout.addLayout(row(self._tau_words, self._live, None, self._tau))
        layout.addLayout(pending)
        layout.addWidget(self.view)
        self.setLayout(layout)
        self.show_model(None)
        self._say_tau()

    def values(self) -> dict[str, object]:
        """The part of a config that stands here; what is no number stays as typed, for the config to refuse."""
        typed = [part for part in self._layers.text().replace(",", " ").split() if part]
        return {"layers": [int(part) if part.isdigit() else part for part in typed]}

    def show_values(self, config: RunConfig) -> None:
        """Show a config's layers and its first τ."""
        self._layers.setText(", ".join(map(str, config.layers)))
        self._show_picks()
        first = next((plan.tau for plan in config.rounds if plan.tau is not None), None)
        if first is not None and not self._running:
            self._planned = first
            self._show_tau(first)
            self._say_tau()

    def show_model(self, model: ModelLoaded | None) -> None:
        """Say which layers the loaded model has."""
        self._depth = model.layers if model else None
        if model is None:
            self._hint.setText("Empty: a third of the model's depth.")
        else:
            self._hint.setText(
                f"1 to {model.layers}. Empty: a third of the depth, layer {default_layer(model.layers)}."
            )
            self.check()
        self._show_picks()

    def handle(self, event: Event) -> None:
        """Follow the τ of the run."""
        match event:
            case RunStarted():
                self._running, self._applied = True, None
                self._say_tau()
            case StepDone(tau=float() as tau) if tau != self._applied:
                self._settle(tau)
            case ControlApplied(field="tau", new=float() as tau):
                self._settle(tau)
            case RunFinished() | RunFailed():
                self._running = False
                self._say_tau()

    @property
    def planned_tau(self) -> float:
        """The τ of every round that stood here before the newest wish."""
        return self._planned

    def show_planned(self, tau: float) -> None:
        """A τ of every round, set here or taken back."""
        self._planned = tau
        self.show_wish(tau)

    def show_wish(self, tau: float | None) -> None:
        """A wish was made, here or by dragging the line in the plot; None: it was taken back."""
        if tau is None:
            tau = self._applied
        if tau is not None:
            self._show_tau(tau)
        self._say_tau()

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the layer; τ stays free."""
        self._layers.setReadOnly(locked)
        self._live.setVisible(locked)
        self.layers.set_locked(locked)

    def check(self) -> bool:
        """Whether the loaded model has these layers; says so where it has not."""
        if self._depth is None:
            return True
        layers = self.values()["layers"]
        wrong = [one for one in layers if not isinstance(one, int) or not 1 <= one <= self._depth]  # type: ignore[attr-defined]
        if wrong:
            words = f"Layer {wrong[0]} does not exist. This model has {self._depth} layers; choose 1 to {self._depth}."
            self.show_fault("layers", words)
        return not wrong

    def show_fault(self, where: str, words: str) -> bool:
        """Say a fault at the layer; False where it is not ours."""
        if not where.startswith("layers"):
            return False
        set_property(self._layers, "invalid", "true")
        self._error.setText(text.capital(words))
        self._error.show()
        return True

    def clear_faults(self) -> None:
        """Before another attempt."""
        set_property(self._layers, "invalid", "false")
        self._error.hide()

    def summary(self) -> str:
        """In a few words, for the folded section."""
        typed = self._layers.text().strip()
        return f"layer {typed}" if typed else "layer chosen automatically"

    def _pick(self, layers: tuple[int, ...]) -> None:
        self._layers.setText(", ".join(map(str, layers)))
        self._layers_edited()

    def _show_picks(self) -> None:
        """Of an empty field the strip shows the layer that it stands for."""
        typed = [one for one in self.values()["layers"] if isinstance(one, int)]  # type: ignore[attr-defined]
        usual = [default_layer(self._depth)] if self._depth and not typed else []
        self.layers.show_picks(typed or usual)

    def _layers_edited(self) -> None:
        self.clear_faults()
        self._show_picks()
        self.check()
        self.changed.emit()

    def _wished(self, value: float) -> None:
        self._say_tau()
        self.tau_requested.emit(value)

    def _settle(self, tau: float) -> None:
        waiting = self._applied is not None and self._is_pending()
        if not waiting or abs(tau - self._tau.value()) < 0.005:
            self._show_tau(tau)
        self._applied = tau
        self._say_tau()

    def _show_tau(self, tau: float) -> None:
        self._tau.blockSignals(True)
        self._tau.setValue(tau)
        self._tau.blockSignals(False)

    def _is_pending(self) -> bool:
        return self._running and self._applied is not None and abs(self._applied - self._tau.value()) >= 0.005

    def _say_tau(self) -> None:
        self._tau_words.setText("τ now" if self._running else "τ of every round")
        pending = self._is_pending()
        self.view.show_tau(self._tau.value(), pending=pending)
        self._pending_icon.setVisible(pending)
        if pending:
            wish = f"τ {text.number(self._applied)} → {text.number(self._tau.value())} pending."
            self._pending.setText(f'<span style="font-weight: 600">{wish}</span> Applied at the next unlearn step.')
        elif self._running and self._applied is not None:
            self._pending.setText(f"Applied: τ {text.number(self._applied)}.")
        elif self._running:
            self._pending.setText("The first unlearn step sets τ.")
        else:
            self._pending.setText("The schedule below sets each round by itself.")
