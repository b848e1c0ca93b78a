from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled
from atu_gui.core.events import ItemAnswered, Progress
from atu_gui.core.materials import Materials, Probe
from atu_gui.engine.knowledge import QUESTIONS, check_knowledge
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.score import ask_probes
from tests.engine.draining import drain


def test_answers_are_those_of_a_run_and_belong_to_none(
    lm: LanguageModel, materials: Materials, config: RunConfig
) -> None:
    events, found = drain(check_knowledge(config, lm, materials, lambda: False))
    assert not [event for event in events if isinstance(event, ItemAnswered)]
    assert [event for event in events if isinstance(event, Progress)]
    _, items = drain(ask_probes(lm, materials.probes, run_id="r", round=0, cancelled=lambda: False))
    assert [one.answer for one in (*found.forget, *found.neighbour)] == [item.answer for item in items]
    assert [one.query for one in found.forget] == [probe.query for probe in materials.probes[:2]]
    assert found.own, "the config names no questions"


def test_of_many_questions_ten_are_drawn(lm: LanguageModel, materials: Materials, config: RunConfig) -> None:
    many = tuple(Probe(f"f{n}", "forget", "question", f"Question {n}?", "yes") for n in range(14))
    _, found = drain(check_knowledge(config, lm, replace(materials, probes=many), lambda: False))
    assert len(found.forget) == QUESTIONS and found.neighbour == ()


def test_it_can_be_cancelled(lm: LanguageModel, materials: Materials, config: RunConfig) -> None:
    with pytest.raises(Cancelled):
        drain(check_knowledge(config, lm, materials, lambda: True))
