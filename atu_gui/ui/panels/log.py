"""What happened, line by line: notes, stages, warnings and errors, with the time."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent, QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QStackedLayout, QWidget

from atu_gui.core import text
from atu_gui.core.events import (
    ControlApplied,
    Event,
    GuardTripped,
    JobFailed,
    ModelLoaded,
    Note,
    RoundScored,
    RunContinued,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageEnded,
    StageStarted,
    StepDone,
    StoreMended,
    TauChosen,
)
from atu_gui.ui.theme import Theme

_MOST_LINES = 5000
_LEVELS = {"info": "       ", "warning": "warning", "error": "error  "}
_COLOURS = {"error": "bad", "warning": "warn"}
# Between the time of a line and its words.
_GAP = "  "


class _Lines(QPlainTextEdit):
    """Read-only lines; where their end is seen, it stays in sight when they wrap anew."""

    @property
    def at_end(self) -> bool:
        """Whether the last line is seen."""
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - 4

    def follow(self) -> None:
        """Bring the last line into sight."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        was_at_end = self.at_end
        super().resizeEvent(event)
        if was_at_end:
            self.follow()


class LogPanel(QWidget):
    """Read-only lines in the mono face; it follows the end unless the user has scrolled up."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, now: Callable[[], str] | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._now = now or (lambda: datetime.datetime.now().strftime("%H:%M:%S"))
        self._view = self._make_view("Log")
        self._past = self._make_view("Log of the recorded run")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._view)
        self._stack.addWidget(self._past)
        theme.changed.connect(self._recolour)

    def write(self, words: str, level: str = "info") -> None:
        """Add a line."""
        self._write(self._view, self._now(), words, level)

    def lines(self) -> list[str]:
        """What stands in the log."""
        return self._view.toPlainText().splitlines()

    def past_lines(self) -> list[str]:
        """What stands in the log of the recorded run that is shown."""
        return self._past.toPlainText().splitlines()

    def handle(self, event: Event) -> None:
        """Write what an event means; steps and answers would drown the rest and are left out."""
        if told := _told(event):
            self.write(*told)

    def show_past(self, events: Iterable[Event]) -> None:
        """Show the log of a recorded run, with the times of then (pauses are not counted); new lines wait behind it."""
        self._past.clear()
        started, seconds = 0.0, 0.0
        for event in events:
            if isinstance(event, RunStarted):
                started = event.started
            elif isinstance(event, StepDone | RoundScored | RunFinished):
                seconds = event.seconds
            if told := _told(event):
                self._write(self._past, time.strftime("%H:%M:%S", time.localtime(started + seconds)), *told)
        self._stack.setCurrentWidget(self._past)
        self._past.verticalScrollBar().setValue(0)

    def show_live(self) -> None:
        """Back to what happens now."""
        self._stack.setCurrentWidget(self._view)

    def _make_view(self, name: str) -> _Lines:
        view = _Lines()
        view.setReadOnly(True)
        view.setMaximumBlockCount(_MOST_LINES)
        view.setFont(self._theme.font(12, mono=True))
        view.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        view.setPlaceholderText("What happens is written here.")
        view.setAccessibleName(name)
        view.setStyleSheet("QPlainTextEdit { border: none; background: transparent; padding: 8px 12px; }")
        return view

    def _write(self, view: _Lines, when: str, words: str, level: str) -> None:
        at_end = view.at_end
        cursor = QTextCursor(view.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not view.document().isEmpty():
            cursor.insertBlock()
        prefix = f"{_LEVELS[level].strip()}: " if level != "info" else ""
        cursor.insertText(f"{when}{_GAP}{prefix}{words}")
        cursor.block().setUserState(list(_LEVELS).index(level))
        self._colour(cursor.block())
        if at_end:
            view.follow()

    def _colour(self, block: QTextBlock) -> None:
        """The time of a line in grey, the rest by its level; a log without lines is one empty block."""
        if not block.text():
            return
        level = list(_LEVELS)[max(block.userState(), 0)]
        cursor = QTextCursor(block)
        shape = cursor.charFormat()
        for length, token in ((block.text().find(_GAP), "muted"), (None, _COLOURS.get(level, "text"))):
            if length is None:
                cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            else:
                cursor.setPosition(block.position() + length, QTextCursor.MoveMode.KeepAnchor)
            shape.setForeground(self._theme.color(token))
            cursor.setCharFormat(shape)
            cursor.setPosition(cursor.selectionEnd())

    @Slot()
    def _recolour(self) -> None:
        """Lines carry their colours, so those that stand are painted again when the theme changes."""
        for view in (self._view, self._past):
            block = view.document().begin()
            while block.isValid():
                self._colour(block)
                block = block.next()


def _told(event: Event) -> tuple[str, str] | None:
    """An event's line and its level."""
    if isinstance(event, Note):
        return event.text, event.level
    if isinstance(event, StoreMended):
        return event.words, "warning"
    if isinstance(event, GuardTripped):
        return event.words, "info" if event.guard == "forget goal" else "warning"
    if isinstance(event, JobFailed | RunFailed):
        return f"{event.message} {event.hint}".strip(), "error"
    words = _words(event)
    return (words, "info") if words else None


