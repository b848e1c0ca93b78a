"""Generated files of every kind that is read: only the house's own errors come out, soon, whatever they hold.

A few hundred examples in the suite; twenty thousand among the slow tests.
"""

from __future__ import annotations

import gzip
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atu_gui.core.config import RunConfig, dump_config, load_config, parse_config
from atu_gui.core.control import RunControl
from atu_gui.core.errors import AtuError
from atu_gui.core.pace_memory import PaceMemory
from atu_gui.core.paths import config_folder
from atu_gui.core.presets import load_presets, presets_folder
from atu_gui.core.recorded import read_recording, write_recording
from atu_gui.core.schedule import settle
from atu_gui.engine.checkpoints import open_checkpoint
from atu_gui.engine.gguf_files import check_gguf
from atu_gui.engine.model_folders import check_language_model
from atu_gui.engine.probes.packs import read_pack
from atu_gui.engine.probes.rwku import read_rwku
from atu_gui.engine.probes.target import FILES, read_target
from atu_gui.engine.texts import SUFFIXES, read_passages
from atu_gui.engine.tiny import make_language_model
from atu_gui.service.inquiring import inquiries_in
from atu_gui.ui.kept_setup import load_setup, setup_file
from atu_gui.ui.preferences import load_preferences, preferences_file
from tests.core.test_recorded import ASKED, CONFIG, FOUND
from tests.engine.gguf_maker import make_gguf
from tests.engine.rwku_maker import make_target
from tests.ui.fake_run import Script

QUICK, MANY = 25, 2000
LONGEST = 5.0
Reader = Callable[[Path, bytes], object]

# What breaks readers: nesting, digits, halves of characters, ways out of a folder, ends of ranges.
ODD = [
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"', b"null", b"[]", b"{}", b"-1", b"1e999", b"NaN", b"9" * 5000,
    b"[" * 3000, b'{"a":' * 2000, b"../../x", b"/etc", b"\xe2\x80\xa8", b"\n", b'"', b"\\", b"\xff" * 8, b"\x00" * 8,
    b"=", b"true",
]  # fmt: skip
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1), st.sampled_from(("put", "over", "cut", "end")), st.sampled_from(ODD) | st.binary(max_size=9)
    ),
    max_size=6,
)
KEYS = st.sampled_from(
    ("kind", "group", "query", "answer", "text", "prompt", "about", "subject", "type", "choices", "labels", "examples",
     "mc1_targets", "answers", "prefix", "continuation", "task", "cot", "name", "rounds", "tau", "mode", "docks",
     "layers", "model", "source", "concepts", "texts", "weight_map", "architectures", "model_type", "format", "state",
     "parts")
)  # fmt: skip
WORDS = st.text(max_size=8) | st.sampled_from(
    ("cloze", "forget", "verbatim", "neutral", "Who is ___?", "\ud800", "../x")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(KEYS | WORDS, part, max_size=6),
    max_leaves=12,
)
MADE = st.lists(st.dictionaries(KEYS, VALUES, max_size=6) | VALUES, max_size=4)


