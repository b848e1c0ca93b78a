"""Tasks of the standard harness (lm-eval, an extra) put to the model that is in memory, with the weights as they are.

The harness keeps its own prompts, scoring and standard errors; it brings its data sets from the hub itself.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import torch

from atu_gui.core.errors import AtuError, Cancelled, InputError, is_out_of_memory
from atu_gui.core.events import Event, Progress
from atu_gui.core.harness import HarnessFigure
from atu_gui.engine.models import LanguageModel

_BATCH = 8
# Of standard errors that have no closed form.
_RESAMPLES = 1000


def find_tasks(tasks: Sequence[str], folder: Path | None) -> Any:
    """The harness's index of tasks; `folder` may define more, in YAML files.

    Raises:
        InputError: It does not know one of these tasks.
    """
    from lm_eval.tasks import TaskManager

    if folder is not None:
        # Its own tasks are thousands of files, read in many seconds: only where they are wanted.
        manager = TaskManager(include_path=str(folder), include_defaults=False)
        if set(tasks) <= set(manager.all_tasks):
            return manager
    manager = TaskManager(include_path=None if folder is None else str(folder))
    unknown = [task for task in tasks if task not in manager.all_tasks]
    if unknown:
        raise InputError(f"lm-eval knows no task “{unknown[0]}”.", "`lm-eval ls tasks` lists them.")
    return manager


def ask_harness(
    lm: LanguageModel, manager: Any, tasks: Sequence[str], limit: int | None, label: str, cancelled: Callable[[], bool]
) -> Generator[Event, None, tuple[HarnessFigure, ...]]:
    """Every metric of these tasks, which `manager` knows.

    Raises:
        InputError: The harness cannot bring the data of a task, or fails at it.
        Cancelled: The user ended it.
    """
    import lm_eval

    wrapped = _wrapped(lm, cancelled)
    figures: list[HarnessFigure] = []
    for at, task in enumerate(tasks):
        yield Progress("eval", f"lm-eval {task}, {label}", at, len(tasks), "tasks")
        if cancelled():
            raise Cancelled
        try:
            with torch.inference_mode():
                said: Any = lm_eval.simple_evaluate(
                    wrapped, tasks=[task], task_manager=manager, limit=limit, bootstrap_iters=_RESAMPLES
                )
        except (AtuError, Cancelled):
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            # Its tasks are programs of many authors: whatever they raise is about the task.
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise InputError(
                f"lm-eval cannot run the task “{task}”: {reason.rstrip('.')}.",
                "See whether its data set can be had: the harness brings it from the hub.",
            ) from error
        figures.extend(_figures(said))
    yield Progress("eval", f"lm-eval, {label}", len(tasks), len(tasks), "tasks")
    return tuple(figures)


def _wrapped(lm: LanguageModel, cancelled: Callable[[], bool]) -> Any:
    from lm_eval.models.huggingface import HFLM

    class Held(HFLM):  # type: ignore[misc, unused-ignore]
        """The harness's model, around the one in memory; a cancelled job ends it at the next batch."""

        def _model_call(self, *args: Any, **kwargs: Any) -> Any:
            return self._done(super()._model_call, *args, **kwargs)

        def _model_generate(self, *args: Any, **kwargs: Any) -> Any:
            return self._done(super()._model_generate, *args, **kwargs)

        def _done(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if cancelled():
                raise Cancelled
            with lm.autocast():
                return call(*args, **kwargs)

    # It sets the padding of its tokenizer, which is not ours to have changed.
    return Held(pretrained=lm.model, tokenizer=copy.deepcopy(lm.tokenizer), batch_size=_BATCH)


def _figures(said: dict[str, Any]) -> list[HarnessFigure]:
    """From the harness's results: keys are “metric,filter”, errors “metric_stderr,filter”."""
    found = []
    for task, results in said["results"].items():
        count = said.get("n-samples", {}).get(task, {}).get("effective")
        samples = said.get("samples", {}).get(task, [])
        for key, value in results.items():
            metric, comma, filter_ = key.partition(",")
            if not comma or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            error = results.get(f"{metric}_stderr,{filter_}")
            error = float(error) if isinstance(error, int | float) and math.isfinite(error) else None
            of_filter = [one for one in samples if one.get("filter", "none") == filter_]
            items = tuple((int(one["doc_id"]), float(one[metric])) for one in of_filter if _is_number(one.get(metric)))
            if len(items) != len(of_filter) or not math.isclose(
                sum(each for _, each in items) / max(1, len(items)), value, abs_tol=1e-6
            ):
                # The metric is no mean over items (such as a corpus score): there is nothing to pair.
                items = ()
            name = metric if filter_ == "none" else f"{metric}, {filter_}"
            found.append(HarnessFigure(task, name, float(value), error, int(count or len(of_filter)), items))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
