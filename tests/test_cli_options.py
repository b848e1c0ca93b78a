from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.cli_options import RunFlags, build_config, parse_time, split_round
from atu_gui.core.config import dump_config, parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.presets import save_preset
from atu_gui.core.schedule import PAPER_LADDER, preset


def test_flags_alone_make_a_settled_config() -> None:
    config = build_config(None, RunFlags(concept=["Ada Lovelace"], layers="12,18", seed=3, budget="10m"))
    assert [concept.name for concept in config.concepts] == ["Ada Lovelace"]
    assert (config.layers, config.seed, config.budget_seconds) == ([12, 18], 3, 600.0)
    assert config.rounds == preset("adaptive")


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('seed = 1\nencoder = "e"\n[[concepts]]\nname = "Ada"\n[model]\nsource = "m"\ndevice = "cpu"\n')
    config = build_config(file, RunFlags(seed=2, model="other", alias=["Countess"]))
    assert (config.seed, config.encoder, config.model.source, config.model.device) == (2, "e", "other", "cpu")
    assert config.concepts[0].aliases == ("Countess",)
    assert [concept.name for concept in build_config(file, RunFlags(concept=["Bob"])).concepts] == ["Bob"]


def test_paths_of_the_file_are_relative_to_it_and_flags_to_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "configs").mkdir()
    file = tmp_path / "configs" / "run.toml"
    file.write_text('out = "results"\n[texts]\nconcept = ["a.txt", "/b.txt"]\n')
    monkeypatch.chdir(tmp_path)
    config = build_config(Path("configs/run.toml"), RunFlags(probes=[Path("p.jsonl")]))
    assert config.out == tmp_path / "configs" / "results"
    assert config.texts.concept == [tmp_path / "configs" / "a.txt", Path("/b.txt")]
    assert config.texts.probes == [tmp_path / "p.jsonl"]
    assert build_config(file, RunFlags(out=Path("here"))).out == tmp_path / "here"


def test_models_on_this_machine_are_named_by_their_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("model", "encoder", "starter"):
        (tmp_path / name).mkdir()
    file = tmp_path / "run.toml"
    file.write_text('encoder = "encoder"\n[model]\nsource = "model"\n')
    config = build_config(file, RunFlags())
    assert (config.model.source, config.encoder) == (str(tmp_path / "model"), str(tmp_path / "encoder"))
    monkeypatch.chdir(tmp_path)
    assert build_config(None, RunFlags(model="model")).model.source == str(tmp_path / "model")
    assert build_config(None, RunFlags(model="starter")).model.source == "starter"
    assert build_config(None, RunFlags(model="some/hub-id")).model.source == "some/hub-id"


def test_one_tau_keeps_the_steps_of_the_schedule() -> None:
    config = build_config(None, RunFlags(concept=["Ada"], tau=0.6))
    assert config.schedule == "custom"
    assert [plan.tau for plan in config.rounds] == [0.6] * len(preset("adaptive"))
    steps = [(plan.align_steps, plan.unlearn_steps) for plan in config.rounds]
    assert steps == [(plan.align_steps, plan.unlearn_steps) for plan in preset("adaptive")]


def test_one_tau_leaves_the_recipe_its_own_ways() -> None:
    config = build_config(None, RunFlags(concept=["Ada"], tau=0.6, recipe="paper"))
    assert len(config.rounds) == len(PAPER_LADDER)
    assert (config.unlearn.optimizer, config.unlearn.pad_mean, config.head.kind) == ("sgd", True, "published")


def test_a_schedule_flag_replaces_the_rounds_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("[[rounds]]\nalign_steps = 1\nunlearn_steps = 1\ntau = 0.5\n")
    assert len(build_config(file, RunFlags()).rounds) == 1
    assert build_config(file, RunFlags(schedule="thorough")).rounds == preset("thorough")


