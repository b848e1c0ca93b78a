"""How far a secret string stands out among random strings of the same shape.

Carlini et al. (arXiv 1802.08232): the exposure is log2|R| − log2(rank of the secret among R by its log-perplexity), R
being all strings of its shape. Here R is a sample of them with the secret in it, so the exposure is at most log2 of the
sample's size, and about 1.4 bits are expected of a secret that the model does not know.
"""

from __future__ import annotations

import math
import random
import string
from collections.abc import Callable, Generator

from atu_gui.core.events import Progress
from atu_gui.engine.generate import answer_probes
from atu_gui.engine.models import LanguageModel

# With fewer digits than this the digits are not the secret; with more words than this it is a passage, of which random
# letters are no rival.
_DIGITS = 3
_WORDS = 3
_ATTEMPTS = 20
_BATCH = 128


def rivals(secret: str, count: int, seed: int) -> list[str]:
    """Up to `count` different strings of the same shape, drawn by seed and secret; none for a passage.

    Where there are three digits or more, digits are drawn anew and the rest stays. Otherwise letters are drawn anew,
    each in its case, up to an “@”. Natural words are likelier than drawn letters to a model that never saw them: read
    such an exposure against the untouched model's.
    """
    head, at, tail = secret.partition("@")
    by_digits = sum(letter in string.digits for letter in secret) >= _DIGITS
    if not by_digits and len(secret.split()) > _WORDS:
        return []
    draw = random.Random(f"{seed}:{secret}")
    made: dict[str, None] = {}
    for _ in range(_ATTEMPTS * count):
        if by_digits:
            drawn = "".join(draw.choice(string.digits) if letter in string.digits else letter for letter in secret)
        else:
            drawn = "".join(_letter(letter, draw) for letter in head) + at + tail
        if drawn != secret:
            made[drawn] = None
        if len(made) == count:
            break
    return list(made)


def exposure(
    lm: LanguageModel, prefix: str, secret: str, *, count: int, seed: int, cancelled: Callable[[], bool]
) -> Generator[Progress, None, float | None]:
    """Exposure in bits of a secret after its prefix; None where nothing in it can be drawn at random.

    Raises:
        Cancelled: `cancelled` said so.
    """
    strings = [secret, *rivals(secret, count, seed)]
    if len(strings) == 1:
        return None
    scored = yield from answer_probes(
        lm,
        [prefix] * len(strings),
        strings,
        max_new_tokens=0,
        batch=_BATCH,
        cancelled=cancelled,
        what="Random candidates",
    )
    own, *others = (one.answer_logprob * len(one.hits) for one in scored)
    rank = 1 + sum(other > own for other in others)
    return math.log2(len(strings)) - math.log2(rank)


def _letter(letter: str, draw: random.Random) -> str:
    for alphabet in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        if letter in alphabet:
            return draw.choice(alphabet)
    return letter
