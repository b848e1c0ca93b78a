"""What the status bar says about the run: the last wish applied, the last checkpoint, speed, time left, seed."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QStatusBar, QWidget

from atu_gui.core import text
from atu_gui.core.events import CheckpointWritten, ControlApplied, Event, RunFailed, RunFinished, RunStarted
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import label

_HEIGHT = 24


class StatusLine(QStatusBar):
    """Facts on the left stay until the next run; speed, time left and seed on the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._written: float | None = None
        self.applied, self.checkpoint, self.speed, self.left, self.seed = (label("", "small") for _ in range(5))
        for words in (self.applied, self.checkpoint, self.speed, self.left, self.seed):
            words.setFont(theme.font(12))
            words.setContentsMargins(6, 0, 6, 0)
        self.setSizeGripEnabled(False)
        self.setFixedHeight(_HEIGHT)
        self.setContentsMargins(6, 0, 6, 0)
        self.addWidget(self.applied)
        self.addWidget(self.checkpoint)
        self.addPermanentWidget(self.speed)
        self.addPermanentWidget(self.left)
        self.addPermanentWidget(self.seed)

    def handle(self, event: Event) -> None:
        """Follow the run."""
        match event:
            case RunStarted():
                self.seed.setText(f"seed {event.seed}")
                self.applied.setText("")
                self._show_checkpoint(None)
            case CheckpointWritten():
                self._show_checkpoint(event.written)
            case ControlApplied():
                name, new = text.KNOBS.get(event.field, event.field), text.knob_value(event.field, event.new)
                where = "" if event.field == "pause_step" else f" applied at step {text.count(event.step)}"
                self.applied.setText(f"✓ {text.capital(name)} {new}{where}")
            case RunFinished() | RunFailed():
                self.speed.setText("")
                self.left.setText("")
                self._show_checkpoint(None)

    def show_pace(self, steps_per_second: float | None, left: str) -> None:
        """How fast the stage under way is, and how long the run still takes, in words."""
        self.speed.setText(f"{text.number(steps_per_second, 1)} steps/s" if steps_per_second else "")
        self.left.setText(f"run {left}" if left else "")
        self._show_checkpoint(self._written)

    def _show_checkpoint(self, written: float | None) -> None:
        self._written = written
        self.checkpoint.setText("" if written is None else f"Checkpoint {text.ago(time.time() - written)}")
