"""Fluency as RWKU measures it: the entropy of word n-grams in free answers."""

from __future__ import annotations

import itertools
import math
from collections import Counter

from nltk.tokenize import NLTKWordTokenizer

# 2-grams and 3-grams, weighted as published; the weighted entropies are averaged.
_WEIGHTS = {2: 2 / 3, 3: 4 / 3}
_TOKENIZER = NLTKWordTokenizer()


def words(text: str) -> list[str]:
    """Word tokens of the whole text taken as one sentence. RWKU splits sentences first, which needs a data file that
    the package does not bring; only periods inside the text are affected."""
    return list(_TOKENIZER.tokenize(text))


def entropy(text: str) -> float:
    """Weighted mean of 2-gram and 3-gram entropy in bits; an order with too few words contributes 0."""
    return token_entropy(words(text))


def token_entropy(tokens: list[str]) -> float:
    """The entropy of words that are known already."""
    return sum(weight * _ngram_entropy(tokens, n) for n, weight in _WEIGHTS.items()) / len(_WEIGHTS)


def _ngram_entropy(tokens: list[str], n: int) -> float:
    counts = Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values()) if total else 0.0


def distinct_pairs(text: str) -> float | None:
    """Share of the word pairs that differ from all before (distinct-2, arXiv 1510.03055); None without any pair."""
    tokens = words(text)
    pairs = list(itertools.pairwise(tokens))
    return len(set(pairs)) / len(pairs) if pairs else None
