"""A round's event from what was measured of it."""

from __future__ import annotations

from dataclasses import replace

import torch

from atu_gui.core.collapse import collapse
from atu_gui.core.events import RoundScored
from atu_gui.engine.align import Sight
from atu_gui.engine.margins import share_above
from atu_gui.engine.probes.score import RoundScores


def round_scored(
    scores: RoundScores,
    sight: Sight | None,
    untouched: RoundScored | None,
    *,
    run_id: str,
    round: int,
    step: int,
    tau: float | None,
    align_cosine: float | None,
    seconds: float,
    weights_hash: str,
) -> RoundScored:
    """`sight` is None for the untouched model, `untouched` too: there is nothing to have collapsed from."""
    similarity = None if sight is None else sight.concept_similarity
    scored = RoundScored(
        run_id=run_id,
        round=round,
        step=step,
        tau=tau,
        forget_recall=scores.forget.recall if scores.forget else None,
        forget_logprob=scores.forget.logprob if scores.forget else None,
        neighbour_recall=scores.neighbour.recall if scores.neighbour else None,
        neighbour_logprob=scores.neighbour.logprob if scores.neighbour else None,
        token_loss=scores.token_loss,
        fluency_entropy=scores.fluency_entropy,
        align_cosine=align_cosine,
        similarity_mean=None if similarity is None else float(similarity.mean()),
        similarity_p95=None if similarity is None else float(torch.quantile(similarity, 0.95)),
        active_fraction=None if similarity is None or tau is None else share_above(similarity, tau),
        seconds=seconds,
        forget=scores.forget,
        forget_dev=scores.forget_dev,
        forget_test=scores.forget_test,
        neighbour=scores.neighbour,
        neighbour_dev=scores.neighbour_dev,
        neighbour_test=scores.neighbour_test,
        verbatim=scores.verbatim,
        speech=scores.speech,
        weights_hash=weights_hash,
    )
    return scored if untouched is None else replace(scored, collapse=collapse(untouched, scored))
