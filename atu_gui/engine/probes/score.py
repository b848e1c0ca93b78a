"""Everything asked after a round: forget and neighbour questions, neutral text, free answers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from atu_gui.core.events import Event, Interval, ItemAnswered
from atu_gui.core.materials import Materials, Probe
from atu_gui.engine.generate import answer_probes, generate_batch, token_losses
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.fluency import entropy
from atu_gui.engine.probes.intervals import bootstrap
from atu_gui.engine.probes.prompts import instruction_prompt, probe_prompt
from atu_gui.engine.probes.rouge import rouge_l_recall

# As published.
ANSWER_TOKENS = 30
# RWKU lets 50 instructions run to 256 tokens; after every round that would take longer than the round.
FLUENCY_TOKENS = 64
FLUENCY_PROMPTS = 10
NEUTRAL_TOKENS = 128
# All questions of an RWKU target at once: on a CPU a step of few rows costs nearly as much as one of many.
_BATCH = 128


@dataclass(frozen=True, slots=True)
class RoundScores:
    """The scores of one round; None where there was nothing to measure. Fields as in `core.events.RoundScored`."""

    forget_recall: Interval | None
    forget_logprob: Interval | None
    neighbour_recall: Interval | None
    neighbour_logprob: Interval | None
    token_loss: Interval | None
    fluency_entropy: Interval | None


def score_round(
    lm: LanguageModel,
    materials: Materials,
    *,
    run_id: str,
    round: int,
    cancelled: Callable[[], bool],
    max_new_tokens: int = ANSWER_TOKENS,
) -> Generator[Event, None, RoundScores]:
    """Ask everything of the weights as they are now.

    Answers run to their full length, as RWKU's published scores do: its rule to end them at a newline never fires
    (quirk G1). Gold words anywhere in the answer count, so a leak after a line break is not overlooked.

    Raises:
        Cancelled: `cancelled` said so. A failed generation is an error, never an empty answer (quirk G2).
    """
    items = yield from ask_probes(
        lm, materials.probes, run_id=run_id, round=round, cancelled=cancelled, max_new_tokens=max_new_tokens
    )
    losses = yield from token_losses(
        lm, materials.neutral_texts, max_tokens=NEUTRAL_TOKENS, cancelled=cancelled, what="Neutral texts"
    )
    instructions = [instruction_prompt(lm, instruction) for instruction in materials.fluency_prompts[:FLUENCY_PROMPTS]]
    free = yield from generate_batch(
        lm, instructions, max_new_tokens=FLUENCY_TOKENS, cancelled=cancelled, what="Free answers"
    )
    forget = [item for item in items if item.group == "forget"]
    neighbour = [item for item in items if item.group == "neighbour"]
    return RoundScores(
        forget_recall=bootstrap([item.rouge_l_recall for item in forget]),
        forget_logprob=bootstrap([item.answer_logprob for item in forget]),
        neighbour_recall=bootstrap([item.rouge_l_recall for item in neighbour]),
        neighbour_logprob=bootstrap([item.answer_logprob for item in neighbour]),
        token_loss=bootstrap([loss for loss in losses if loss is not None]),
        fluency_entropy=bootstrap([entropy(text) for text in free]),
    )


def ask_probes(
    lm: LanguageModel,
    probes: Sequence[Probe],
    *,
    run_id: str,
    round: int,
    cancelled: Callable[[], bool],
    max_new_tokens: int = ANSWER_TOKENS,
) -> Generator[Event, None, list[ItemAnswered]]:
    """Ask some questions of the weights as they are now; an `ItemAnswered` for each, in their order.

    Raises:
        Cancelled: `cancelled` said so.
    """
    answered = yield from answer_probes(
        lm,
        [probe_prompt(lm, probe) for probe in probes],
        [probe.answer for probe in probes],
        max_new_tokens=max_new_tokens,
        batch=_BATCH,
        cancelled=cancelled,
        what="Questions",
    )
    items = []
    for probe, answer in zip(probes, answered, strict=True):
        item = ItemAnswered(
            run_id=run_id,
            round=round,
            probe_id=probe.id,
            group=probe.group,
            kind=probe.kind,
            query=probe.query,
            gold=probe.answer,
            answer=answer.text.strip(),
            rouge_l_recall=rouge_l_recall(answer.text, probe.answer),
            answer_logprob=answer.answer_logprob,
        )
        items.append(item)
        yield item
    return items
