"""Going on from a round of any run: making it current, or letting the next run begin with it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from atu_gui.core.errors import AtuError
from atu_gui.core.ports import Weights
from atu_gui.ui.rooms.branching import branch_from
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.rooms.round_choice import RoundChoice


class RoundsRoom(Room):
    """Asks for a round of the selected run and carries the wish to the service."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._return = RoundChoice(
            reach, self._actions.return_round, "Return to a round", "Return to round",
            "The model takes the weights of this round: they answer as “current weights”.", self,
        )  # fmt: skip
        self._branch = RoundChoice(
            reach, self._actions.branch_round, "Branch from a round", "Branch from round",
            "The run's settings come into the set-up; the next run begins with the weights of this round, on the same "
            "texts and questions.", self,
        )  # fmt: skip
        self._return.chosen.connect(self._go_back)
        self._branch.chosen.connect(self._branch_from)
        for icon, words, action in (
            ("arrow-counter-clockwise", "Return to round…", self._actions.return_round),
            ("git-branch", "Branch from round…", self._actions.branch_round),
        ):
            self._bench.past.offer(icon, words, action)
        self._bench.runs.corner.offer("git-branch", "Branch…", self._actions.branch_round)
        self._bench.branch.left.connect(lambda: self._session.set_branch(None))
        self._session.branch_changed.connect(self._show_branch)

    @Slot(object)
    def _go_back(self, weights: Weights) -> None:
        def done(label: str) -> None:
            self._bench.notice.say(
                f"The current weights are those of {label}.", "Ask them in the chat as “current weights”.", kind="info"
            )

        self._session.request(lambda port: port.return_to(weights), done, self._say)

    @Slot(object)
    def _branch_from(self, weights: Weights) -> None:
        branch_from(self._session, weights, lambda config: config, self._say)

    @Slot()
    def _show_branch(self) -> None:
        """The settings of the branch come into the set-up, to be changed before Run is pressed."""
        branch = self._session.branch
        self._bench.branch.show_start(branch.weights if branch is not None else None)
        if branch is not None:
            self._bench.setup.show_config(branch.config)
            self._show_page()

    def _say(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)
