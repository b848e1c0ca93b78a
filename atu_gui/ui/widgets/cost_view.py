"""What a run would take, in one line at the foot of the set-up, with the figures behind it on request."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.estimate import Estimate
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, icon_button, icon_label, label, row, rule, show_facts

_HARD = "\N{NO-BREAK SPACE}"
_ADVICE = "Aim at a lower layer, shorten passages or make the batch smaller."
_UNKNOWN = "Neither a run nor measured steps have told the pace yet; press “Measure the speed”."
_MAY_END = "A goal, a guard or the budget may end the run before."


@dataclass(frozen=True, slots=True)
class Price:
    """What a run would take.

    Attributes:
        found: Memory and disk; None where nothing is known.
        seconds: Time without writing texts; None where no pace is known.
        origin: Where the time comes from: “from 20 measured steps”.
        at_most: Whether the run may end earlier.
    """

    found: Estimate | None
    seconds: float | None
    origin: str
    at_most: bool

    def time(self) -> str:
        """Words for the time and where it comes from."""
        if self.seconds is None:
            return "time not measured yet"
        return f"{'at most' if self.at_most else 'about'} {text.duration(self.seconds)}, {self.origin}"


class CostView(QWidget):
    """Hidden until there is something to say. `measure` is the button that measures the speed; a room gives it work.

    Signal: `priced` (the price of the run in the set-up).
    """

    priced = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._price = Price(None, None, "", False)
        self._free: float | None = None
        self._measuring = ""
        self._stoppable = False
        self._warning = icon_label(theme, "warning", "warn", 16)
        self._warning.hide()
        self._line = label("", "small", wrap=True)
        self.measure = icon_button(theme, "timer", "Measure the speed")
        self._toggle = icon_button(theme, "caret-up", "Show what takes memory")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._unfold)
        self._details = QWidget()
        self._details.setLayout(column(spacing=2))
        self._details.hide()
        line = row(self._warning, self._line, self.measure, self._toggle, spacing=6)
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

    def show_price(self, price: Price, free: float | None) -> None:
        """Say the price of a run; `free` are the bytes of memory that are free on its device, None where unknown."""
        self._price, self._free = price, free
        self._say()
        self.priced.emit(price)

    def show_measuring(self, words: str, *, begun: bool = True) -> None:
        """Say how far measuring the speed is, in place of the time; "" when it is over. Before it has `begun` there is
        nothing to stop."""
        stoppable = bool(words) and begun
        if stoppable != self._stoppable:
            self._theme.dress(self.measure, "x" if stoppable else "timer", "muted")
        self._measuring, self._stoppable = words, stoppable
        self._say()

    @property
    def fits(self) -> bool | None:
        """Whether the run fits into the memory that is free; None where that is not known."""
        found, free = self._price.found, self._free
        return None if found is None or free is None else found.more <= free

    def _say(self) -> None:
        price, free = self._price, self._free
        found = price.found
        self.setVisible(found is not None)
        if found is None:
            return
        short = self.fits is False
        self._warning.setVisible(short)
        # A narrow set-up breaks the line between the two figures and not within their words.
        memory, (time, comma, origin) = f"About {text.size(found.memory)} of memory", price.time().partition(", ")
        # What is being measured changes too often for its words to make the set-up any wider.
        after = self._measuring or time.replace(" ", _HARD) + comma + origin
        words = f"{memory.replace(' ', _HARD)}, {after}"
        if short:
            words = f"Needs about {text.size(found.more)} more memory; {text.size(free or 0)} are free. {_ADVICE}"
        tip = _UNKNOWN if price.seconds is None else f"Time {price.origin}. {_MAY_END if price.at_most else ''}".strip()
        self._line.setText(words)
        self._line.setToolTip(tip)
        self.setAccessibleName(self.words)
        facts = [(use.name, text.size(use.bytes), use.about) for use in found.uses if use.bytes]
        facts.append(("Rounds on disk", text.size(found.disk), "Trained weights of every round, in the run's folder"))
        facts.append(
            ("Texts on disk", text.size(found.texts), "Their embeddings and hidden states, in the cache folder")
        )
        facts.append(("Time", text.duration(price.seconds), tip))
        show_facts(self._details, facts)

    def _unfold(self, shown: bool) -> None:
        self._details.setVisible(shown)
        self._theme.dress(self._toggle, "caret-down" if shown else "caret-up", "muted")
        words = "Hide what takes memory" if shown else "Show what takes memory"
        self._toggle.setToolTip(words)
        self._toggle.setAccessibleName(words)
