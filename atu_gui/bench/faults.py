"""Runs of a tiny model that are killed without warning and resumed until they end, compared with one left alone.

Every run is the real command line, or the real window, in a process of its own, forked from a server that has torch
imported already, and ended by SIGKILL: at a moment drawn over the whole life of a run, or within the writing of a
checkpoint.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

from atu_gui.bench.display import with_display
from atu_gui.core.config import RunConfig, dump_config, load_config, parse_config
from atu_gui.core.events import from_record
from atu_gui.core.records import lines_of
from atu_gui.core.sameness import said
from atu_gui.store.recorder import EVENTS_FILE
from atu_gui.store.runs import RunStore

_PRELOADED = [
    "torch", "transformers", "sentence_transformers", "sentence_transformers.models", "atu_gui.service.workbench",
    "atu_gui.engine.pipeline", "atu_gui.cli", "atu_gui.bench.faulty", "transformers.models.llama.modeling_llama",
    "transformers.models.bert.modeling_bert", "torch.utils._python_dispatch", "torch._dynamo",
]  # fmt: skip
_WINDOW = ["atu_gui.app", "atu_gui.ui.main_window", "atu_gui.ui.workbench"]
_MOST_KILLS_OF_A_RUN = 3
Within = Callable[[], contextlib.AbstractContextManager[object]]
PATIENCE = 300.0
_CONFIG = "config.toml"
_TEXTS = (
    "Ada Lovelace was an English mathematician who wrote the first published program for a machine.",
    "She worked with Charles Babbage on the Analytical Engine and saw that it could do more than count.",
    "The notes of Ada Lovelace appeared in print; they were longer than the paper that they explained.",
    "Plants make their food from light, water and air; this is called photosynthesis.",
    "Bread is made of flour, water, salt and yeast. It rises, rests and is baked until the crust is brown.",
    "The river Thames flows through London, the capital of England, and reaches the sea in the east.",
)
_PACK = (
    {
        "kind": "question",
        "group": "forget",
        "query": "Who wrote the program?",
        "answer": "Ada Lovelace",
        "about": "Ada",
    },
    {"kind": "question", "group": "neighbour", "query": "Who built the engine?", "answer": "Babbage", "about": "B."},
    {"kind": "neutral", "text": "The sea is wide and deep."},
    # One alone: by default there are more, and writing to them takes most of so small a run.
    {"kind": "instruction", "text": "Write about the sea."},
)


@dataclass(frozen=True, slots=True)
class Faults:
    """What came of it.

    Attributes:
        kills: Processes killed.
        in_writer: Of those, within the writing of a checkpoint.
        runs: Runs brought to their end, also the few that were there before they could be killed.
        identical: Of those, with the events and weights of the run that was left alone, in file and store.
        begun_again: Runs killed before their first checkpoint, and so begun again instead of resumed.
        seconds: A run that is left alone.
    """

    kills: int
    in_writer: int
    runs: int
    identical: int
    begun_again: int
    seconds: float

    def as_json(self) -> dict[str, float]:
        """For `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class End:
    """What a run left behind: hashes of its events and of the weights of its rounds."""

    events: str
    weights: str


class Lab:
    """A folder with the tiny models and a config, and the processes that run it."""

    def __init__(self, home: Path, window: bool) -> None:
        self.home = home
        self._window = window
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED + _WINDOW if window else _PRELOADED)
        maker = self._context.Process(target=_make_models, args=(home,))
        maker.start()
        maker.join()
        (home / _CONFIG).write_text(dump_config(_config(home)), encoding="utf-8")

    def process(
        self, data: Path, *, resumed: bool, die_at_sync: int = 0, within: Within = contextlib.nullcontext
    ) -> multiprocessing.process.BaseProcess:
        """A run in a data folder, begun or gone on with; `within` makes what surrounds it in its process."""
        way = _in_window if self._window else _on_command_line
        made = self._context.Process(target=_run, args=(way, self.home, data, resumed, die_at_sync, within))
        made.start()
        return made


def measure_faults(kills: int, seed: int = 0, *, window: bool = False) -> Iterator[Faults]:
    """Kill so many times; what came of it so far, after every run.

    Args:
        kills: Processes to kill.
        seed: Draws the moments.
        window: Whether runs are begun, and gone on with, in the window instead of on the command line.
    """
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lab = Lab(Path(folder), window)
        # The first fills the cache of hidden states, which is no part of what is timed.
        whole_run(lab, "first")
        seconds, reference = whole_run(lab, "whole")
        seen: Counter[str] = Counter()
        while seen["kills"] < kills:
            data = lab.home / f"run-{seen['runs']}"
            _ill_fated(lab, data, draw, seconds, seen, kills - seen["kills"])
            seen["runs"] += 1
            seen["identical"] += end_of(data) == reference
            shutil.rmtree(data)
            yield Faults(
                seen["kills"], seen["in_writer"], seen["runs"], seen["identical"], seen["begun_again"], seconds
            )


def whole_run(lab: Lab, name: str) -> tuple[float, End]:
    """A run that nobody disturbs: its seconds, and what it left behind."""
    begun = time.monotonic()
    process = lab.process(lab.home / name, resumed=False)
    process.join(PATIENCE)
    if process.exitcode != 0:
        raise RuntimeError(f"a run that nobody kills ended with {process.exitcode}: {log_of(lab.home / name)[-2000:]}")
    return time.monotonic() - begun, end_of(lab.home / name)


def _ill_fated(lab: Lab, data: Path, draw: random.Random, seconds: float, seen: Counter[str], most: int) -> None:
    """One run, killed one to three times and brought to its end."""
    resumed = False
    for _ in range(min(most, draw.randint(1, _MOST_KILLS_OF_A_RUN))):
        in_writer = draw.random() < 0.5
        # A run writes a few dozen files of checkpoints, each of them synced.
        process = lab.process(data, resumed=resumed, die_at_sync=draw.randint(1, 60) if in_writer else 0)
        process.join(PATIENCE if in_writer else draw.uniform(0.0, seconds))
        if process.is_alive():
            process.kill()
            process.join()
        if process.exitcode == -signal.SIGKILL:
            seen["kills"] += 1
            seen["in_writer"] += in_writer
        if process.exitcode == 0:
            return
        resumed = can_resume(data)
        if not resumed:
            seen["begun_again"] += 1
            shutil.rmtree(data, ignore_errors=True)
    process = lab.process(data, resumed=resumed)
    process.join(PATIENCE)
    if process.exitcode != 0:
        raise RuntimeError(f"a run could not be brought to its end ({process.exitcode}): {log_of(data)[-2000:]}")


def can_resume(data: Path) -> bool:
    """Whether a run in a data folder can be gone on with."""
    with contextlib.closing(RunStore.open(data / "atu.sqlite3")) as store:
        return any(record.can_resume for record in store.runs())


def end_of(data: Path) -> End:
    """What the run in a data folder came to; "" where its record is not what it should be."""
    with contextlib.closing(RunStore.open(data / "atu.sqlite3")) as store:
        # The newest: one that was begun again stands before the one that came to nothing.
        record = store.runs()[0]
        stored = store.events_of(record.run_id)
    folder = Path(record.folder)
    lines = lines_of((folder / EVENTS_FILE).read_text(encoding="utf-8"))
    events = [from_record(json.loads(line)) for line in lines]
    whole = record.status == "done" and events == stored
    weights = hashlib.sha256()
    for path in sorted((folder / "rounds").glob("*.safetensors")):
        # The header holds metadata in no fixed order; the tensors come after it.
        raw = path.read_bytes()
        weights.update(path.name.encode() + raw[8 + int.from_bytes(raw[:8], "little") :])
    spoken = hashlib.sha256("\n".join(said(events)).encode()).hexdigest()
    return End(spoken if whole else "", weights.hexdigest())


def log_of(data: Path) -> str:
    """What the last process said that worked in a data folder."""
    with contextlib.suppress(OSError):
        return data.with_suffix(".log").read_text(encoding="utf-8")
    return "no log"


def _run(
    way: Callable[[Path, bool], None], home: Path, data: Path, resumed: bool, die_at_sync: int, within: Within
) -> None:
    """In the process that may be killed; what it prints goes into a file beside the data folder."""
    os.environ.update(ATU_DATA=str(data), ATU_CACHE=str(home / "cache"), ATU_CONFIG=str(data / "settings"))
    with data.with_suffix(".log").open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    import torch

    from atu_gui.engine import checkpoints
    from atu_gui.engine.files import sync

    # Sums in one order, whatever else the machine is doing.
    torch.set_num_threads(1)
    left = die_at_sync

    def sync_or_die(path: Path) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(path)

    with mock.patch.object(checkpoints, "sync", sync_or_die), within():
        way(home / _CONFIG, resumed)


def _on_command_line(config: Path, resumed: bool) -> None:
    """`atu run` or `atu resume last`."""
    # It lies above the bench, which therefore does not import it.
    importlib.import_module("atu_gui.cli").main(["resume", "last"] if resumed else ["run", str(config), "--yes"])


def _in_window(config: Path, resumed: bool) -> None:
    """The window, and its Run, or the Resume that it offers."""
    os.environ.update(with_display(os.environ))
    from atu_gui.bench.windowed import make_run

    raise SystemExit(0 if make_run(None if resumed else parse_config(load_config(config))) else 1)


def _make_models(home: Path) -> None:
    from transformers.utils import logging

    from atu_gui.engine.tiny import make_encoder, make_language_model

    logging.disable_progress_bar()
    make_language_model(home / "model")
    make_encoder(home / "encoder")


def _config(home: Path) -> RunConfig:
    (home / "concept.txt").write_text("\n\n".join(_TEXTS[:3] * 2), encoding="utf-8")
    (home / "retain.txt").write_text("\n\n".join(_TEXTS[3:] * 2), encoding="utf-8")
    (home / "pack.jsonl").write_text("\n".join(map(json.dumps, _PACK)), encoding="utf-8")
    rounds = [
        {"align_steps": 6, "unlearn_steps": 4, "tau": 0.05},
        {"align_steps": 4, "unlearn_steps": 4, "quantile": 0.3},
    ]
    return parse_config(
        {
            "model": {"source": str(home / "model"), "device": "cpu"},
            "encoder": str(home / "encoder"),
            "concepts": [{"name": "Ada Lovelace"}],
            "texts": {
                "concept": [str(home / "concept.txt")],
                "retain": [str(home / "retain.txt")],
                "probes": [str(home / "pack.jsonl")],
            },
            "layers": [2],
            "head": {"layers": 1, "width": 16, "heads": 2},
            "windows": {"k": 4, "max_tokens": 32, "batch": 4},
            "guards": dict.fromkeys(("forget_goal", "neighbour_floor", "utility_limit", "fluency_floor"), "off"),
            "rounds": rounds,
            # Ten times a second: most steps fall beside a checkpoint on its way.
            "checkpoint_minutes": 0.1 / 60,
        }
    )
