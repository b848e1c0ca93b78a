from __future__ import annotations

from pathlib import Path

from atu_gui.core.config import parse_config
from atu_gui.core.differences import Setting, differing, settings_of


def _settings(**more: object) -> list[tuple[str, str]]:
    return settings_of(parse_config({"concepts": [{"name": "Ada"}], **more}))


def test_runs_alike_differ_in_nothing() -> None:
    rows, total = differing([_settings(name="one", out=Path("a")), _settings(name="two", out=Path("b"))])
    assert rows == [] and total > 30


def test_settings_are_named_as_in_the_forms() -> None:
    rounds = [{"align_steps": 250, "unlearn_steps": 6, "tau": 0.35}]
    longer = [*rounds, {"align_steps": 6, "unlearn_steps": 6, "quantile": 0.05}]
    rows, _ = differing(
        [
            _settings(unlearn={"retain_weight": 20}, rounds=rounds),
            _settings(unlearn={"retain_weight": 1.5}, rounds=longer, guards={"forget_goal": "off"}),
        ]
    )
    assert rows == [
        Setting("Retain weight λ", ("20", "1.5")),
        Setting("Forget goal", ("0.2", "off")),
        Setting("τ of round 2", ("–", "5 % of retain")),
        Setting("Steps of round 2", ("–", "6 + 6")),
    ]
