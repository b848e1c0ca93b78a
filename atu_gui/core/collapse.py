"""Whether a round has lost its language. A model that says nothing sensible forgets perfectly, so its forget scores
are void. Every sign is compared with the untouched model's own; the limits stand here and nowhere else."""

from __future__ import annotations

import math

from atu_gui.core import text
from atu_gui.core.events import RoundScored

# Entropy of word pairs and triples in free answers, and the share of new word pairs: shares of the untouched model's.
LEAST_ENTROPY = 0.6
LEAST_DISTINCT = 0.5
# Blank answers, and answers that are all the same text: so much more of all answers than before.
MORE_EMPTY = 0.25
MORE_IDENTICAL = 0.25
# Answers that those two shares need to say anything.
LEAST_ANSWERS = 8
# Neutral token loss: so many nats more, which doubles the perplexity.
MORE_LOSS = math.log(2)

RULE = (
    f"Collapsed: fluency entropy under {text.percent(LEAST_ENTROPY)} or distinct word pairs under "
    f"{text.percent(LEAST_DISTINCT)} of the untouched model's, {text.percent(MORE_EMPTY)} more empty or identical "
    "answers, or twice the perplexity on neutral text."
)


def collapse(untouched: RoundScored, now: RoundScored) -> str:
    """What was seen, as a sentence; "" where language holds or nothing was measured."""
    seen = []
    before, after = untouched.fluency_entropy, now.fluency_entropy
    if before and after and after.mean < LEAST_ENTROPY * before.mean:
        seen.append(f"fluency entropy fell from {text.number(before.mean)} to {text.number(after.mean)} bits")
    first, last = untouched.speech, now.speech
    if first and last:
        if first.distinct and last.distinct is not None and last.distinct < LEAST_DISTINCT * first.distinct:
            new = f"from {text.percent(first.distinct)} to {text.percent(last.distinct)}"
            seen.append(f"answers repeat themselves (word pairs that are new fell {new})")
        if last.n >= LEAST_ANSWERS:
            if last.empty > first.empty + MORE_EMPTY:
                seen.append(f"{text.percent(last.empty)} of answers are empty, {text.percent(first.empty)} before")
            if last.identical > first.identical + MORE_IDENTICAL:
                share = f"{text.percent(last.identical)} of answers are one and the same text"
                seen.append(f"{share}, {text.percent(first.identical)} before")
    loss = (untouched.token_loss, now.token_loss)
    if loss[0] and loss[1] and not loss[1].mean < loss[0].mean + MORE_LOSS:
        perplexity = [text.number(math.exp(min(one.mean, 50.0)), 1) for one in loss if one]
        seen.append(f"perplexity on neutral text rose from {perplexity[0]} to {perplexity[1]}")
    return f"The model has lost its language: {'; '.join(seen)}." if seen else ""