def _words(event: Event) -> str:
    match event:
        case ModelLoaded():
            where = f"{text.device(event.device)}, {text.number_format(event.dtype)}"
            names = " and ".join(filter(None, (event.name, event.encoder)))
            return f"Loaded {names} on {where} in {event.seconds:.1f} s."
        case RunStarted():
            return (
                f"Run {event.run_id} started: {', '.join(event.concepts)}; layer "
                f"{', '.join(map(str, event.layers))}; recipe {event.recipe}; seed {event.seed}. Results go to "
                f"{event.folder}."
            )
        case StageStarted(stage="probe"):
            return f"Round {event.round}: questions." if event.round else "Untouched model: questions."
        case StageStarted():
            return f"Round {event.round}: {event.stage}, {text.count(event.steps, 'step')}."
        case StageEnded(reason="skipped" | "inactive" | "stopped" | "budget"):
            why = {"inactive": "hardly any position lies above τ", "budget": "the budget is spent"}
            return f"Round {event.round}: {event.stage} ended early ({why.get(event.reason, event.reason)})."
        case TauChosen():
            return (
                f"Round {event.round}: τ {text.number(event.tau)} ({event.reason}); above it "
                f"{text.percent(event.concept_share_above)} of concept and "
                f"{text.percent(event.retain_share_above)} of retain positions."
            )
        case ControlApplied():
            words = text.capital(text.change(event))
            return f"{words} by you" + (
                "." if event.field == "pause_step" else f", applied at step {text.count(event.step)}."
            )
        case RoundScored():
            return _scores(event)
        case RunPaused():
            return f"Paused by {event.by} before step {text.count(event.step + 1)}."
        case RunResumed():
            return "Resumed."
        case RunContinued():
            return f"Resumed from the checkpoint at step {text.count(event.step)}, after the program had ended."
        case RunFinished():
            best = f"round {event.best_round} is kept" if event.best_round else "no round was good enough to keep"
            because = event.stopped_because.rstrip(".")
            return f"Run ended: {because}; {best}; {text.duration(event.seconds)} of run time."
    return ""


def _scores(event: RoundScored) -> str:
    name = f"Round {event.round}" if event.round else "Untouched model"
    side = ", test" if event.tested else ""
    parts = [
        f"{label} {text.interval(value)}"
        for label, value in (
            (f"forget{side}", event.recall("forget", "test")),
            (f"neighbour{side}", event.recall("neighbour", "test")),
            ("token loss", event.token_loss),
            ("fluency in bits", event.fluency_entropy),
        )
        if value is not None
    ]
    void = f" {event.collapse} The forget score is void." if event.collapse else ""
    return f"{name}: {', '.join(parts) or 'nothing to measure'}.{void}"
