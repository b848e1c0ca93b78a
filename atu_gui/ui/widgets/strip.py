"""A line above the docks that says what is special at the moment, and leads out of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from atu_gui.core.ports import RunRecord, Weights
from atu_gui.ui.actions import bind
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, button, icon_label, mark, row
from atu_gui.ui.widgets.runs_model import state_of, when


class Strip(QFrame):
    """A tag, words and buttons; hidden while there is nothing to say.

    Signals: `left` (the way out was taken), `pressed` (a button that is about a kept run, before it acts).
    """

    left = Signal()
    pressed = Signal()

    def __init__(self, theme: Theme, icon: str, tag: str, out: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("card", "info")
        self.setFixedHeight(40)
        self.words = Elided("", Qt.TextElideMode.ElideRight)
        self._mark = mark(tag, "live")
        self._tail = QLabel()
        self.out = button(theme, out, icon="x")
        self.out.clicked.connect(self.left)
        self._of_kept: list[QPushButton] = []
        self._offered: dict[QPushButton, str] = {}
        self._narrow = False
        self._buttons = row(spacing=6)
        layout = row(icon_label(theme, icon, "accent_text"), spacing=8)
        layout.addWidget(self._mark)
        layout.addLayout(row(self.words, self._tail, spacing=4))
        layout.addStretch(1)
        layout.addLayout(self._buttons)
        layout.addWidget(self.out)
        layout.setContentsMargins(12, 0, 8, 0)
        self.setLayout(layout)
        self.hide()

    def offer(self, icon: str, words: str, action: QAction, *, of_kept: bool = True) -> None:
        """A button that does what an action does, and is off when it is; one `of_kept` is about runs in the list."""
        made = button(self._theme, words, icon=icon)
        if of_kept:
            made.clicked.connect(self.pressed)
            self._of_kept.append(made)
        bind(made, action)
        self._offered[made] = words
        self._buttons.addWidget(made)

    def set_narrow(self, narrow: bool) -> None:
        """Like those of the toolbar, what is offered loses its words in a narrow window; name and tooltip stay."""
        self._narrow = narrow
        self._say_offers()

    def say(self, words: str, tail: str = "", tip: str = "") -> None:
        """Show these words; where there is no room they are shortened, but for their tail."""
        self.words.setText(words)
        self._tail.setText(tail)
        self._tail.setVisible(bool(tail))
        for one in (self.words, self._tail):
            one.setToolTip(tip or words)
        self.setAccessibleName(f"{self._mark.text()}: {self.said}")
        self.show()

    def _say_offers(self) -> None:
        # One alone has room for its words.
        wordless = self._narrow and any(not one.isHidden() for one in self._of_kept)
        for made, words in self._offered.items():
            self._theme.say(made, "" if wordless else words)

    @property
    def said(self) -> str:
        """What it says, unshortened."""
        return f"{self.words.text()} {self._tail.text()}".strip()


class PastStrip(Strip):
    """Says that the panels show a run of earlier, and whose it is: the user's own, or the one that is shipped."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "clock-counter-clockwise", "Opened run", "Close opened run", parent)

    def show_run(self, record: RunRecord | None, *, live: bool, kept: bool) -> None:
        """Name the run that is shown; None hides the strip.

        `live` says whether there is another to go back to, `kept` whether the run is in the list of runs.
        """
        for one in self._of_kept:
            one.setVisible(kept)
        self._say_offers()
        if record is None:
            self.hide()
            return
        good = f", round {record.best_round} kept" if record.best_round else ""
        state = state_of(record)[0].lower()
        words, tail = f"Run {record.run_id} · {record.title}", f"· {when(record.started)} · {state}{good}"
        what = "Opened run" if kept else "Recorded run"
        self._mark.setText(what)
        self.out.setText("Back to the present run" if live else f"Close {what.lower()}")
        self.out.setAccessibleName(self.out.text())
        self.say(words, tail, "\n".join(part for part in (f"{words} {tail}", record.note, record.folder) if part))


class BranchStrip(Strip):
    """Says that the next run begins with the weights of a round of an earlier one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "git-branch", "Branch", "Begin untouched instead", parent)

    def show_start(self, weights: Weights | None) -> None:
        """Name the round; None hides the strip."""
        if weights is None:
            self.hide()
            return
        self.say(
            f"The next run begins with run {weights.run_id}, round {weights.round}, on the same texts and questions. "
            "Change the set-up as you like, then press Run."
        )
