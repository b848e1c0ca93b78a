from __future__ import annotations

from pathlib import Path

import pytest
import torch

from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError
from atu_gui.core.materials import Materials
from atu_gui.engine.kept_heads import heads_bytes, load_heads, save_heads
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run
from atu_gui.engine.setting import Setting, build_setting
from atu_gui.engine.token_view import MOST_TOKENS, look_at
from tests.engine.draining import drain

TEXT = "Ada Lovelace wrote the first program."


@pytest.fixture
def setting(config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials) -> Setting:
    made: Setting = drain(build_setting(config.model_copy(update={"layers": [1, 2]}), lm, encoder, materials))[1]
    return made


def test_heads_come_back_bit_for_bit(setting: Setting, tmp_path: Path) -> None:
    save_heads(tmp_path, 3, setting, 0.25)
    kept = load_heads(tmp_path, None, setting.lm)
    assert (kept.round, kept.tau, list(kept.heads)) == (3, 0.25, [1, 2])
    assert torch.equal(kept.concept_vectors, setting.concept_vectors)
    for layer, head in setting.heads.items():
        for name, value in head.state_dict().items():
            assert torch.equal(kept.heads[layer].state_dict()[name], value)
    assert (tmp_path / "heads" / "round-3.safetensors").stat().st_size >= heads_bytes(
        setting.config.head, 2, setting.lm, setting.concept_vectors.shape[-1]
    )


def test_what_was_not_kept_is_said(setting: Setting, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has kept no heads"):
        load_heads(tmp_path, 1, setting.lm)
    save_heads(tmp_path, 2, setting, 0.25)
    with pytest.raises(InputError, match="Round 5 has kept no heads"):
        load_heads(tmp_path, 5, setting.lm)
    setting.lm.weights_hash = "another"
    with pytest.raises(InputError, match="other weights"):
        load_heads(tmp_path, 2, setting.lm)
    (tmp_path / "heads" / "round-2.safetensors").write_bytes(b"junk")
    with pytest.raises(InputError, match="cannot be read"):
        load_heads(tmp_path, 2, setting.lm)


def test_every_token_of_the_text_gets_a_similarity(setting: Setting, tmp_path: Path) -> None:
    save_heads(tmp_path, 1, setting, 0.25)
    kept = load_heads(tmp_path, 1, setting.lm)
    seen = look_at(setting.lm, kept, TEXT)
    assert "".join(seen.tokens) == TEXT
    assert len(seen.similarities) == len(seen.tokens) > 5
    assert all(-1.0 <= value <= 1.0 for value in seen.similarities)
    assert not seen.cut
    # Causal: what comes later changes nothing before.
    longer = look_at(setting.lm, kept, TEXT + " It was in 1843.")
    assert longer.similarities[:5] == pytest.approx(seen.similarities[:5], abs=1e-5)


def test_a_prompt_is_read_but_not_shown(setting: Setting, tmp_path: Path) -> None:
    save_heads(tmp_path, 1, setting, 0.25)
    kept = load_heads(tmp_path, 1, setting.lm)
    seen = look_at(setting.lm, kept, "Ada.", prompt="Who was it?")
    assert "".join(seen.tokens) == "Ada."
    assert seen.similarities != look_at(setting.lm, kept, "Ada.").similarities
    assert look_at(setting.lm, kept, "").tokens == ()


def test_a_long_text_is_cut_and_says_so(setting: Setting, tmp_path: Path) -> None:
    save_heads(tmp_path, 1, setting, 0.25)
    seen = look_at(setting.lm, load_heads(tmp_path, 1, setting.lm), "a b " * MOST_TOKENS)
    assert seen.cut
    assert len(seen.tokens) == MOST_TOKENS


def test_a_run_keeps_the_heads_of_every_round_that_finished(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials, tmp_path: Path
) -> None:
    run = Run(config, lm, encoder, materials, RunControl(), run_id="r", folder=tmp_path)
    drain(run.events())
    assert sorted(path.name for path in (tmp_path / "heads").iterdir()) == [
        f"round-{number}.safetensors" for number in run.snapshots.rounds[1:]
    ]
    first = look_at(lm, load_heads(tmp_path, 1, lm), TEXT)
    with run.snapshots.applied(0):
        untouched = look_at(lm, load_heads(tmp_path, 1, lm), TEXT)
    assert first.similarities != untouched.similarities
