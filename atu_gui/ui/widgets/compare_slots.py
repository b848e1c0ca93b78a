"""How compared runs are told apart: colour, dash and marker of each."""

from __future__ import annotations

from atu_gui.ui.widgets.legend import DASH_DOT, DOTTED, LONG_DASHED, Stroke

# The pinned baseline first, then the others in their order.
SLOTS = (
    Stroke("text", marker="o"),
    Stroke("after", LONG_DASHED, "s"),
    Stroke("similarity", DOTTED, "t1"),
    Stroke("utility", DASH_DOT, "d"),
)
