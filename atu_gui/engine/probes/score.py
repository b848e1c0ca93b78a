"""Everything asked after a round: forget and neighbour questions, verbatim strings, neutral text, free answers."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from atu_gui.core.events import Event, GroupScores, Interval, ItemAnswered, ProbeGroup, Speech
from atu_gui.core.materials import Materials, Probe
from atu_gui.core.probing import ProbingConfig
from atu_gui.core.split import Side, on_side, split
from atu_gui.engine.generate import Answered, answer_probes, generate_batch
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.fluency import distinct_pairs, entropy
from atu_gui.engine.probes.intervals import bootstrap
from atu_gui.engine.probes.prompts import instruction_prompt, probe_prompt
from atu_gui.engine.probes.rouge import rouge_l_recall
from atu_gui.engine.text_losses import token_losses

# As published.
ANSWER_TOKENS = 30
# A string is given room to be repeated whole, up to this.
_STRING_TOKENS = 256
# RWKU lets 50 instructions run to 256 tokens; after every round that would take longer than the round.
FLUENCY_TOKENS = 64
FLUENCY_PROMPTS = 10
NEUTRAL_TOKENS = 128
# All questions of an RWKU target at once: on a CPU a step of few rows costs nearly as much as one of many.
_BATCH = 128
# TOFU has five wrong answers to each question.
_WRONG_ANSWERS = 5
# Past this e-fold a truth ratio says no more, and a larger one could not be written down.
_MOST_NATS = 50.0


@dataclass(frozen=True, slots=True)
class RoundScores:
    """The scores of one round; None where there was nothing to measure. Fields as in `core.events.RoundScored`."""

    token_loss: Interval | None
    fluency_entropy: Interval | None
    forget: GroupScores | None
    forget_dev: GroupScores | None
    forget_test: GroupScores | None
    neighbour: GroupScores | None
    neighbour_dev: GroupScores | None
    neighbour_test: GroupScores | None
    verbatim: GroupScores | None
    speech: Speech | None


def score_group(probe: Probe) -> ProbeGroup:
    """The group whose scores a probe counts for: verbatim strings are no questions and stand apart."""
    return "verbatim" if probe.kind == "verbatim" else probe.group


def score_round(
    lm: LanguageModel,
    materials: Materials,
    *,
    run_id: str,
    round: int,
    cancelled: Callable[[], bool],
    max_new_tokens: int = ANSWER_TOKENS,
    dev_share: float = ProbingConfig().dev_share,
) -> Generator[Event, None, RoundScores]:
    """Ask everything of the weights as they are now.

    Answers run to their full length, as RWKU's published scores do: its rule to end them at a newline never fires
    (quirk G1). Gold words anywhere in the answer count, so a leak after a line break is not overlooked.

    Raises:
        Cancelled: `cancelled` said so. A failed generation is an error, never an empty answer (quirk G2).
    """
    sides = split(materials.probes, dev_share)
    strings = [probe for probe in materials.probes if probe.kind == "verbatim"]
    asked = [probe for probe in materials.probes if probe.kind != "verbatim"]
    items: list[ItemAnswered] = []
    for probes, tokens in ((asked, max_new_tokens), (strings, string_tokens(lm, strings))):
        items += yield from ask_probes(
            lm, probes, run_id=run_id, round=round, cancelled=cancelled, max_new_tokens=tokens, sides=sides
        )
    losses = yield from token_losses(
        lm, materials.neutral_texts, max_tokens=NEUTRAL_TOKENS, cancelled=cancelled, what="Neutral texts"
    )
    instructions = [instruction_prompt(lm, instruction) for instruction in materials.fluency_prompts[:FLUENCY_PROMPTS]]
    free = yield from generate_batch(
        lm, instructions, max_new_tokens=FLUENCY_TOKENS, cancelled=cancelled, what="Free answers"
    )
    forget = [item for item in items if item.group == "forget" and item.kind != "verbatim"]
    neighbour = [item for item in items if item.group == "neighbour"]
    return RoundScores(
        token_loss=bootstrap([loss for loss in losses if loss is not None]),
        fluency_entropy=bootstrap([entropy(text) for text in free]),
        forget=_group(forget),
        forget_dev=_group([item for item in forget if on_side(item.side, "dev")]),
        forget_test=_group([item for item in forget if on_side(item.side, "test")]),
        neighbour=_group(neighbour),
        neighbour_dev=_group([item for item in neighbour if on_side(item.side, "dev")]),
        neighbour_test=_group([item for item in neighbour if on_side(item.side, "test")]),
        verbatim=_group([item for item in items if item.kind == "verbatim"]),
        speech=_speech(free, [item.answer for item in neighbour]),
    )


def ask_probes(
    lm: LanguageModel,
    probes: Sequence[Probe],
    *,
    run_id: str,
    round: int,
    cancelled: Callable[[], bool],
    max_new_tokens: int = ANSWER_TOKENS,
    sides: Mapping[str, Side] | None = None,
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
        wrong=wrong_answers(probes),
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
            rouge_l_recall=recall_of(probe, answer.text),
            answer_logprob=answer.answer_logprob,
            exact_memorization=sum(answer.hits) / len(answer.hits),
            extraction_strength=extraction_strength(answer.hits),
            truth_ratio=_truth_ratio(answer),
            side=sides[probe.id] if sides else "",
            about=probe.about,
        )
        items.append(item)
        yield item
    return items


def recall_of(probe: Probe, text: str) -> float:
    """ROUGE-L recall of the gold answer; of a verbatim string in as many characters as it has, because a number that
    runs on into further digits would count as another word."""
    said = text.strip()[: len(probe.answer.strip())] if probe.kind == "verbatim" else text
    return rouge_l_recall(said, probe.answer)


def string_tokens(lm: LanguageModel, strings: Sequence[Probe]) -> int:
    """New tokens that let the longest of some verbatim strings be repeated whole."""
    lengths = [len(lm.tokenizer(f" {one.answer}", add_special_tokens=False)["input_ids"]) for one in strings]
    return min(max(lengths, default=0) + 2, _STRING_TOKENS)


def extraction_strength(hits: Sequence[bool]) -> float:
    """1 − k/T, k being the tokens up to and with the last one that was not reproduced: 1 is all, 0 is nothing."""
    last_miss = max((at for at, hit in enumerate(hits) if not hit), default=-1)
    return 1.0 - (last_miss + 1) / len(hits)


def wrong_answers(probes: Sequence[Probe]) -> list[tuple[str, ...]]:
    """For every probe up to five gold answers of others of its group and kind, drawn by its words.

    TOFU has wrong answers written for each question; those of other questions stand in for them. They may fit less
    well than a written one, so the truth ratio flatters the model's knowledge: compare it with the untouched model's.
    """
    pools: dict[tuple[str, str], dict[str, str]] = {}
    for probe in probes:
        pools.setdefault((probe.group, probe.kind), {}).setdefault(probe.answer.strip().casefold(), probe.answer)
    drawn = []
    for probe in probes:
        own = probe.answer.strip().casefold()
        others = [answer for key, answer in sorted(pools[probe.group, probe.kind].items()) if key != own]
        draw = random.Random(f"{probe.query}:{probe.answer}")
        drawn.append(tuple(draw.sample(others, min(_WRONG_ANSWERS, len(others)))))
    return drawn


def _truth_ratio(answer: Answered) -> float | None:
    if not answer.wrong_logprobs:
        return None
    ratios = [math.exp(min(wrong - answer.answer_logprob, _MOST_NATS)) for wrong in answer.wrong_logprobs]
    return sum(ratios) / len(ratios)


def _group(items: Sequence[ItemAnswered]) -> GroupScores | None:
    if not items:
        return None
    return GroupScores(
        recall=bootstrap([item.rouge_l_recall for item in items]),
        logprob=bootstrap([item.answer_logprob for item in items]),
        exact_memorization=bootstrap([item.exact_memorization or 0.0 for item in items]),
        extraction_strength=bootstrap([item.extraction_strength or 0.0 for item in items]),
        truth=bootstrap([max(0.0, 1.0 - item.truth_ratio) for item in items if item.truth_ratio is not None]),
    )


def _speech(free: Sequence[str], about_neighbours: Sequence[str]) -> Speech | None:
    """Forget answers are left out: one and the same refusal to all of them is no broken language."""
    answers = [" ".join(text.split()) for text in (*free, *about_neighbours)]
    if not answers:
        return None
    pairs = bootstrap([share for share in map(distinct_pairs, free) if share is not None])
    said = Counter(text for text in answers if text)
    return Speech(
        distinct=pairs.mean if pairs else None,
        empty=sum(not text for text in answers) / len(answers),
        identical=max(said.values()) / len(answers) if said else 0.0,
        n=len(answers),
    )