def test_aliases_find_their_concept() -> None:
    flags = RunFlags(concept=["Ada", "Bob"], alias=["Ada=Countess", "Bob=Robert"], description=["Bob=a builder"])
    ada, bob = build_config(None, flags).concepts
    assert (ada.aliases, ada.descriptions) == (("Countess",), ())
    assert (bob.aliases, bob.descriptions) == (("Robert",), ("a builder",))
    (one,) = build_config(None, RunFlags(concept=["E"], alias=["E=mc²", "x=y"])).concepts
    assert one.aliases == ("mc²", "x=y")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("2m 5s", 125)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (RunFlags(budget="soon"), "no length of time"),
        (RunFlags(budget=""), "no length of time"),
        (RunFlags(budget="0m"), "no length of time"),
        (RunFlags(layers="x"), "no list of layers"),
        (RunFlags(layers="0"), "layer 0 does not exist"),
        (RunFlags(tau=1.5), "τ must lie between −1 and 1; you gave 1.5"),
        (RunFlags(tau=-1.0), "τ must lie between"),
        (RunFlags(tau=float("nan")), "τ must lie between"),
        (RunFlags(tau=0.5, schedule="gentle"), "Both --tau and --schedule"),
        (RunFlags(schedule="harsh"), "no schedule “harsh”"),
        (RunFlags(recipe="own"), "recipe"),
        (RunFlags(concept=["  "]), "the concept is empty"),
        (RunFlags(alias=["x"]), "belongs to no concept"),
        (RunFlags(concept=["Ada", "Bob"], alias=["Countess"]), "does not say to which of 2 concepts"),
        (RunFlags(device="gpu"), "device"),
        (RunFlags(seed=-1), "seed"),
    ],
)
def test_faults_are_sentences(flags: RunFlags, words: str) -> None:
    with pytest.raises(InputError, match=words):
        build_config(None, flags)


def test_all_faults_come_together(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('texts = 5\nmodel = "x"\ncolour = "red"\nseed = "s"\nconcepts = 3\n')
    with pytest.raises(InputError) as caught:
        build_config(file, RunFlags())
    assert {fault.where for fault in caught.value.faults} == {"texts", "model", "colour", "seed", "concepts"}


def test_the_effective_config_reads_back_to_itself() -> None:
    config = build_config(None, RunFlags(concept=["Ada"], tau=0.4, texts=[Path("a.txt")]))
    import tomlkit

    assert parse_config(tomlkit.parse(dump_config(config)).unwrap()) == config


def test_a_run_and_its_round_are_told_apart() -> None:
    assert split_round("3f2a:2") == ("3f2a", 2)
    assert split_round("last") == ("last", None)
    assert split_round("C:\\runs\\one") == ("C:\\runs\\one", None)
    assert split_round("runs/a:b:3") == ("runs/a:b", 3)


def test_a_preset_of_the_users_own_is_a_schedule(tmp_path: Path) -> None:
    mine = parse_config(
        {
            "rounds": [{"align_steps": 9, "unlearn_steps": 2, "tau": 0.3}],
            "unlearn": {"retain_weight": 40.0},
            "windows": {"k": 4},
        }
    )
    save_preset("My way", mine)
    config = build_config(None, RunFlags(concept=["Ada"], schedule="my way", seed=3))
    assert (config.schedule, config.rounds, config.seed) == ("My way", mine.rounds, 3)
    assert (config.unlearn.retain_weight, config.windows.k) == (40.0, 4)
    file = tmp_path / "run.toml"
    file.write_text('schedule = "My way"\n[unlearn]\nlearning_rate = 1e-5\nretain_weight = 5.0\n')
    config = build_config(file, RunFlags())
    assert (config.unlearn.retain_weight, config.unlearn.learning_rate, config.windows.k) == (5.0, 1e-5, 4)
    config = build_config(file, RunFlags(schedule="My way"))
    assert (config.unlearn.retain_weight, config.rounds) == (40.0, mine.rounds)
    # A config that was printed says everything itself: its rounds are not looked up again.
    file.write_text(dump_config(build_config(None, RunFlags(schedule="My way"))))
    save_preset("My way", parse_config({"schedule": "gentle"}))
    assert build_config(file, RunFlags()).rounds == mine.rounds


def test_an_unknown_schedule_lists_all_there_are() -> None:
    save_preset("My way", parse_config({}))
    with pytest.raises(InputError, match="Choose one of adaptive, gentle, thorough, paper, My way"):
        build_config(None, RunFlags(concept=["Ada"], schedule="their way"))


def test_trust_in_a_model_is_said_for_it_alone(tmp_path: Path) -> None:
    config = build_config(None, RunFlags(concept=["Ada"], allow_pickle=True))
    assert (config.model.allow_pickle, config.model.allow_remote_code) == (True, False)
    file = tmp_path / "run.toml"
    file.write_text("[model]\nallow_remote_code = true\n")
    config = build_config(file, RunFlags(concept=["Ada"]))
    assert (config.model.allow_pickle, config.model.allow_remote_code) == (False, True)
