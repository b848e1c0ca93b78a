"""What attacks do to the untouched model is found once and kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from atu_gui.core.audits import AuditKind
from atu_gui.core.events import AuditFound, Progress
from atu_gui.engine.audits import ATTACKS
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.audits.controls import Controls
from tests.engine.audits.test_audits import subject  # noqa: F401 - a fixture
from tests.engine.draining import drain


def audited(subject: Subject, kind: AuditKind, folder: Path) -> tuple[list[AuditFound], list[str]]:  # noqa: F811
    """What an audit of a fresh subject finds, without its seconds, and whom its progress named."""
    fresh = dataclasses.replace(subject, controls=Controls(folder), _plain={})
    events, _ = drain(ATTACKS[kind](fresh))
    found = [dataclasses.replace(event, seconds=0.0) for event in events if isinstance(event, AuditFound)]
    return found, [event.what for event in events if isinstance(event, Progress)]


@pytest.mark.parametrize("kind", ["quantize", "relearn", "prompts"])
def test_a_second_audit_leaves_the_untouched_model_alone_and_finds_the_same(
    kind: AuditKind,
    subject: Subject,  # noqa: F811
    tmp_path: Path,
) -> None:
    first, said = audited(subject, kind, tmp_path / "audits")
    second, said_again = audited(subject, kind, tmp_path / "audits")
    assert first and second == first
    assert any("untouched" in words for words in said)
    assert not any("untouched" in words for words in said_again)


def test_other_settings_are_another_control(subject: Subject, tmp_path: Path) -> None:  # noqa: F811
    audited(subject, "relearn", tmp_path / "audits")
    other = dataclasses.replace(subject, settings=dataclasses.replace(subject.settings, learning_rate=1e-2))
    found, said = audited(other, "relearn", tmp_path / "audits")
    assert any("Relearning" in words and "untouched" in words for words in said)
    assert found[0].curve[-1].beside != audited(subject, "relearn", tmp_path / "audits")[0][0].curve[-1].beside
