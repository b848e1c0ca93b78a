"""Libraries that load models talk a lot; within this block they keep silent.

The switches are global to the process, so no generator may hold the block open over a `yield`.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

_LOGGERS = ("transformers", "sentence_transformers", "huggingface_hub", "httpx", "httpx2", "httpcore", "gguf", "torch")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No progress bars, no log lines and no warnings of the model libraries."""
    from transformers import modeling_gguf_pytorch_utils
    from transformers.utils import logging as transformers_logging

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    # The GGUF loader takes its bar straight from tqdm, past the switch above.
    gguf_loader: Any = modeling_gguf_pytorch_utils
    bar = gguf_loader.tqdm
    gguf_loader.tqdm = partial(bar, disable=True)
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        gguf_loader.tqdm = bar
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()
