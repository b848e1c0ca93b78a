"""How many texts a run reads: no more than its steps can take, and no more than the disk cache holds the states of."""

from __future__ import annotations

from math import ceil

from atu_gui.core.config import RunConfig

# Bytes of all that can be computed again; enough for the hidden states of some ten default runs on a model of 8 billion
# parameters.
CACHE_LIMIT = 8 * 1024**3
# Tokens of one pass in which a loss is read off, as every one of them holds a score for each word of the vocabulary.
LOSS_TOKENS = 1024
# A run of a few steps looks at so many all the same: they tell which embedding of the concept separates best.
LEAST = 256


def texts_taken(config: RunConfig, *, retain: bool = True) -> tuple[int, int]:
    """Passages about the concept, and passages to keep, that a run's steps can take.

    With so many no order of a planned stage comes to a passage twice. Steps that are added while it runs do, as those
    of any run on fewer passages.

    Args:
        config: Settled.
        retain: Whether there are passages to keep.
    """
    batch = config.windows.batch
    aligned = sum(plan.align_steps for plan in config.rounds)
    unlearned = batch * sum(plan.unlearn_steps for plan in config.rounds)
    concept_rows, retain_rows = align_rows(config, retain=retain)
    kept = config.unlearn.retain_weight > 0
    taken = (max(aligned * concept_rows, unlearned), max(aligned * retain_rows, unlearned if kept else 0))
    concept, other = (max(LEAST, _with_held_out(steps, config.align.held_out)) for steps in taken)
    return min(config.texts.passages, concept), min(config.texts.retain_passages, other)


def texts_read(config: RunConfig, position_bytes: float, *, retain: bool = True) -> tuple[int, int]:
    """Passages about the concept, and passages to keep, that a run reads at most: those that its steps can take, as
    far as the disk cache holds their states.

    Args:
        config: Settled.
        position_bytes: What is kept on the disk for each position: reference embedding and hidden states.
        retain: Whether there are passages to keep.
    """
    room = max(LEAST, int(CACHE_LIMIT / 2 / (config.windows.max_tokens * position_bytes)))
    concept, other = texts_taken(config, retain=retain)
    return min(concept, room), min(other, room)


def align_rows(config: RunConfig, *, retain: bool) -> tuple[int, int]:
    """Passages about the concept and passages to keep in an align batch."""
    concept = max(1, round((config.align.concept_share if retain else 1.0) * config.windows.batch))
    return concept, config.windows.batch - concept


def held_out_every(share: float) -> int:
    """Every how many passages one is held out; 0 for none, as with a share too small for any list."""
    return max(2, round(1 / share)) if share > 1e-6 else 0


def _with_held_out(taken: int, share: float) -> int:
    every = held_out_every(share)
    return ceil(taken * every / (every - 1)) if every else taken
