"""Presets of the user's own, and what becomes of damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.core.config import RunConfig, parse_config
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.presets import (
    delete_preset,
    find_preset,
    load_presets,
    name_fault,
    presets_folder,
    save_preset,
    write_preset,
)
from atu_gui.core.schedule import settle

CONFIG = parse_config(
    {
        "concepts": [{"name": "Ada Lovelace"}],
        "model": {"allow_pickle": True},
        "texts": {"concept": ["a.txt"], "passages": 64},
        "unlearn": {"retain_weight": 40.0},
        "guards": {"forget_goal": "off"},
        "schedule": "gentle",
        "seed": 7,
        "budget_seconds": 60,
    }
)


def _put(name: str, content: str) -> Path:
    path = presets_folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_a_preset_comes_back_without_what_a_run_is_about() -> None:
    saved = save_preset("My way", CONFIG)
    (read,) = load_presets().presets
    assert read == saved and read.name == "My way" and read.path.name == "my-way.toml"
    config = parse_config(read.values)
    assert config.rounds == settle(CONFIG).rounds == list(read.rounds)
    assert (config.unlearn, config.guards, config.texts.passages) == (CONFIG.unlearn, CONFIG.guards, 64)
    untouched = RunConfig()
    assert (config.model, config.concepts, config.texts.concept) == (untouched.model, [], [])
    assert (config.seed, config.budget_seconds) == (0, None)


def test_the_papers_recipe_means_the_same_from_a_preset() -> None:
    config = RunConfig(recipe="paper")
    again = settle(parse_config(save_preset("As published", config).values))
    wanted = settle(config)
    for part in ("recipe", "head", "align", "unlearn", "rounds", "guards"):
        assert getattr(again, part) == getattr(wanted, part)


def test_saving_under_a_known_name_replaces_and_another_name_never_does() -> None:
    save_preset("Mine!", CONFIG)
    save_preset("mine?", CONFIG)
    save_preset("MINE!", RunConfig(schedule="thorough"))
    shelf = load_presets()
    assert [(one.name, one.path.name, len(one.rounds)) for one in shelf.presets] == [
        ("MINE!", "mine.toml", 10),
        ("mine?", "mine-2.toml", 3),
    ]
    assert shelf.find(" mine! ") == shelf.presets[0]


@pytest.mark.parametrize("name", ["", "  ", "adaptive", "Gentle", "custom", "a\nb", "x" * 61])
def test_some_names_are_refused(name: str) -> None:
    assert name_fault(name)
    with pytest.raises(InputError):
        save_preset(name, CONFIG)
    assert not presets_folder().exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "name = ",
        "\x00",
        'name = "No rounds"',
        "name = 3\n[[rounds]]\nalign_steps = 1\nunlearn_steps = 1\ntau = 0.3",
        'name = "gentle"\n[[rounds]]\nalign_steps = 1\nunlearn_steps = 1\ntau = 0.3',
        'name = "Bad step"\n[[rounds]]\nalign_steps = -1\nunlearn_steps = 1\ntau = 0.3',
        'name = "Pickle"\n[model]\nallow_pickle = true\n[[rounds]]\nalign_steps = 1\nunlearn_steps = 1\ntau = 0.3',
        'name = "Files"\n[[rounds]]\nalign_steps = 1\nunlearn_steps = 1\ntau = 0.3\n[texts]\nconcept = ["/etc/hosts"]',
        'name = "good"\n[[rounds]]\nalign_steps = 1\nunlearn_steps = 1\ntau = 0.3',
    ],
)
def test_a_damaged_file_costs_only_itself(content: str) -> None:
    save_preset("Good", CONFIG)
    _put("zz.toml", content)
    shelf = load_presets()
    assert [one.name for one in shelf.presets] == ["Good"]
    (words,) = shelf.faults
    assert words.startswith("A preset is left out. ") and "Mend or remove zz.toml" in words
    with pytest.raises(InputError, match=r"zz\.toml"):
        find_preset("something else")


def test_a_file_that_is_not_text_costs_only_itself() -> None:
    save_preset("Good", CONFIG)
    (presets_folder() / "image.toml").write_bytes(b"\xff\xfe\x00")
    (presets_folder() / "folder.toml").mkdir()
    shelf = load_presets()
    assert [one.name for one in shelf.presets] == ["Good"] and len(shelf.faults) == 2


def test_a_preset_written_by_hand_may_say_only_some_of_it() -> None:
    _put("short.toml", 'name = "Short"\n[[rounds]]\nalign_steps = 9\nunlearn_steps = 2\nquantile = 0.2\n')
    assert find_preset("short").rounds[0].quantile == 0.2


def test_an_unknown_name_lists_those_there_are() -> None:
    save_preset("My way", CONFIG)
    with pytest.raises(InputError) as caught:
        find_preset("their way")
    assert str(caught.value) == (
        "There is no schedule “their way”. Choose one of adaptive, gentle, thorough, paper, My way."
    )


def test_a_deleted_preset_can_be_written_again() -> None:
    saved = save_preset("My way", CONFIG)
    delete_preset(saved)
    delete_preset(saved)
    assert load_presets().presets == ()
    write_preset(saved)
    assert load_presets().presets == (saved,)


def test_a_folder_that_cannot_be_written_is_said() -> None:
    presets_folder().parent.mkdir(parents=True)
    presets_folder().write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be kept"):
        save_preset("My way", CONFIG)
    assert load_presets().presets == ()
