"""Which τ a round aims for."""

from __future__ import annotations

import torch
from torch import Tensor

from atu_gui.core.config import RoundPlan
from atu_gui.engine.align import Sight


def choose_tau(plan: RoundPlan, sight: Sight, ceiling: float) -> tuple[float, str]:
    """τ and where it comes from: the plan, or the plan's quantile of the similarity that retain texts have now.

    A τ by quantile never lies above an earlier one, which is the ceiling: a head that has been realigned for a few
    steps scatters, and a round at a τ that has jumped up undoes part of the last one.
    """
    if plan.tau is not None:
        return plan.tau, "schedule"
    retain = sight.retain_similarity
    if len(retain):
        assert plan.quantile is not None
        tau = float(torch.quantile(retain, plan.quantile))
        reason = f"quantile {plan.quantile:g} of retain texts"
    else:
        tau = float(torch.quantile(sight.concept_similarity, 0.5))
        reason = "median of concept texts, as there are no retain texts"
    if tau > ceiling:
        return ceiling, f"that of an earlier round; {reason} would be {tau:.2f}"
    return tau, reason


def share_above(values: Tensor, tau: float) -> float:
    """The share of values above τ; 0 where there are none."""
    return float((values > tau).float().mean()) if len(values) else 0.0
