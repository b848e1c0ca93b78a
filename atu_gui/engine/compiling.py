"""Blocks computed through `torch.compile`, which makes a few kernels of the elementwise work between their matrices.

One compiled form serves all blocks of a kind and texts of any number and length; it is made when a step first needs it.
Where that fails, blocks go on being computed as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch

from atu_gui.core.config import UnlearnConfig

Forward = Callable[..., Any]
_LOG = logging.getLogger(__name__)
# Seconds that compiling takes, and the share of a step that it saves.
_WARM_UP, _SAVED = 20.0, 0.25


class CompiledBlocks:
    """What blocks compute, compiled.

    Attributes:
        failure: Why blocks are no longer compiled; empty while they are.
    """

    def __init__(self, backend: str = "inductor") -> None:
        self._backend = backend
        self._made: dict[Forward, Forward] = {}
        self.failure = ""

    def of(self, forward: Forward) -> Forward:
        """The compiled form of what a block computes, or that itself after a failure."""
        if self.failure:
            return forward
        if forward not in self._made:
            compiled: Forward = torch.compile(forward, dynamic=True, backend=self._backend)
            self._made[forward] = compiled
        return self._made[forward]

    def give_up(self, error: Exception) -> None:
        """Compile no more."""
        _LOG.warning("blocks cannot be compiled", exc_info=error)
        self.failure = type(error).__name__
        self._made.clear()


def can_compile(config: UnlearnConfig) -> bool:
    """Whether blocks can be compiled: adapters speak through hooks, of which the compiler takes no notice."""
    return config.training == "full"


def compiled_if_on(config: UnlearnConfig) -> CompiledBlocks | None:
    """Compiled blocks where the settings ask for them whatever it costs."""
    return CompiledBlocks() if config.compile == "on" and can_compile(config) else None


def pays(steps: int, seconds: float) -> bool:
    """Whether so many steps, each of which takes so many seconds uncompiled, win back what compiling takes."""
    return steps * seconds * _SAVED > _WARM_UP
