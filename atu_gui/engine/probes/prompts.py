"""The words in which RWKU asks its questions: one user message, the generation header, an answer cue after it."""

from __future__ import annotations

from atu_gui.core.materials import Probe
from atu_gui.engine.models import LanguageModel

_LEADS = {
    "cloze": "Please complete the blank in the following question.\nQuestion: ",
    "question": "Please briefly answer the following question.\nQuestion: ",
}
_CUE = "Answer:"


def probe_prompt(lm: LanguageModel, probe: Probe, prefix: str = "") -> str:
    """The final prompt of a forget or neighbour question (levels 1 and 2), exactly as published without a prefix.

    Args:
        lm: Whose chat form it takes.
        probe: The question.
        prefix: Words at the beginning of the user's message.
    """
    return lm.format_chat(f"{prefix}{_LEADS[probe.kind]}{probe.query}\n") + _CUE


def instruction_prompt(lm: LanguageModel, instruction: str) -> str:
    """The final prompt of a fluency instruction."""
    return lm.format_chat(f"Instruction: {instruction}\n")
