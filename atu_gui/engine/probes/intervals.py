"""How sure a mean over a few items is: the bootstrap of `core.paired`, under the name that probes use."""

from __future__ import annotations

from atu_gui.core.paired import mean_of as bootstrap

__all__ = ["bootstrap"]
