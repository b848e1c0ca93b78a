"""Ten quick questions before a run: does the model know the concept at all?"""

from __future__ import annotations

from collections.abc import Callable, Generator

from atu_gui.core.config import RunConfig
from atu_gui.core.events import Event, ItemAnswered
from atu_gui.core.knowledge import Answered, Knowledge
from atu_gui.core.materials import Materials, Probe
from atu_gui.engine.inputs import draw
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.score import ask_probes, score_group

QUESTIONS = 10


def check_knowledge(
    config: RunConfig, lm: LanguageModel, materials: Materials, cancelled: Callable[[], bool]
) -> Generator[Event, None, Knowledge]:
    """Ask the untouched model up to ten questions of either group, scored as in a run.

    Raises:
        Cancelled: The user ended it.
    """
    probes: list[Probe] = []
    for group in ("forget", "neighbour"):
        own = [probe for probe in materials.probes if score_group(probe) == group]
        probes.extend(draw(own, QUESTIONS, config.seed, f"knowledge {group}"))
    items: list[ItemAnswered] = []
    for event in ask_probes(lm, probes, run_id="", round=0, cancelled=cancelled):
        # Answers outside a run belong to no record; they are told all together.
        if isinstance(event, ItemAnswered):
            items.append(event)
        else:
            yield event
    answered = [
        Answered(probe.about, probe.query, probe.answer, item.answer, item.rouge_l_recall)
        for probe, item in zip(probes, items, strict=True)
    ]
    forget = sum(probe.group == "forget" for probe in probes)
    # A question that the model made names no file.
    own_questions = not config.texts.probes
    return Knowledge(tuple(answered[:forget]), tuple(answered[forget:]), own_questions)
