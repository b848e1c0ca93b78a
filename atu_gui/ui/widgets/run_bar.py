"""The row below the menu: the model, the four buttons of a run, how far it is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QToolButton, QWidget

from atu_gui.core import text
from atu_gui.core.events import ModelLoaded, Progress
from atu_gui.core.progress import RunProgress
from atu_gui.ui.actions import Actions, bind
from atu_gui.ui.session import BUSY, IN_RUN, Phase
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, button, column, icon_button, icon_label, label, row, set_property
from atu_gui.ui.widgets.device_strip import DeviceStrip
from atu_gui.ui.widgets.stage_bar import StageBar

HEIGHT = 56
_ANY_WIDTH = 16777215
_NO_MODEL = ("No model", "Choose one, or press Run")
_BUSY_WORDS = {
    Phase.FETCHING: "Fetching the starter kit",
    Phase.LOADING: "Loading the model",
    Phase.WRITING: "Getting the texts ready",
    Phase.EXPORTING: "Exporting",
    Phase.AUDITING: "Auditing",
    Phase.EVALUATING: "Evaluating",
    Phase.MEASURING: "Measuring the untouched model",
}


class ModelChip(QPushButton):
    """Name of the model; device, number format and memory below it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFixedHeight(40)
        self._name, self._facts = label("", "heading"), label("", "caption")
        words = column(self._name, self._facts, spacing=0)
        layout = row(icon_label(theme, "cube", "muted", 20), spacing=10)
        layout.setContentsMargins(10, 2, 8, 2)
        layout.addLayout(words, 1)
        layout.addWidget(icon_label(theme, "caret-down", "muted", 12))
        self.setLayout(layout)
        for child in self.findChildren(QLabel):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMinimumWidth(232)
        self.show_model(None)

    def show_model(self, model: ModelLoaded | None) -> None:
        """Say which model is loaded."""
        if model is None:
            self._say(*_NO_MODEL, "Model: none", "Click to load a model.")
            return
        facts = (text.device(model.device), text.number_format(model.dtype), text.size(model.memory_bytes))
        name = self._name.fontMetrics().elidedText(model.name, Qt.TextElideMode.ElideMiddle, 220)
        tip = f"{model.name}\nWeights {model.weights_hash}. Click to load another."
        self._say(name, " · ".join(facts), f"Model: {model.name}, {', '.join(facts)}", tip)

    def _say(self, name: str, facts: str, spoken: str, tip: str) -> None:
        self._name.setText(name)
        self._facts.setText(facts)
        self.setAccessibleName(spoken)
        self.setToolTip(tip)


