"""Other values for some of the model's parameters, for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from torch import Tensor, nn


@contextlib.contextmanager
def replaced(parameters: Sequence[tuple[nn.Parameter, Tensor]]) -> Iterator[None]:
    """Within the block these parameters have other values; after it the very same tensors as before."""
    before = [parameter.data for parameter, _ in parameters]
    try:
        for parameter, value in parameters:
            parameter.data = value
        yield
    finally:
        for (parameter, _), value in zip(parameters, before, strict=True):
            parameter.data = value
