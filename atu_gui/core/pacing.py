"""A run's paces before and after it: recalled when its model is known, kept when it ends."""

from __future__ import annotations

from atu_gui.core.config import RunConfig
from atu_gui.core.events import Event, ModelLoaded, RunContinued, RunFinished
from atu_gui.core.pace_memory import PaceMemory
from atu_gui.core.paces import Paces
from atu_gui.core.progress import RunProgress
from atu_gui.core.schedule import settle
from atu_gui.core.workload import Workload, workload


class Pacing:
    """Follows one run; of one that is resumed nothing is kept, because what it says is not the whole of it.

    Args:
        memory: The paces of this machine.

    Attributes:
        progress: That of the run. Whoever has this object hands its events to both, to this one first.
    """

    def __init__(self, memory: PaceMemory) -> None:
        self._memory = memory
        self._config: RunConfig | None = None
        self._work: Workload | None = None
        self.progress = RunProgress()

    def expect(self, config: RunConfig, model: ModelLoaded | None = None) -> None:
        """Say what the coming run is told; without a model the `ModelLoaded` event is waited for."""
        self._config = settle(config)
        if model is not None:
            self._recall(model)

    def handle(self, event: Event) -> None:
        """Recall what the run's settings cost, or keep what they did."""
        match event:
            case ModelLoaded():
                self._recall(event)
            case RunContinued():
                self._work = None
            case RunFinished() if self._work is not None:
                self._memory.keep(self._work, self.progress.paces.split(), "run")

    def _recall(self, model: ModelLoaded) -> None:
        self._work = workload(self._config, model) if self._config is not None else None
        if self._work is not None:
            self.progress.paces = Paces(self._memory.recall(self._work).paces, self._work.typical)
