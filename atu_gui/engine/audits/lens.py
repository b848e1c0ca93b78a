"""Logit lens: whether the gold answer is still on its way through the layers, though it is not said at the end.

The final norm and the LM head are put on the hidden state of every layer at the position where the answer begins
(nostalgebraist's logit lens). Letters: b batch, s position, d model width, v vocabulary.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from atu_gui.core.comeback import come_back
from atu_gui.core.errors import Cancelled, ModelError
from atu_gui.core.events import AuditPoint, Event, Progress
from atu_gui.core.materials import Probe
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.corpus import pad_id_of
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.prompts import probe_prompt
from atu_gui.engine.token_ids import gold_ids
from atu_gui.engine.truncate import hidden_at

_BATCH = 16
_NORMS = ("norm", "ln_f", "final_layer_norm", "final_layernorm")


@dataclass(frozen=True, slots=True)
class Seen:
    """Log-probability and rank (0 is first) of the first gold token, by question and layer, [questions, layers]."""

    logprobs: Tensor
    ranks: Tensor


def look_through(subject: Subject) -> Generator[Event, None, None]:
    """Read every layer of both sets of weights.

    The layer where the round shows most is chosen on every other question and judged on the rest, so that choosing the
    best of many layers cannot make a finding of chance.

    Raises:
        Cancelled: The user ended it.
        ModelError: The final norm of this architecture is not known.
    """
    probes = subject.probes("forget")
    seen: list[Seen] = []
    for round_ in (0, subject.round):
        with subject.snapshots.applied(round_):
            seen.append((yield from read_layers(subject, probes)))
    before, after = seen
    judged = slice(1, None, 2) if len(probes) > 1 else slice(None)
    layer = int(after.logprobs[::2].mean(0).argmax())
    comeback = come_back(
        "first-token log-prob",
        "forget",
        before.logprobs[judged, -1].tolist(),
        after.logprobs[judged, -1].tolist(),
        after.logprobs[judged, layer].tolist(),
        before.logprobs[judged, layer].tolist(),
    )
    means = zip(after.logprobs.mean(0).tolist(), before.logprobs.mean(0).tolist(), strict=True)
    curve = tuple(AuditPoint(at, value, beside) for at, (value, beside) in enumerate(means, start=1))
    first = [f"{float((one.ranks[:, layer] == 0).float().mean()):.0%}".replace("%", " %") for one in seen]
    last = "No layer shows more of the round than the last: nothing is found on the way. "
    shown = last if layer == after.logprobs.shape[1] - 1 else f"Layer {layer + 1} shows most of the round. "
    note = (
        f"{shown}There the first gold token is the likeliest for {first[1]} of "
        f"all questions (untouched model: {first[0]}). Before and unlearned are read at the last layer."
    )
    yield subject.found("lens", f"layer {layer + 1}", (comeback,), axis="layer", curve=curve, note=note)


def read_layers(subject: Subject, probes: Sequence[Probe]) -> Generator[Event, None, Seen]:
    """Read the weights as they are now."""
    lm = subject.lm
    rows = [gold_ids(lm, probe_prompt(lm, probe), probe.answer) for probe in probes]
    logprobs, ranks = [], []
    for start in range(0, len(rows), _BATCH):
        if subject.cancelled():
            raise Cancelled
        part = rows[start : start + _BATCH]
        scores = layer_logprobs(lm, [row for row, _ in part])
        gold = torch.tensor([said[0] for _, said in part], device=lm.device)
        of_gold = scores.gather(-1, gold[:, None, None].expand(-1, scores.shape[1], 1))
        logprobs.append(of_gold.squeeze(-1).cpu())
        ranks.append((scores > of_gold).sum(-1).cpu())
        yield Progress("audit", "Reading layers", min(start + _BATCH, len(rows)), len(rows), "questions")
    return Seen(torch.cat(logprobs), torch.cat(ranks))


@torch.inference_mode()
def layer_logprobs(lm: LanguageModel, rows: Sequence[Sequence[int]]) -> Tensor:
    """Log-probabilities of the token after each row as each layer has them, [b, layers, v], float32."""
    width = max(map(len, rows))
    pad = pad_id_of(lm)
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=lm.device)
    last = torch.tensor([len(row) - 1 for row in rows], device=lm.device)
    mask = (torch.arange(width, device=lm.device) <= last[:, None]).long()
    states = hidden_at(lm, range(1, lm.depth + 1), ids, mask)
    norm, head = final_norm(lm), lm.model.get_output_embeddings()
    lines = []
    with lm.autocast():
        for layer in range(1, lm.depth + 1):
            state = states[layer][torch.arange(len(rows), device=lm.device), last]
            # The last layer's state has gone through the norm already.
            logits = head(state if layer == lm.depth else norm(state))
            lines.append(logits.float().log_softmax(-1))
    return torch.stack(lines, dim=1)


def final_norm(lm: LanguageModel) -> nn.Module:
    """The norm between the last block and the LM head: it stands beside the stack of blocks.

    Raises:
        ModelError: There is none under the names known here.
    """
    blocks = lm.blocks
    for module in lm.base.modules():
        if any(child is blocks for child in module.children()):
            for name in _NORMS:
                norm = getattr(module, name, None)
                if isinstance(norm, nn.Module):
                    return norm
    raise ModelError(f"The logit lens does not know the final norm of {lm.name}.", "Leave this audit out.")
