"""The page itself: what goes where, in which words. The look is the template's (`resources/report`)."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

import atu_gui
from atu_gui.core import paths, text
from atu_gui.core.audits import AUDITS
from atu_gui.core.config import RunConfig
from atu_gui.core.differences import settings_of
from atu_gui.core.evaluation import Evaluation
from atu_gui.core.events import AuditFound, DeepScored, TextWritten
from atu_gui.core.findings import brought_back, newest
from atu_gui.core.glossary import explain
from atu_gui.core.look import DARK, LIGHT, Tokens
from atu_gui.core.run_state import run_state
from atu_gui.core.score_words import SMOOTH, change, forgotten, leaking, worse
from atu_gui.core.verdict import RULES, Kind
from atu_gui.report import answers, charts, tables
from atu_gui.report.material import Material
from atu_gui.report.rephrased import rephrased

_FORGET_SAMPLES, _NEIGHBOUR_SAMPLES, _ATTACKED = 10, 6, 6
_FINDINGS = (
    ("What is forgotten", "good", forgotten),
    ("What still leaks", "bad", leaking),
    ("What got worse", "warn", worse),
)
_MARKS: dict[Kind, str] = {
    "erased": "good",
    "suppressed": "warn",
    "collapsed": "bad",
    "not forgotten": "bad",
    "neighbours lost": "bad",
}


def render(material: Material) -> str:
    """The page as HTML. Whatever a model, a file or a user wrote is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.resource("report")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(_content(material))


def _content(material: Material) -> dict[str, Any]:
    run, record, outcome = material.run, material.run.record, material.outcome
    scored = [run.rounds[number] for number in sorted(run.rounds)]
    kept = record.best_round
    samples = answers.all_samples(run, material.round) if material.round else []
    deep = [event for event in run.events if isinstance(event, DeepScored)]
    asked = text.asked(run.tested)
    return {
        "style": Markup(_style()),
        "title": record.title,
        "record": record,
        "round": material.round,
        "subtitle": _subtitle(material),
        "sentence": headline(material),
        "ending": _ending(material),
        "verdicts": [(name, one, _MARKS[one.kind]) for name, one in (outcome.verdicts if outcome else ())],
        "rules": RULES,
        "findings": [(title, token, words(outcome)) for title, token, words in _FINDINGS] if outcome else [],
        "step_charts": charts.step_charts(material.curves),
        "round_charts": charts.round_charts(material.curves, run.config.guards, asked) if scored else [],
        "rounds": tables.rounds(scored, kept),
        "smooth": tables.smooth(scored, kept),
        "smooth_words": [("Log-prob", "Mean log-probability of the gold answer's tokens, nats."), *SMOOTH.values()],
        "deep": tables.deep(deep) if deep else None,
        "drawn": answers.drawn(run.events),
        "asked": asked,
        "audits": [_audited(material.audits, number) for number in sorted({one.round for one in material.audits})],
        "evaluations": [_evaluated(one) for one in material.evaluations],
        "samples": [
            ("About the concept", answers.choose(samples, "forget", _FORGET_SAMPLES)),
            ("Neighbours", answers.choose(samples, "neighbour", _NEIGHBOUR_SAMPLES)),
        ],
        "every": samples,
        "rephrased": [(one, _when(one.asked)) for one in rephrased(material.asked)],
        "settings": settings_of(_without_places(run.config)),
        "provenance": list(_provenance(material)),
        "hashes": material.hashes,
        "limits": list(_limits(material)),
        "version": atu_gui.__version__,
        "written": _when(material.written),
    }


def headline(material: Material) -> str:
    """What became of the run, in a sentence."""
    outcome, start = material.outcome, material.start
    who = f"{start.model} was trained to forget {material.run.record.title}"
    if outcome is not None:
        if outcome.collapsed:
            return f"{who}; after round {outcome.round} it has lost its language, so its forget scores are void."
        asked = " on test questions" if outcome.tested else ""
        near = f", neighbour recall {change(outcome.neighbour)}" if outcome.neighbour.after else ""
        if outcome.forget.after is None:
            return f"{who}; no questions about it were asked, so nothing can be said about what is forgotten{near}."
        return f"{who}; after round {outcome.round} forget recall{asked} went {change(outcome.forget)}{near}."
    if not material.round:
        return f"{who}; no round was scored after the untouched model, so there is nothing to judge."
    return f"{who}; the run has not come to its end, so there is no verdict. Round {material.round} was scored last."


def _ending(material: Material) -> str:
    record, outcome = material.run.record, material.outcome
    if outcome is None:
        because = f": {record.stopped_because.rstrip('.')}" if record.stopped_because else ""
        return f"State of the run: {run_state(record)}{because}. It took {text.duration(record.seconds)}."
    kept = f"Round {outcome.kept} is kept." if outcome.kept else "No round was good enough to keep."
    judged = "" if outcome.kept else f" The figures are those of round {outcome.round}, the last one."
    because = text.capital(outcome.stopped_because).rstrip(".")
    return f"{because}. {kept}{judged} It took {text.duration(outcome.seconds)}."


