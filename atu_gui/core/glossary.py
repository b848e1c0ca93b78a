"""The words of the method in plain language. What a form says of a setting is said here in the same words."""

from __future__ import annotations

from pydantic import BaseModel

from atu_gui.core.config import AlignConfig, RoundPlan, UnlearnConfig, WindowConfig
from atu_gui.core.guarding import GuardConfig


def _of(part: type[BaseModel], name: str) -> str:
    return str(part.model_fields[name].description).removeprefix("τ: ").removeprefix("λ: ")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


GLOSSARY: dict[str, str] = {
    "Active share": "How many positions of concept texts lie above τ: what an unlearn step pushes.",
    "Align": "Train the head to predict, from the model's hidden states, the embedding of the next words. "
    "The model itself stays as it is.",
    "Align cosine": "How close predictions come to the real embedding of the next words: 1 is perfect, 0 is chance. "
    + _of(AlignConfig, "held_out"),
    "AUC": "How often a concept text scores higher than another text: 0.5 is a coin, 1 always.",
    "Collapsed": "The model has lost its language, so its forget scores are void.",
    "Concept": "What is to be forgotten: a person, a book, a topic. Its name, aliases and descriptions become one "
    "embedding.",
    "Dev": "Questions that steer a run: goals, floors and the choice of a round look at them alone.",
    "Encoder": "A frozen model that turns a text into a vector, so that near meanings get near vectors.",
    "Floor": _of(GuardConfig, "neighbour_floor"),
    "Fluency": "Entropy of the word pairs and triples in free answers. It falls when the model repeats itself.",
    "Forget": "Questions about the concept. Recall is the share of the gold answer's words that the answer has "
    "(ROUGE-L, as RWKU publishes it).",
    "Frontier": "One dot a round: how much is forgotten against how much general text suffers. "
    "Left is more forgotten, lower is less harm.",
    "Goal": _of(GuardConfig, "forget_goal"),
    "Head": "A small network that reads the hidden states of one layer and predicts what is coming, as the encoder "
    "would see it.",
    "Held-out": "Texts that are not trained on, so that a figure does not flatter.",
    "Interval": "Where the score would lie in 95 of 100 draws of as many questions. Few questions, wide interval.",
    "Layer": "The block whose hidden states the head reads. Blocks up to it are changed, those above stay as they are.",
    "Mean": "The average similarity of predictions on concept texts to the concept.",
    "Neighbour": "Questions about related things, which must survive.",
    "P(answer)": "The probability that the model gives the gold answer, word for word.",
    "P95": "Only one prediction in twenty on concept texts is more similar to the concept than this.",
    "Recall": "Forget recall should fall, neighbour recall should stay; on test questions. Dashed: the "
    "untouched model. Goal and floor are judged on dev questions and drawn at the same share of the test score.",
    "Retain": "Texts on which the model is held at its untouched hidden states: neighbours and general topics.",
    "Round": "Align, then unlearn, then ask all questions. The next round aligns again, so that the model cannot just "
    "hide from an old head.",
    "Similarity to concept": "Cosine between what the head predicts and the concept's embedding, on concept texts. "
    "It is no measure of forgetting: after realigning it rises again although the answers are gone.",
    "Test": "Questions by which nothing in a run is chosen; what is reported is their score.",
    "Token loss": "Mean loss per token on neutral text. It rises when the model suffers in general.",
    "Unlearn": "Change the model, the head held still, until no prediction comes closer to the concept than τ.",
    "Utility": "How well the model still does what has nothing to do with the concept: the token loss on neutral text.",
    "Window": _of(WindowConfig, "k"),
    "λ": _capital(_of(UnlearnConfig, "retain_weight")),
    "τ": _capital(_of(RoundPlan, "tau")),
    "τ applied": "The τ of the last unlearn step, from the run itself.",
    "τ planned": "The τ of rounds to come, as the schedule has it. " + _of(RoundPlan, "quantile"),
}
_BY_WORD = {word.casefold(): words for word, words in GLOSSARY.items()}


def explain(word: str) -> str:
    """What a word means; "" where there is nothing to say."""
    return _BY_WORD.get(word.casefold(), "")
