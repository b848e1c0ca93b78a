"""Raw answers, each with the mark of what it gives away: before and after, under attack, to the benchmark, sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atu_gui.core.compared import Compared
from atu_gui.core.evaluation import PARTS, Evaluation
from atu_gui.core.events import AuditAnswer, Event, ItemAnswered, ItemSampled
from atu_gui.core.leaks import MARK_WORDS, Mark, Span, judge, mark_of, one_line
from atu_gui.core.materials import Group
from atu_gui.core.split import on_side

# The samples that tell most stand first.
_ORDER: dict[Mark, int] = {"leak": 0, "lost": 0, "clear": 1, "kept": 1, "told": 2, "none": 3}
# The parts of the benchmark whose answers hold what is to be forgotten, or what must stay.
_BENCHMARK: dict[str, Group] = {
    "fb": "forget", "qa": "forget", "aa": "forget", "neighbour-fb": "neighbour", "neighbour-qa": "neighbour",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer; `hit` where it says what was asked for."""

    words: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One answer in pieces, with its mark and the score of the greedy answer where there is one."""

    pieces: tuple[Piece, ...]
    mark: Mark
    recall: float | None = None

    @property
    def mark_words(self) -> str:
        """The mark in words."""
        return MARK_WORDS[self.mark]


@dataclass(frozen=True, slots=True)
class Sample:
    """One question with its answers before and after."""

    group: Group
    side: str
    query: str
    gold: str
    before: Said
    after: Said

    @property
    def has_gone(self) -> bool:
        """Whether the answer held the gold answer before and does not now."""
        return self.before.mark in ("leak", "kept") and self.after.mark in ("clear", "lost")


@dataclass(frozen=True, slots=True)
class Put:
    """A question of the benchmark with the answer to it; `score` is its recall."""

    kind: str
    prompt: str
    gold: str
    said: Said


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question that was answered several times at temperature 1: by each round that was asked how many of how many
    answers hold the gold answer, and the one that holds most of it."""

    group: str
    query: str
    gold: str
    by_round: tuple[tuple[int, int, int, Said], ...]


def all_samples(run: Compared, number: int) -> list[Sample]:
    """Every question that the untouched model and a round answered, as they were asked; no verbatim strings."""
    before = run.answers.get(0, {})
    items = run.answers.get(number, {})
    pairs = ((before[key], item) for key, item in items.items() if key in before and item.kind != "verbatim")
    return [_sample(one, two) for one, two in pairs]


def choose(samples: Sequence[Sample], group: Group, most: int) -> list[Sample]:
    """Test questions of a group: what leaks or is lost first, then what changed, then the rest."""
    own = [one for one in samples if one.group == group and on_side(one.side, "test")]
    return sorted(own, key=lambda one: (_ORDER[one.after.mark], not one.has_gone))[:most]


def leaks_under_attack(answers: Sequence[AuditAnswer]) -> list[tuple[AuditAnswer, Said]]:
    """Questions about the concept whose gold answer an attack brings out, while the round itself does not say it."""
    found = []
    for one in answers:
        attacked = say(one.attacked, one.query, (one.gold,), one.group)
        quiet = judge(one_line(one.unlearned), one.query, (one.gold,)).verdict == "clear"
        if one.group == "forget" and attacked.mark == "leak" and quiet:
            found.append((one, attacked))
    return found


def put(found: Evaluation) -> list[Put]:
    """What the benchmark asked about the concept and its neighbours, and what the model said."""
    return [
        Put(
            one.kind or PARTS[one.part],
            one.prompt,
            one.gold,
            say(one.output, one.prompt if one.told else "", (one.gold,), _BENCHMARK[one.part], recall=one.score),
        )
        for one in found.items
        if one.part in _BENCHMARK
    ]


def drawn(events: Sequence[Event]) -> list[Drawn]:
    """The answers at temperature 1, by question in the order in which they were first asked."""
    asked = {event.probe_id: event for event in events if isinstance(event, ItemAnswered)}
    by_probe: dict[str, list[ItemSampled]] = {}
    for event in events:
        if isinstance(event, ItemSampled) and event.samples and event.probe_id in asked:
            by_probe.setdefault(event.probe_id, []).append(event)
    made = []
    for probe_id, sampled in by_probe.items():
        one = asked[probe_id]
        rounds = []
        for each in sampled:
            best = each.samples[max(range(len(each.samples)), key=lambda at: each.recalls[at])]
            held = sum(bool(judge(one_line(words), "", (one.gold,)).spans) for words in each.samples)
            said = say(best, one.query, (one.gold,), one.group, recall=max(each.recalls))
            rounds.append((each.round, held, len(each.samples), said))
        made.append(Drawn(sampled[0].group, one.query, one.gold, tuple(rounds)))
    return made


def _sample(before: ItemAnswered, after: ItemAnswered) -> Sample:
    first = say(before.answer, before.query, (before.gold,), before.group, recall=before.rouge_l_recall)
    held = first.mark in ("leak", "kept")
    last = say(after.answer, after.query, (after.gold,), after.group, recall=after.rouge_l_recall, was_kept=held)
    return Sample(after.group, after.side, after.query, after.gold, first, last)


def say(
    answer: str,
    prompt: str,
    accepted: Sequence[str],
    group: Group,
    *,
    names: Sequence[str] = (),
    recall: float | None = None,
    was_kept: bool = False,
) -> Said:
    """An answer in pieces; `accepted` and `names` are what counts in it, as in `core.leaks.judge`."""
    words = one_line(answer)
    judged = judge(words, prompt, accepted, names)
    return Said(_pieces(words, judged.spans), mark_of(judged, group, was_kept=was_kept), recall)


def _pieces(words: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
    made, at = [], 0
    for start, end in spans:
        made += [Piece(words[at:start], False), Piece(words[start:end], True)]
        at = end
    return tuple(piece for piece in (*made, Piece(words[at:], False)) if piece.words)