def _subtitle(material: Material) -> str:
    record, start = material.run.record, material.start
    numbers = ", ".join(map(str, start.layers))
    layers = f"layer {numbers}" if len(start.layers) == 1 else f"layers {numbers}"
    parts = [f"Run {record.run_id}", start.model, layers, f"recipe “{start.recipe}”", f"seed {start.seed}"]
    parts.append(_when(record.started))
    return " · ".join(parts)


def _audited(found: tuple[AuditFound, ...], number: int) -> dict[str, Any]:
    """What audits of a round brought back: a sentence for each, all figures, curves, and answers that came back."""
    own = [one for one in newest(found) if one.round == number]
    came = [(one, answers.leaks_under_attack(one.answers)) for one in own]
    return {
        "round": number,
        "sentences": [one.words for one in brought_back(found, number)],
        "table": tables.audits(own),
        "notes": [f"{AUDITS[one.audit].title}, {one.attack}: {one.note}" for one in own if one.note],
        "charts": charts.audit_charts(own),
        "leaks": [
            (f"{AUDITS[one.audit].title}, {one.attack}", pairs[:_ATTACKED], len(pairs)) for one, pairs in came if pairs
        ],
    }


def _evaluated(found: Evaluation) -> dict[str, Any]:
    return {
        "title": found.title,
        "parts": tables.parts_of(found),
        "hash": found.weights_hash,
        "table": tables.evaluation(found),
        "put": answers.put(found),
        "differs": found.differs,
        "notes": found.notes,
    }


def _provenance(material: Material) -> Iterator[tuple[str, str]]:
    start, record = material.start, material.run.record
    yield "Model", start.model
    yield "Encoder", start.encoder
    yield "Concepts", ", ".join(start.concepts)
    yield (
        "Passages",
        f"{text.count(start.concept_passages)} about the concept, {text.count(start.retain_passages)} to keep",
    )
    yield (
        "Questions",
        f"{text.count(start.forget_probes)} about the concept, {text.count(start.neighbour_probes)} neighbours",
    )
    if start.device:
        yield "Computed on", f"{text.device(start.device)}, {text.number_format(start.dtype)}"
    if start.parent_run:
        yield "Began with", f"round {start.parent_round} of run {start.parent_run}"
    yield "Began", _when(start.started)
    yield "Took", text.duration(record.seconds)
    if record.note:
        yield "Note", record.note
    if record.tags:
        yield "Tags", ", ".join(record.tags)
    yield from material.versions.items()


def _limits(material: Material) -> Iterator[str]:
    """What must be known before a figure is believed."""
    outcome, start = material.outcome, material.start
    yield (
        f"One run with seed {start.seed}: another seed gives other figures. Intervals are over questions "
        "(95 %, percentile bootstrap), not over runs."
    )
    few = {score.after.n for score in (outcome.forget, outcome.neighbour) if score.after} if outcome else set()
    if few and text.few(min(few)):
        yield f"Some scores rest on {text.count(min(few), 'question')}. {text.few(min(few))}"
    yield "That an answer does not hold the gold answer is no proof of forgetting: other words may still bring it out."
    yield explain("Similarity to concept")
    if material.round and not any(one.round == material.round for one in material.audits):
        yield (
            f"No audit was run on round {material.round}, so whether the model still knows what it does not say is "
            f"not shown. `atu audit {material.run.record.run_id}` tries to bring it back."
        )
    if any(isinstance(event, TextWritten) and event.what == "question" for event in material.run.events):
        yield "The model made questions itself: their gold answers are what it said, not what is true."
    if outcome is not None and outcome.told:
        yield f"{text.count(outcome.told, 'question')} not counted as leaks: the answer stands in the question."


def _without_places(config: RunConfig) -> RunConfig:
    """Files by their names alone: a report is shared, and folders are of one machine."""
    shared = config.model_copy(deep=True)
    for name in type(shared.texts).model_fields:
        value = getattr(shared.texts, name)
        if isinstance(value, list):
            setattr(shared.texts, name, [Path(one.name) if isinstance(one, Path) else one for one in value])
    shared.model.source = _name(shared.model.source)
    shared.encoder = _name(shared.encoder)
    return shared


def _name(source: str) -> str:
    return Path(source).name if Path(source).is_absolute() else source


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _style() -> str:
    """The style sheet with the colours of both schemes; nothing of it comes from a run."""
    sheet = paths.resource("report", "report.css").read_text(encoding="utf-8")
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ color-scheme: dark; {_colours(DARK)} }} }}"
    return f":root {{ color-scheme: light; {_colours(LIGHT)} }}\n{dark}\n{sheet}"


def _colours(tokens: Tokens) -> str:
    names = (field.name for field in dataclasses.fields(tokens))
    return " ".join(f"--{name.replace('_', '-')}: {getattr(tokens, name)};" for name in names)