class RunBar(QWidget):
    """Signal: `model_pressed` (the chip was clicked)."""

    model_pressed = Signal()

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolbar_row")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._theme = theme
        self._compact = False
        self._phase = Phase.IDLE
        self._progress = RunProgress()
        self.chip = ModelChip(theme)
        self.chip.clicked.connect(self.model_pressed)
        self._run = button(theme, "Run", "primary", "play-fill", size="large")
        self._pause = button(theme, "Pause", icon="pause-fill", size="large")
        self._skip = button(theme, "Skip stage", icon="skip-forward", size="large")
        self._stop = button(theme, "Stop", icon="square", size="large")
        self._buttons = {
            self._run: actions.run,
            self._pause: actions.pause,
            self._skip: actions.skip,
            self._stop: actions.stop,
        }
        for one, action in self._buttons.items():
            bind(one, action)
        self._ways = icon_button(theme, "caret-down", "Ways to stop the run")
        menu = QMenu("Ways to stop the run", self)
        menu.addActions([actions.stop, actions.discard])
        self._ways.setMenu(menu)
        self._ways.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._begin = label("", "heading")
        self._rest = Elided("", Qt.TextElideMode.ElideRight)
        self._rest.setProperty("role", "muted")
        self._left = label("", "muted")
        for words in (self._begin, self._rest, self._left):
            words.setFont(theme.font())
        self._left.setToolTip("Until the last planned round; a goal or a guard may end the run before that.")
        self._bar = StageBar(theme)
        line = row(self._begin, self._rest, self._left, spacing=6)
        line.setStretch(1, 1)
        self._line = line
        progress = column(spacing=3)
        progress.addStretch(1)
        progress.addLayout(line)
        progress.addWidget(self._bar)
        progress.addStretch(1)
        layout = row(self.chip, 8, *self._buttons, self._ways, 8, spacing=4)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.addLayout(progress, 1)
        self.strip = DeviceStrip(theme)
        layout.addSpacing(8)
        layout.addWidget(self.strip)
        self.setLayout(layout)
        theme.changed.connect(self._dress)
        self.show_phase(Phase.IDLE)

    def set_compact(self, compact: bool) -> None:
        """Below 1440 px the buttons lose their words; Pause keeps its own."""
        if compact != self._compact:
            self._compact = compact
            self.strip.set_compact(compact)
            self._dress()
            self.show_progress(self._progress)

    def show_phase(self, phase: Phase) -> None:
        """Fill the one button that is next."""
        self._phase = phase
        self._ways.setEnabled(phase in (Phase.RUNNING, Phase.PAUSED))
        self._dress()
        if phase in BUSY:
            self._say(_BUSY_WORDS[phase], "", "")
        else:
            self.show_progress(self._progress)

    def show_job(self, event: Progress) -> None:
        """Say how far the work before a run is."""
        if self._phase in BUSY:
            left = f"{text.duration(event.seconds_left)} left" if event.seconds_left is not None else ""
            self._say(_BUSY_WORDS[self._phase], f"{event.what} · {text.progress(event)}".strip(" ·"), left)

    def show_progress(self, progress: RunProgress) -> None:
        """Say how far the run is."""
        self._progress = progress
        self._bar.show_progress(progress)
        if self._phase in BUSY:
            return
        if self._phase is Phase.STOPPING:
            self._say("Stopping", "after the current step; the last good round is kept", "")
            return
        if not progress.stages and not progress.ended and self._phase not in IN_RUN:
            self._say("No run yet", "Press Run to begin", "")
            return
        begin, rest = progress.words()
        self._say(begin, rest, self._time_left(progress))

    def _time_left(self, progress: RunProgress) -> str:
        if progress.ended or self._phase not in IN_RUN:
            return f"took {text.duration(progress.seconds)}" if progress.seconds else ""
        stage, whole = progress.stage_left(), progress.left_words()
        parts = [] if stage is None else [f"stage {text.duration(stage)}" + ("" if self._compact else " left")]
        if whole:
            parts.append(f'<span style="font-weight: 600">run {whole}</span>')
        return " · ".join(parts)

    def _say(self, begin: str, rest: str, left: str) -> None:
        self._begin.setText(begin)
        self._left.setText(left)
        self._rest.setText(f"· {rest}" if rest else "")
        self._rest.setToolTip(rest)
        # At once: else the words would be painted once into the places of the words before.
        self._line.activate()

    def _dress(self) -> None:
        filled = {Phase.RUNNING: self._pause, Phase.PAUSED: self._pause}.get(self._phase, self._run)
        paused = self._phase is Phase.PAUSED
        icons = {self._pause: "play-fill" if paused else "pause-fill", self._run: "play-fill"}
        icons |= {self._skip: "skip-forward", self._stop: "square"}
        for one, action in self._buttons.items():
            primary = one is filled and one.isEnabled()
            set_property(one, "kind", "primary" if primary else "")
            wordless = self._compact and one is not self._pause
            one.setText("" if wordless else action.text())
            self._theme.dress(one, icons[one], "on_accent" if primary else "text")
            one.setMinimumWidth(32 if wordless else 0)
            one.setMaximumWidth(32 if wordless else _ANY_WIDTH)
            set_property(one, "bare", wordless)
