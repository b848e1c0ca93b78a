"""What the status bar says: of the run the last wish applied, the last checkpoint, speed, time left and seed; without
one what this machine has free."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from atu_gui.core import text
from atu_gui.core.events import CheckpointWritten, ControlApplied, Event, RunFailed, RunFinished, RunPaused, RunStarted
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import label

_HEIGHT = 24


class StatusLine(QStatusBar):
    """Facts on the left, speed, time left and seed on the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._written: float | None = None
        self._pauses = False
        self.place, self.applied, self.checkpoint = (label("", "small") for _ in range(3))
        self.speed, self.left, self.seed, self.disk = (label("", "small") for _ in range(4))
        for words in (self.place, self.applied, self.checkpoint, self.speed, self.left, self.seed, self.disk):
            words.setFont(theme.font(12))
            words.setContentsMargins(6, 0, 6, 0)
        self.setSizeGripEnabled(False)
        self.setFixedHeight(_HEIGHT)
        self.setContentsMargins(6, 0, 6, 0)
        self.addWidget(self.place)
        self.addWidget(self.applied)
        self.addWidget(self.checkpoint)
        self.addPermanentWidget(self.speed)
        self.addPermanentWidget(self.left)
        self.addPermanentWidget(self.seed)
        self.addPermanentWidget(self.disk)
        for words in (self.applied, self.checkpoint, self.speed, self.left):
            words.hide()

    def handle(self, event: Event) -> None:
        """Follow the run."""
        match event:
            case RunStarted():
                self.seed.setText(f"seed {event.seed}")
                self._begin_or_end(runs=True)
            case CheckpointWritten():
                self._show_checkpoint(event.written)
            case ControlApplied(field="pause_step"):
                self._pauses = True
                _say(self.applied, f"Pauses after step {text.knob_value(event.field, event.new)}")
            case ControlApplied():
                self._pauses = False
                name, new = text.KNOBS.get(event.field, event.field), text.knob_value(event.field, event.new)
                _say(self.applied, f"✓ {text.capital(name)} {new} applied at step {text.count(event.step)}")
            case RunPaused() if self._pauses:
                self._pauses = False
                _say(self.applied, "")
            case RunFinished() | RunFailed():
                self._begin_or_end(runs=False)

    def show_place(self, place: str, disk: str) -> None:
        """What the device and the disk have free; said while no run has more to say."""
        self.place.setText(place)
        self.disk.setText(disk)

    def show_pace(self, steps_per_second: float | None, left: str) -> None:
        """How fast the stage under way is, and how long the run still takes, in words."""
        _say(self.speed, f"{text.number(steps_per_second, 1)} steps/s" if steps_per_second else "")
        _say(self.left, f"run {left}" if left else "")
        self._show_checkpoint(self._written)

    def _begin_or_end(self, *, runs: bool) -> None:
        for words in (self.applied, self.speed, self.left):
            _say(words, "")
        self._pauses = False
        self._show_checkpoint(None)
        for words in (self.place, self.disk):
            words.setVisible(not runs)

    def _show_checkpoint(self, written: float | None) -> None:
        self._written = written
        _say(self.checkpoint, "" if written is None else f"Checkpoint {text.ago(time.time() - written)}")


def _say(place: QLabel, words: str) -> None:
    """What says nothing takes no room: the next words move up."""
    place.setText(words)
    place.setVisible(bool(words))
