"""What the next run goes on from, when it does not begin with the untouched model."""

from __future__ import annotations

from dataclasses import dataclass

from atu_gui.core.config import RunConfig
from atu_gui.core.materials import Materials
from atu_gui.core.ports import Weights


@dataclass(frozen=True, slots=True)
class Branch:
    """A round of an earlier run, its settings, and the texts and questions which that worked on."""

    weights: Weights
    config: RunConfig
    materials: Materials

    def serves(self, config: RunConfig) -> bool:
        """Whether the texts still fit the set-up."""
        return (config.concepts, config.texts) == (self.config.concepts, self.config.texts)
