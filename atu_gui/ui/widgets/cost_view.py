"""What a run would take, in one line at the foot of the set-up, with the figures behind it on request."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.estimate import Estimate
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, icon_button, icon_label, label, row, rule, show_facts

_HARD = "\N{NO-BREAK SPACE}"
_ADVICE = "Aim at a lower layer, shorten passages or make the batch smaller."


class CostView(QWidget):
    """Hidden until there is something to say."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._warning = icon_label(theme, "warning", "warn", 16)
        self._warning.hide()
        self._line = label("", "small", wrap=True)
        self._toggle = icon_button(theme, "caret-up", "Show what takes memory")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._unfold)
        self._details = QWidget()
        self._details.setLayout(column(spacing=2))
        self._details.hide()
        line = row(self._warning, self._line, self._toggle, spacing=6)
        line.setStretch(1, 1)
        inside = column(self._details, spacing=6)
        inside.addLayout(line)
        inside.setContentsMargins(12, 6, 8, 6)
        whole = column(rule(), spacing=0)
        whole.addLayout(inside)
        self.setLayout(whole)
        self.hide()

    @property
    def words(self) -> str:
        """The line."""
        return self._line.text().replace(_HARD, " ")

    @property
    def warns(self) -> bool:
        """Whether the run would not fit."""
        return not self._warning.isHidden()

    def show_estimate(self, found: Estimate | None, seconds: float | None, pace: str, free: float | None) -> None:
        """Say the price of a run.

        Args:
            found: Memory and disk; None where nothing is known.
            seconds: Time, None where no pace is known.
            pace: Where the time comes from, for the tooltip.
            free: Bytes of memory that are free on the model's device; None where unknown.
        """
        self.setVisible(found is not None)
        if found is None:
            return
        short = free is not None and found.more > free
        self._warning.setVisible(short)
        time = "time not known yet" if seconds is None else f"up to {text.duration(seconds)}"
        # A narrow set-up breaks the line between the two figures and not within their words.
        words = " · ".join(one.replace(" ", _HARD) for one in (f"About {text.size(found.memory)} of memory", time))
        if short:
            words = f"Needs about {text.size(found.more)} more memory; {text.size(free or 0)} are free. {_ADVICE}"
        self._line.setText(words)
        self._line.setToolTip(pace)
        self.setAccessibleName(self.words)
        facts = [(use.name, text.size(use.bytes), use.about) for use in found.uses if use.bytes]
        facts.append(("Rounds on disk", text.size(found.disk), "Trained weights of every round, in the run's folder"))
        facts.append(("Time", text.duration(seconds), pace))
        show_facts(self._details, facts)

    def _unfold(self, shown: bool) -> None:
        self._details.setVisible(shown)
        self._theme.dress(self._toggle, "caret-down" if shown else "caret-up", "muted")
        words = "Hide what takes memory" if shown else "Show what takes memory"
        self._toggle.setToolTip(words)
        self._toggle.setAccessibleName(words)
