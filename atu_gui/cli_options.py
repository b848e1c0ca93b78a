"""From a config file and the flags of `atu run` to one config. Flags override the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atu_gui.core import paths
from atu_gui.core.config import STARTER, RunConfig, load_config, parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.presets import find_preset
from atu_gui.core.schedule import CUSTOM, PRESETS, constant_tau, settle

_WORDS = (STARTER, "auto", "")
_TIME = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


@dataclass(slots=True)
class RunFlags:
    """What was written on the command line; None and [] where nothing was."""

    model: str | None = None
    encoder: str | None = None
    concept: list[str] = field(default_factory=list)
    alias: list[str] = field(default_factory=list)
    description: list[str] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    retain: list[Path] = field(default_factory=list)
    neighbour: list[str] = field(default_factory=list)
    probes: list[Path] = field(default_factory=list)
    layers: str | None = None
    tau: float | None = None
    schedule: str | None = None
    recipe: str | None = None
    paper_scale: float | None = None
    budget: str | None = None
    seed: int | None = None
    out: Path | None = None
    device: str | None = None
    dtype: str | None = None
    allow_pickle: bool = False
    allow_remote_code: bool = False
    name: str | None = None


def build_config(file: Path | None, flags: RunFlags) -> RunConfig:
    """One settled config with every path absolute.

    Raises:
        InputError: Every fault of the file and the flags.
    """
    data = _from_file(file) if file is not None else {}
    _take_schedule(data, flags)
    _put(
        data,
        "model",
        source=_place(flags.model, Path.cwd()),
        device=flags.device,
        dtype=flags.dtype,
        allow_pickle=flags.allow_pickle or None,
        allow_remote_code=flags.allow_remote_code or None,
    )
    _put(
        data,
        "texts",
        concept=_absolute(flags.texts, Path.cwd()) or None,
        retain=_absolute(flags.retain, Path.cwd()) or None,
        probes=_absolute(flags.probes, Path.cwd()) or None,
        neighbours=flags.neighbour or None,
    )
    _set(
        data,
        name=flags.name,
        encoder=_place(flags.encoder, Path.cwd()),
        recipe=flags.recipe,
        paper_scale=flags.paper_scale,
        seed=flags.seed,
        layers=None if flags.layers is None else _layers(flags.layers),
        budget_seconds=None if flags.budget is None else parse_time(flags.budget),
        out=None if flags.out is None else str(paths.expanded(flags.out).absolute()),
    )
    _name_concepts(data, flags)
    config = parse_config(data)
    return settle(config if flags.tau is None else _at_one_tau(config, flags.tau))


def parse_time(text: str) -> float:
    """Seconds from "90", "90s", "10m", "1h30m".

    Raises:
        InputError: It is none of these, or zero.
    """
    match = _TIME.fullmatch(text.strip().lower().replace(" ", ""))
    hours, minutes, seconds = (float(part or 0) for part in match.groups()) if match else (0.0, 0.0, 0.0)
    total = 3600 * hours + 60 * minutes + seconds
    if total <= 0:
        raise InputError(f"“{text}” is no length of time.", "Write for instance 90s, 10m or 1h30m.")
    return total


def _from_file(path: Path) -> dict[str, Any]:
    """The file's data; its relative paths are relative to it."""
    data = load_config(path)
    base = paths.expanded(path).absolute().parent
    texts = data.get("texts")
    if isinstance(texts, dict):
        for key in ("concept", "retain", "probes"):
            values = texts.get(key)
            if isinstance(values, list) and all(isinstance(value, str) for value in values):
                texts[key] = _absolute([Path(value) for value in values], base)
    if isinstance(data.get("out"), str):
        data["out"] = str(base / paths.expanded(data["out"]))
    for part, key in ((data.get("model"), "source"), (data, "encoder")):
        if isinstance(part, dict) and isinstance(part.get(key), str):
            part[key] = _place(part[key], base)
    return data


