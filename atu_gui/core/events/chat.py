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
    """An answer is complete (or stopped). `weights` names exactly what answered, `weights_hash` proves it."""

    request_id: int
    side: int
    text: str
    weights: str
    stopped: bool
    seconds: float
    weights_hash: str = ""

    @property
    def named(self) -> str:
        """Words for the screen."""
        return named(self.weights, self.weights_hash)


@dataclass(frozen=True, slots=True)
class PromptAnswered:
    """One prompt of a list is answered by one set of weights.

    Attributes:
        number: That of the request.
        index: Position of the prompt in the request.
        side: Position of the weights in the request.
        answer_logprob: Mean log-probability of the gold answer's tokens, in nats; None where no gold answer is known.
        weights: Names exactly what answered.
        weights_hash: Of the weights while they answered.
    """

    number: int
    index: int
    side: int
    text: str
    answer_logprob: float | None
    weights: str
    weights_hash: str = ""

    @property
    def named(self) -> str:
        """Words for the screen."""
        return named(self.weights, self.weights_hash)


def named(weights: str, weights_hash: str) -> str:
    """Weights by their name and, where something was asked of them, their hash."""
    return f"{weights} · {weights_hash}" if weights_hash else weights
