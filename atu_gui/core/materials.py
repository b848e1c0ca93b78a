"""What a run works on: passages, questions and prompts. Plain values, no tensors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Group = Literal["forget", "neighbour"]
ProbeKind = Literal["cloze", "question", "verbatim"]
Part = Literal["concept", "retain", "probes"]
# The source of what the model itself wrote.
WRITTEN = "written by the model"


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to train on.

    Attributes:
        text: The passage itself.
        prompt: The user's message that the passage answers, or "" for plain text. A passage with a prompt is
            formatted with the model's chat template and only the answer counts in losses.
        source: Where it comes from: a file name, or `WRITTEN`.
        about: The entity it is about, where known.
    """

    text: str
    prompt: str = ""
    source: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question put to the model after every round.

    Attributes:
        id: Unique within a run, stable between runs on the same pack.
        group: Whether the answer should be forgotten or kept.
        kind: Fill in the blank, a question, or a string to be continued word for word.
        query: The question as the pack has it; of a verbatim probe the words before the string.
        answer: The gold answer; of a verbatim probe the string.
        about: The entity asked about.
        source: The file it comes from, or `WRITTEN`.
    """

    id: str
    group: Group
    kind: ProbeKind
    query: str
    answer: str
    about: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Materials:
    """Everything a run reads besides the model and the encoder.

    Attributes:
        concept_passages: Texts about the concept: what alignment and unlearning see.
        retain_passages: Texts to keep: neighbours and general topics, plain and in chat form.
        neutral_texts: Texts whose mean token loss is the utility score; never trained on.
        probes: Forget and neighbour questions.
        fluency_prompts: Instructions whose answers give the fluency entropy.
        neighbours: Names of related entities that must survive.
    """

    concept_passages: tuple[Passage, ...] = ()
    retain_passages: tuple[Passage, ...] = ()
    neutral_texts: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    fluency_prompts: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def written(self) -> tuple[Part, ...]:
        """The parts of which the model itself wrote something."""
        parts: dict[Part, tuple[Passage, ...] | tuple[Probe, ...]] = {
            "concept": self.concept_passages,
            "retain": self.retain_passages,
            "probes": self.probes,
        }
        return tuple(name for name, part in parts.items() if any(one.source == WRITTEN for one in part))

    def with_note(self, note: str) -> Materials:
        """The same materials with one more remark for the user."""
        return replace(self, notes=(*self.notes, note))
