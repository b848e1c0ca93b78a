"""A benchmark evaluation of one set of weights: what is asked for, and what came of it. Plain values.

Two readings of RWKU exist. `rwku` scores as the published code does, so that the figures can stand beside those of
papers. `corrected` mends what there contradicts its own intention; `DIFFERENCES` lists it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from atu_gui.core import text
from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import InputError
from atu_gui.core.events import Interval
from atu_gui.core.files import write_whole
from atu_gui.core.locks import occupy
from atu_gui.core.records import restore

Reading = Literal["rwku", "corrected"]
READINGS: tuple[Reading, ...] = ("rwku", "corrected")

PARTS: dict[str, str] = {
    "fb": "forget, fill in the blank",
    "qa": "forget, question and answer",
    "aa": "forget, adversarial attacks",
    "neighbour-fb": "neighbours, fill in the blank",
    "neighbour-qa": "neighbours, question and answer",
    "mia": "membership inference",
    "mmlu": "general knowledge, 5-shot",
    "bbh": "reasoning with chain of thought",
    "truthfulqa": "truthfulness",
    "triviaqa": "factuality",
    "fluency": "fluency entropy",
}
FEW = 30
# Before the name of a target that the hub shall bring.
HUB = "hub:"

DIFFERENCES = (
    "FB, QA and AA answers end at the first newline; the published stop rule never fires with most tokenizers.",
    "The combined scores weigh the parts by the questions of these targets, not of the whole benchmark.",
    "BBH answers are compared whole, not with each single character of the gold answer; decimals are kept.",
    "Min-K % takes at least one token; as published a very short text makes the mean undefined.",
)
COMMON_DEPARTURES = (
    "A failed generation ends the evaluation; the published code counts it as an empty answer, that is as forgotten.",
    "An answer of periods alone scores 0; there the published code stops with an error.",
    "Fluency takes an answer as one sentence: no sentence model is bundled, which affects periods inside a text only.",
)


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to evaluate.

    Attributes:
        targets: RWKU targets: folders on this machine, or "hub:" and the name of a target of the data set on the hub.
        model: The untouched model to load; None where `run` names a run.
        run: A run by id, its beginning or folder; "" for `model`.
        round: A round of the run; None is its best one.
        parts: Keys of `PARTS`.
        limit: Items of each part and target at most, spread evenly over the file; None takes all.
    """

    targets: tuple[str, ...]
    model: ModelConfig | None = None
    run: str = ""
    round: int | None = None
    reading: Reading = "rwku"
    parts: tuple[str, ...] = tuple(PARTS)
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class EvaluatedItem:
    """One question or text with what the model made of it.

    Attributes:
        kind: Attack type, task, or group of membership texts; "" elsewhere.
        told: The prompt already contains the gold answer.
        score: Main score of the part; None where the part scores sets only.
        details: Further figures by name.
    """

    target: str
    part: str
    index: int
    kind: str
    prompt: str
    gold: str
    output: str
    score: float | None
    told: bool = False
    details: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """One figure of the report.

    Attributes:
        name: Such as "forget AA" or "AA, role play".
        value: In the unit RWKU reports: percent, or −100 × log-probability; mean over targets.
        items: The value with its interval over items, in the same unit; None where it is no mean of items.
        targets: With the interval over targets; None for one target.
        n: Items behind it.
    """

    name: str
    value: float
    items: Interval | None
    targets: Interval | None
    n: int

    @property
    def few(self) -> bool:
        """Whether so few items say little."""
        return self.n < FEW

    @property
    def digits(self) -> int:
        """Decimals that suit it: most are percents, some are fractions."""
        return 1 if abs(self.value) >= 1 or not self.value else 4

    def span(self, interval: Interval | None) -> str:
        """One of its intervals in words."""
        if interval is None:
            return text.NOTHING
        return f"{text.number(interval.low, self.digits)} … {text.number(interval.high, self.digits)}"


@dataclass(frozen=True, slots=True)
class PartTime:
    """Seconds a part took on all targets; `cached` items were not asked again. Parts that are asked together share
    theirs by items."""

    part: str
    seconds: float
    items: int
    cached: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The report of one evaluation."""

    weights: str
    weights_hash: str
    reading: Reading
    targets: tuple[str, ...]
    limit: int | None
    scores: tuple[Score, ...]
    items: tuple[EvaluatedItem, ...]
    times: tuple[PartTime, ...]
    notes: tuple[str, ...]
    differs: tuple[str, ...]

    @property
    def title(self) -> str:
        """What was asked of whom, and how it is scored."""
        limit = f" · at most {text.count(self.limit, 'item')} of each part and target" if self.limit else ""
        return f"{self.weights} · {', '.join(self.targets)} · reading “{self.reading}”{limit}"

    def score(self, name: str) -> Score | None:
        """A figure by name."""
        return next((score for score in self.scores if score.name == name), None)

    def as_json(self, *, items: bool = False) -> dict[str, Any]:
        """JSON-ready data, without the single items unless they are wanted."""
        data = dataclasses.asdict(self)
        if not items:
            del data["items"]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Evaluation:
        """What `as_json(items=True)` made."""
        nested = {"scores": Score, "items": EvaluatedItem, "times": PartTime}
        values = dict(data)
        for name, kind in nested.items():
            values[name] = tuple(_value(kind, record) for record in values[name])
        for name in ("targets", "notes", "differs"):
            values[name] = tuple(values[name])
        return cls(**values)


@contextlib.contextmanager
def filling(folder: Path | None) -> Iterator[None]:
    """Within the block a folder that `write_evaluation` is to fill is there, can be written, and is nobody else's.

    Args:
        folder: Made where it is missing; None where nothing is to be written.

    Raises:
        InputError: It cannot be made, or not be written.
        OutputError: Another window or command writes into it.
    """
    if folder is None:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None
    lock = occupy(folder)
    try:
        yield
    finally:
        lock.release()


def write_evaluation(found: Evaluation, folder: Path) -> None:
    """Write `evaluation.json` (the figures) and `items.jsonl` (every prompt and answer) into a folder.

    Raises:
        InputError: The folder cannot be written.
    """
    write_figures(folder, "evaluation.json", found.as_json())
    try:
        records = ({**dataclasses.asdict(item), "details": dict(item.details)} for item in found.items)
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        write_whole(folder / "items.jsonl", "".join(lines))
    except OSError as error:
        raise _unwritable(folder, error) from None


def write_figures(folder: Path, name: str, figures: dict[str, Any]) -> None:
    """Write figures as one JSON file into a folder.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"{folder} cannot be written: {error.strerror}.", "Name another folder.")


def _value(kind: type[Any], record: dict[str, Any]) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values = dict(record)
    for name in ("items", "targets"):
        if name in fields and values[name] is not None:
            values[name] = restore(Interval, values[name])
    if "details" in values:
        values["details"] = tuple((str(key), value) for key, value in values["details"])
    return kind(**values)
