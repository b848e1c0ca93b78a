"""What an answering model says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatToken:
    """A piece of an answer. `side` is the position of the weights in the request, 0 or 1."""

    request_id: int
    side: int
    text: str


@dataclass(frozen=True, slots=True)
class ChatAnswered:
    """An answer is complete (or stopped). `weights` names exactly what answered."""

    request_id: int
    side: int
    text: str
    weights: str
    stopped: bool
    seconds: float
