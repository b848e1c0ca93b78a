"""Golden values of the published method: windows, losses with gradients, concept embeddings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerBase

from atu_gui.core import paths
from atu_gui.core.config import ModelConfig
from atu_gui.engine.encoder import embed_phrases, embed_windows
from atu_gui.engine.loading import load_encoder
from atu_gui.engine.losses import align_loss, concept_similarity, unlearn_loss
from atu_gui.engine.models import TextEncoder
from atu_gui.engine.windows import window_texts
from tests.conftest import parity
from tests.engine.draining import drain
from tests.parity_table import furthest, hold


def _items(name: str) -> list[dict[str, Any]]:
    return list(json.loads(parity(name).read_text(encoding="utf-8"))["items"])


def _folder(variable: str, fallback: Path) -> Path:
    path = Path(os.environ.get(variable) or fallback)
    if not path.exists():
        pytest.skip(f"the model of the golden values is not at {path}; set {variable}")
    return path


@pytest.fixture(scope="module")
def golden_encoder() -> TextEncoder:
    folder = _folder("ATU_PARITY_ENCODER", _starter("encoder"))
    return drain(load_encoder(str(folder), "", torch.device("cpu")))[1]


@pytest.fixture(scope="module")
def golden_tokenizer() -> PreTrainedTokenizerBase:
    from atu_gui.engine.loading import load_language_model

    folder = _folder("ATU_PARITY_MODEL", _starter("model"))
    return drain(load_language_model(ModelConfig(source=str(folder), device="cpu")))[1].tokenizer


def _starter(part: str) -> Path:
    """The starter kit of the user, not of the test's own empty data folder."""
    import platformdirs

    data = os.environ.get("ATU_PARITY_STARTER") or platformdirs.user_data_dir("atu-gui", appauthor=False)
    return Path(data) / paths.starter_folder().name / part


@pytest.mark.parametrize("index", range(15))
def test_parity_windows(index: int, golden_tokenizer: PreTrainedTokenizerBase, golden_encoder: TextEncoder) -> None:
    item = _items("windows.json")[index]
    golden = item["quirk_free"]
    (ours,) = window_texts(
        [item["text"]],
        golden_tokenizer,
        golden_encoder.tokenizer,
        max_tokens=item["max_input_length"],
        k=item["context_window_length"],
    )
    count = min(item["number_of_real_primary_tokens"], item["max_input_length"])
    expected = golden["windows_without_padding"][:count]
    actual = [ours.pieces[start : start + ours.k].tolist() for start in ours.starts]
    assert len(actual) == len(expected) == len(ours.ids)
    hold("windows.json", "token ids", ours.ids.tolist() != item["primary_input_ids"][:count], 0)
    hold("windows.json", "windows", sum(one != other for one, other in zip(actual, expected, strict=True)), 0)
    hold("windows.json", "full-window flags", ours.full.tolist() != golden["has_full_window"][:count], 0)


@pytest.mark.parametrize("index", range(6))
def test_parity_losses(index: int) -> None:
    item = _items("losses.json")[index]
    predictions = torch.tensor(item["predictions"], requires_grad=True)
    full = torch.tensor(item["has_full_window"])
    loss = align_loss(predictions, torch.tensor(item["targets"]), full)
    loss.backward()
    hold("losses.json", "align loss", furthest(float(loss.detach()), item["alignment"]["loss"]), 1e-6)
    _same_gradient(predictions, item["alignment"]["grad_predictions"], skip=item["note"])
    concept = torch.tensor(item["target_embedding"])[None]
    for golden in item["unlearning"]:
        predictions.grad = None
        loss = unlearn_loss(concept_similarity(predictions, concept), golden["tau"], None)
        loss.backward()
        hold("losses.json", "unlearn loss", furthest(float(loss.detach()), golden["loss"]), 1e-6)
        _same_gradient(predictions, golden["grad_predictions"], skip=item["note"])


def _same_gradient(predictions: torch.Tensor, golden: list[Any], skip: str | None) -> None:
    assert predictions.grad is not None
    ours = predictions.grad.numpy()
    theirs = np.array(golden, dtype=np.float64)
    apart = np.sort(np.abs(ours - theirs).max(-1), axis=None)
    # A note names one position whose gradient is undefined (a prediction of zeros).
    hold("losses.json", "gradients of both", float(apart[-2 if skip else -1]), 1e-6)


def test_parity_concept_embeddings(golden_encoder: TextEncoder) -> None:
    for item in _items("concept_embedding.json"):
        ids = golden_encoder.tokenizer(item["concept"])["input_ids"]
        hold("concept_embedding.json", "token ids", ids != item["token_ids"], 0)
        for special_tokens, golden in ((True, item), (False, item["for_contrast_without_special_tokens"])):
            (row,) = embed_phrases(golden_encoder, [item["concept"]], special_tokens=special_tokens)
            hold("concept_embedding.json", "entries", furthest(row[:8].tolist(), golden["first_8"]), 1e-4)
            hold("concept_embedding.json", "norms", furthest(float(row.norm()), golden["norm"]), 1e-4)


def test_parity_window_targets(golden_encoder: TextEncoder) -> None:
    targets = json.loads(parity("concept_embedding.json").read_text(encoding="utf-8"))["window_targets"]
    (concept,) = embed_phrases(golden_encoder, [targets["concept"]], special_tokens=True)
    for item in targets["items"]:
        windows = np.array([item["window_ids"]], dtype=np.int64)
        (row,) = drain(embed_windows(golden_encoder, windows))[1]
        hold("concept_embedding.json", "entries", furthest(row[:8].tolist(), item["first_8"]), 1e-4)
        hold("concept_embedding.json", "norms", furthest(float(row.norm()), item["norm"]), 1e-4)
        cosine = torch.nn.functional.cosine_similarity(row, concept, dim=0)
        hold("concept_embedding.json", "cosines", furthest(float(cosine), item["cosine_with_concept"]), 1e-4)