def _take_schedule(data: dict[str, Any], flags: RunFlags) -> None:
    """Put a preset of the user's own in: one that is named by a flag wins over the file, one in the file does not."""
    if flags.schedule is not None:
        if flags.tau is not None:
            raise InputError("Both --tau and --schedule are given.", "Give one of them: --tau keeps τ constant.")
        # The file's own rounds would win over the name of a schedule.
        data.pop("rounds", None)
        data["schedule"] = flags.schedule
    name = data.get("schedule")
    if not isinstance(name, str) or name in (*PRESETS, CUSTOM) or data.get("rounds"):
        return
    preset = find_preset(name)
    data["schedule"] = preset.name
    for part, value in preset.values.items():
        own = data.get(part)
        if isinstance(value, dict) and isinstance(own, dict):
            data[part] = {**own, **value} if flags.schedule is not None else {**value, **own}
        elif own is None or flags.schedule is not None:
            data[part] = value


def _place(source: str | None, base: Path) -> str | None:
    """The absolute path of a model that lies on this machine; hub ids and words stay as they are.

    A record must name the same model wherever it is read.
    """
    if source is None or source in _WORDS:
        return source
    path = base / paths.expanded(source)
    return str(path) if path.exists() else source


def _absolute(values: Sequence[Path], base: Path) -> list[str]:
    return [str(base / paths.expanded(value)) for value in values]


def _set(data: dict[str, Any], **values: object) -> None:
    """Put in what was given."""
    data.update({key: value for key, value in values.items() if value is not None})


def _put(data: dict[str, Any], part: str, **values: object) -> None:
    """The same, one level down."""
    given = {key: value for key, value in values.items() if value is not None}
    inner = data.setdefault(part, {})
    if isinstance(inner, dict):
        inner.update(given)


def _layers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(
            f"“{text}” is no list of layers.", "Write for instance --layers 12 or --layers 12,18."
        ) from None


def _name_concepts(data: dict[str, Any], flags: RunFlags) -> None:
    """`--concept` replaces the file's concepts; aliases and descriptions are added to what there is then."""
    if flags.concept:
        data["concepts"] = [{"name": name} for name in flags.concept]
    concepts = data.get("concepts", [])
    for key, option, values in (
        ("aliases", "--alias", flags.alias),
        ("descriptions", "--description", flags.description),
    ):
        for value in values:
            concept, text = _owner(concepts, value, option)
            concept[key] = [*concept.get(key, []), text]


def _owner(concepts: Any, value: str, option: str) -> tuple[dict[str, Any], str]:
    """The concept that an alias belongs to: the only one, or the one before "="."""
    named = {str(concept.get("name", "")): concept for concept in concepts if isinstance(concept, dict)}
    name, mark, text = value.partition("=")
    if mark and name.strip() in named:
        return named[name.strip()], text
    if len(named) == 1:
        return next(iter(named.values())), value
    if not named:
        raise InputError(f"{option} “{value}” belongs to no concept.", "Name one with --concept.")
    example = next(iter(named))
    raise InputError(
        f"{option} “{value}” does not say to which of {len(named)} concepts it belongs.",
        f"Write for instance {option} “{example}={text or value}”.",
    )


def _at_one_tau(config: RunConfig, tau: float) -> RunConfig:
    """The rounds that the schedule would have, all at one τ."""
    if not -1.0 < tau < 1.0:
        raise InputError(f"τ must lie between −1 and 1; you gave {tau:g}.", "Small models start near 0.35.")
    rounds = constant_tau(tau, settle(config).rounds)
    return parse_config({**config.model_dump(exclude_unset=True), "rounds": rounds, "schedule": CUSTOM})


def split_round(text: str) -> tuple[str, int | None]:
    """A run's name and the round after the last colon, if a number stands there."""
    name, mark, number = text.rpartition(":")
    return (name, int(number)) if mark and number.isdigit() else (text, None)
