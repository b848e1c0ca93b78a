"""Named schedules and what becomes of a config before it runs.

`settle` is the one place where presets, recipe and flags meet: after it a config says everything itself.
"""

from __future__ import annotations

from pydantic import BaseModel

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.errors import InputError

# Section 4.2 of the paper: ten margins, a long first alignment, equal stages after it.
PAPER_LADDER = (0.9, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4, 0.3, 0.2)
PAPER_FIRST_ALIGN = 15_000
PAPER_STEPS = 1_000

# Many short rounds forget more than few long ones: within a round the head is soon fooled, after it knowledge is gone.
_FIRST = 250
_REALIGN = 12
_UNLEARN = 6

# A step of B reaches the matrix through A, whose values are small. Of three rates this one had the lowest loss after a
# few steps; see Decisions in README.md.
LORA_RATE = 2e-3

PRESETS = ("adaptive", "gentle", "thorough", "paper")
# What rounds are called that came from no preset.
CUSTOM = "custom"
DESCRIPTIONS = {
    "adaptive": "Up to eight short rounds whose τ follows what retain texts look like; ends at the goal or at a guard.",
    "gentle": "Three short rounds, τ .35 to .25: a first look.",
    "thorough": "Ten rounds, τ .35 to .15: goes deeper, and takes longer.",
    "paper": "The published ladder of ten margins, with its step counts scaled by one factor.",
}


def preset(name: str, paper_scale: float = 0.01) -> list[RoundPlan]:
    """The rounds of a named schedule.

    Raises:
        InputError: No such schedule.
    """
    if name == "gentle":
        return _ladder((0.35, 0.30, 0.25), first=_FIRST, realign=_REALIGN, unlearn=_UNLEARN)
    if name == "thorough":
        taus = (0.35, 0.30, 0.25, 0.20, 0.20, 0.20, 0.175, 0.175, 0.15, 0.15)
        return _ladder(taus, first=_FIRST, realign=_REALIGN, unlearn=_UNLEARN)
    if name == "adaptive":
        return [
            RoundPlan(align_steps=_REALIGN if index else _FIRST, unlearn_steps=_UNLEARN, quantile=quantile)
            for index, quantile in enumerate((0.15,) * 8)
        ]
    if name == "paper":
        return paper_rounds(paper_scale)
    raise InputError(f"There is no schedule “{name}”.", f"Choose one of {', '.join(PRESETS)}.")


def paper_rounds(scale: float) -> list[RoundPlan]:
    """The published ladder with every step count multiplied by `scale` (at least one step each)."""
    steps = max(1, round(PAPER_STEPS * scale))
    return _ladder(PAPER_LADDER, first=max(1, round(PAPER_FIRST_ALIGN * scale)), realign=steps, unlearn=steps)


def settle(config: RunConfig) -> RunConfig:
    """Fill in what the schedule and the recipe imply; idempotent.

    The paper recipe differs from ours in the head (published decoder, 6 × 768), the optimizers (Adam 1e-4, SGD), the
    mean over padding, no retain term, embeddings trained, and no active-share guard. What the user set stays.

    Raises:
        InputError: No such schedule, or packed weights that are to be trained in full.
    """
    settled = config.model_copy(deep=True)
    if settled.recipe == "paper":
        _default(settled.head, kind="published", layers=6, width=768, heads=8)
        _default(settled.align, learning_rate=1e-4, concept_share=1.0)
        _default(
            settled.unlearn,
            optimizer="sgd",
            learning_rate=3e-4,
            retain_weight=0.0,
            train_embeddings=True,
            pad_mean=True,
        )
        _default(settled.guards, active_share=None)
        _default(settled, schedule="paper")
    if settled.model.weights == "nf4":
        _default(settled.unlearn, training="lora")
        if settled.unlearn.training != "lora":
            raise InputError(
                "Weights packed to 4 bits cannot be trained in full.", "Choose LoRA as training, or full weights."
            )
    if settled.unlearn.training == "lora":
        _default(settled.unlearn, learning_rate=LORA_RATE)
    if not settled.rounds:
        settled.rounds = preset(settled.schedule, settled.paper_scale)
    return settled


def _default(part: BaseModel, **values: object) -> None:
    """Set what the user has not set."""
    for name, value in values.items():
        if name not in part.model_fields_set:
            setattr(part, name, value)


def constant_tau(tau: float, rounds: list[RoundPlan]) -> list[RoundPlan]:
    """The same rounds, all at one τ."""
    return [RoundPlan(align_steps=plan.align_steps, unlearn_steps=plan.unlearn_steps, tau=tau) for plan in rounds]


def _ladder(taus: tuple[float, ...], *, first: int, realign: int, unlearn: int) -> list[RoundPlan]:
    return [
        RoundPlan(align_steps=realign if index else first, unlearn_steps=unlearn, tau=tau)
        for index, tau in enumerate(taus)
    ]