def edited(seed: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    for share, what, piece in edits:
        place = int(share * len(seed))
        if what == "put":
            seed = seed[:place] + piece + seed[place:]
        elif what == "over":
            seed = seed[:place] + piece + seed[place + len(piece) :]
        else:
            seed = seed[:place] if what == "end" else seed[:place] + seed[place + 40 :]
    return seed


def _put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _config(folder: Path, data: bytes) -> None:
    settle(parse_config(load_config(_put(folder / "run.toml", data))))


def _text(folder: Path, data: bytes) -> None:
    read_passages(_put(folder / f"text{SUFFIXES[len(data) % len(SUFFIXES)]}", data))


def _rwku(folder: Path, data: bytes) -> None:
    names = [name for files in FILES.values() for name in files]
    for name in names:
        (folder / name).unlink(missing_ok=True)
    name = names[len(data) % len(names)]
    _put(folder / name, data)
    try:
        read_rwku(folder)
    except AtuError:
        read_target(folder, list(FILES))


def _safetensors(folder: Path, data: bytes) -> None:
    from atu_gui.engine.footprint import _tensors

    path = _put(folder / "model.safetensors", data)
    try:
        check_language_model(folder, allow_pickle=False, allow_remote_code=False)
    finally:
        _tensors(path)


def _model_config(folder: Path, data: bytes) -> None:
    _put(folder / "config.json", data)
    _put(folder / "model.safetensors.index.json", data)
    check_language_model(folder, allow_pickle=False, allow_remote_code=False)


def _settings(_folder: Path, data: bytes) -> None:
    _put(preferences_file(), data)
    load_preferences()
    _put(setup_file(), data)
    load_setup()
    PaceMemory(_put(config_folder() / "paces.json", data))._entries()


def _presets(_folder: Path, data: bytes) -> None:
    _put(presets_folder() / "one.toml", data)
    load_presets()


def _checkpoint(folder: Path, data: bytes) -> None:
    _put(folder / "checkpoints" / "1" / "state.json", data)
    open_checkpoint(folder, 10**9)


def _recording(folder: Path, data: bytes) -> None:
    # Half of them damaged within what was compressed.
    read_recording(_put(folder / "run.gz", gzip.compress(data, 1) if len(data) % 2 else data))
    for name in ("chats.jsonl", "asked.jsonl", "looks.jsonl"):
        _put(folder / name, data)
    inquiries_in(folder)


def _seeds() -> dict[str, tuple[Reader, bytes]]:
    """Every reader with a whole file of its kind."""
    pack = json.dumps({"kind": "cloze", "group": "forget", "query": "Ada was ___.", "answer": "English"})
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        model = make_language_model(home / "model", layers=1, width=8, vocabulary=258)
        gguf = make_gguf(model, home / "model.gguf").read_bytes()
        rwku = (make_target(home / "1_Ada") / "forget_level2.json").read_bytes()
        said = Script(CONFIG, RunControl(), None, 0.0).events()
        write_recording(home / "run.gz", CONFIG, itertools.islice(said, 8), (FOUND,), ASKED)
        recorded = gzip.decompress((home / "run.gz").read_bytes())
        tensors, config = ((model / file).read_bytes() for file in ("model.safetensors", "config.json"))
    toml = dump_config(RunConfig()).encode()
    preset = b'name = "Mine"\n[[rounds]]\nalign_steps = 1\nunlearn_steps = 2\ntau = 0.1\n'
    parts = {"../x": {"updates": 0, "sha256": "", "size": 0}}
    state = json.dumps({"format": 1, "written": 1.0, "parts": parts, "state": {}, "sha256": ""}).encode()
    return {
        "config": (_config, toml),
        "pack": (lambda folder, data: read_pack(_put(folder / "pack.jsonl", data)), (pack + "\n").encode() * 3),
        "text": (_text, b"Ada wrote a program. It ran.\n\nThe sea is wide."),
        "rwku": (_rwku, rwku),
        "safetensors": (_safetensors, tensors),
        "model config": (_model_config, config),
        "gguf": (lambda folder, data: check_gguf(_put(folder / "model.gguf", data)), gguf[:6000]),
        "settings": (_settings, RunConfig().model_dump_json().encode()),
        "presets": (_presets, preset),
        "checkpoint": (_checkpoint, state),
        "recording": (_recording, recorded),
    }


@pytest.fixture(scope="module")
def seeds() -> dict[str, tuple[Reader, bytes]]:
    return _seeds()


NAMES = (
    "config", "pack", "text", "rwku", "safetensors", "model config", "gguf", "settings", "presets", "checkpoint",
    "recording",
)  # fmt: skip


def _fuzz(read: Reader, seed: bytes, home: Path, examples: int, derandomize: bool) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(edits=EDITS, made=MADE, fresh=st.integers(0, 2))
    def run(edits: Any, made: Any, fresh: int) -> None:
        lines = [json.dumps(one).encode() for one in made]
        data = (seed, json.dumps(made).encode(), b"\n".join(lines))[fresh]
        begun = time.process_time()
        try:
            read(home, edited(data, edits))
        except AtuError as error:
            assert str(error)
        assert time.process_time() - begun < LONGEST

    run()


@pytest.mark.parametrize("name", NAMES)
def test_odd_files_are_refused_or_read(name: str, seeds: dict[str, tuple[Reader, bytes]], tmp_path: Path) -> None:
    _fuzz(*seeds[name], tmp_path / "files", QUICK, derandomize=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_twenty_thousand_odd_files(name: str, seeds: dict[str, tuple[Reader, bytes]], tmp_path: Path) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _fuzz(*seeds[name], tmp_path / "files", MANY, derandomize=False)
    # In kilobytes on Linux: memory does not grow with the number of files.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000
