"""Measurements of the untouched model: its weights are put in place only while they compute."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig, TextsConfig
from atu_gui.core.events import Event
from atu_gui.core.ports import UNTOUCHED
from atu_gui.service.backend import Engine, Loaded
from atu_gui.service.holding import Holding
from atu_gui.service.running import Cancel, ready

T = TypeVar("T")
Measure = Callable[[RunConfig, Loaded, Cancel], Generator[Event, None, T]]


def measured(
    engine: Engine,
    holding: Holding,
    config: RunConfig,
    folder_of: Callable[[str], Path],
    measure: Measure[T],
    cancelled: Cancel,
) -> Generator[Event, None, T]:
    """Measure; whoever is served between two events finds the weights that were current."""
    settled, loaded = yield from ready(engine, holding, config, cancelled)
    with contextlib.closing(measure(settled, loaded, cancelled)) as work:
        while True:
            with holding.answering(UNTOUCHED, folder_of):
                try:
                    event = next(work)
                except StopIteration as end:
                    result: T = end.value
                    return result
            yield event


def scratch(config: RunConfig) -> RunConfig:
    """The config with nothing of the user's to read, for what is measured on bundled text."""
    texts = TextsConfig(probes_limit=config.texts.probes_limit)
    return config.model_copy(update={"concepts": [Concept(name="nothing")], "texts": texts}, deep=True)
