"""Setting up a branch: the settings and texts of an earlier run, and the round to go on from."""

from __future__ import annotations

from collections.abc import Callable

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import AtuError
from atu_gui.core.ports import Weights
from atu_gui.ui.branch import Branch
from atu_gui.ui.session import Session


def branch_from(
    session: Session,
    weights: Weights,
    change: Callable[[RunConfig], RunConfig],
    failed: Callable[[AtuError], None],
) -> None:
    """Let the next run go on from a round of an earlier one, with its settings as `change` makes them."""

    def got_config(config: RunConfig) -> None:
        config = change(config.model_copy(update={"out": None, "name": ""}))
        session.request(
            lambda port: port.materials_of(weights.run_id),
            lambda materials: session.set_branch(Branch(weights, config, materials)),
            failed,
        )

    session.request(lambda port: port.config_of(weights.run_id), got_config, failed)
