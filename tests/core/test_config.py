"""Configs: every fault named, nothing lost on the way through TOML, recipes fill in only what is unset."""

from __future__ import annotations

import codecs
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atu_gui.core.config import RunConfig, dump_config, load_config, parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.schedule import PAPER_LADDER, PRESETS, constant_tau, preset, settle


def test_all_faults_are_reported_together() -> None:
    data = {
        "concepts": [{"name": "  "}],
        "layers": [0],
        "rounds": [{"align_steps": 1, "unlearn_steps": 1, "tau": 1.4}],
        "sped": 3,
    }
    with pytest.raises(InputError) as caught:
        parse_config(data)
    message = str(caught.value)
    assert len(caught.value.faults) == 4
    for words in (
        "the concept is empty",
        "layer 0 does not exist",
        "τ must lie between −1 and 1; you gave 1.4",
        "sped: no such setting",
    ):
        assert words in message


def test_a_round_has_exactly_one_margin() -> None:
    for margin in ({}, {"tau": 0.2, "quantile": 0.5}):
        with pytest.raises(InputError, match="either tau or quantile"):
            parse_config({"rounds": [{"align_steps": 1, "unlearn_steps": 1, **margin}]})


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    recipe=st.sampled_from(["default", "paper"]),
    schedule=st.sampled_from(PRESETS),
    floor=st.none() | st.floats(0, 1),
    name=st.text(max_size=40).filter(str.isprintable),
)
def test_toml_round_trip(seed: int, recipe: str, schedule: str, floor: float | None, name: str) -> None:
    config = parse_config(
        {
            "seed": seed,
            "recipe": recipe,
            "schedule": schedule,
            "name": name,
            "guards": {"neighbour_floor": floor},
            "concepts": [{"name": "Ada Lovelace", "aliases": ["Ada"]}],
            "texts": {"concept": ["a.txt"]},
        }
    )
    settled = settle(config)
    again = RunConfig.model_validate(_parsed(dump_config(settled)))
    assert again == settled
    assert settle(again) == settled


def _parsed(text: str) -> dict[str, object]:
    import tomlkit

    return dict(tomlkit.parse(text).unwrap())


def test_a_broken_file_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("seed = 1\nlayers = [1,\n= 2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.toml, line \d"):
        load_config(file)
    with pytest.raises(InputError, match="There is no config file"):
        load_config(tmp_path / "none.toml")


def test_the_paper_recipe_keeps_what_the_user_set() -> None:
    config = settle(parse_config({"recipe": "paper", "unlearn": {"learning_rate": 0.1}}))
    assert config.unlearn.learning_rate == 0.1
    assert config.unlearn.optimizer == "sgd"
    assert config.unlearn.pad_mean
    assert (config.head.kind, config.head.layers, config.head.width) == ("published", 6, 768)
    assert tuple(plan.tau for plan in config.rounds) == PAPER_LADDER
    assert [plan.align_steps for plan in config.rounds][:2] == [150, 10]
    tenth = settle(parse_config({"recipe": "paper", "paper_scale": 0.001}))
    assert [(plan.align_steps, plan.unlearn_steps) for plan in tenth.rounds][:2] == [(15, 1), (1, 1)]


def test_presets_and_constant_tau() -> None:
    for name in PRESETS:
        assert preset(name)
    with pytest.raises(InputError, match="no schedule “hasty”"):
        preset("hasty")
    rounds = constant_tau(0.6, preset("adaptive"))
    assert {plan.tau for plan in rounds} == {0.6}
    assert {plan.quantile for plan in rounds} == {None}


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are Unicode there")
def test_names_that_a_config_cannot_hold_are_refused() -> None:
    for data in ({"out": "runs/\udcff"}, {"texts": {"probes": ["a.jsonl", "\udcff.jsonl"]}}):
        with pytest.raises(InputError, match="is not UTF-8"):
            parse_config(data)
    with pytest.raises(InputError, match="unicode"):
        parse_config({"concepts": [{"name": "A\ud800"}]})


def test_a_config_from_the_future_is_refused_by_what_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("format = 9\n[windows]\nspan = 3\n[[rounds]]\nalign_steps = 1\n", "utf-8")
    with pytest.raises(InputError) as caught:
        parse_config(load_config(tmp_path / "run.toml"))
    assert {fault.where for fault in caught.value.faults if fault.problem == "no such setting"} == {
        "format", "windows.span",
    }  # fmt: skip


@pytest.mark.parametrize("written", [codecs.BOM_UTF8 + b"seed = 3\r\nlayers = [2]\r\n", b"seed = 3\nlayers = [2]"])
def test_files_of_any_editor_are_read(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_bytes(written)
    config = parse_config(load_config(tmp_path / "run.toml"))
    assert (config.seed, config.layers) == (3, [2])


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("seed = 3".encode("utf-16"), "is not UTF-8. Save it as plain text in UTF-8."),
        (b"\0" * 5_000_000, "cannot be read: it is larger than 4 MB."),
    ],
)
def test_files_that_are_no_text_are_refused_in_a_sentence(written: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_bytes(written)
    with pytest.raises(InputError) as caught:
        load_config(tmp_path / "run.toml")
    assert str(caught.value) == f"The config file {tmp_path / 'run.toml'} {words}"


@pytest.mark.skipif(os.name == "nt", reason="there is no such device")
def test_a_device_without_an_end_is_given_up() -> None:
    with pytest.raises(InputError, match="larger than 4 MB"):
        load_config(Path("/dev/zero"))
