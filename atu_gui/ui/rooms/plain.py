"""The rooms that need nothing but their reach; a new one is named here."""

from __future__ import annotations

from atu_gui.ui.rooms.auditing import AuditingRoom
from atu_gui.ui.rooms.choosing import ChoosingRoom
from atu_gui.ui.rooms.comparing import ComparingRoom
from atu_gui.ui.rooms.diagnosing import DiagnosingRoom
from atu_gui.ui.rooms.ending import EndingRoom
from atu_gui.ui.rooms.evaluating import EvaluatingRoom
from atu_gui.ui.rooms.exporting import ExportingRoom
from atu_gui.ui.rooms.helping import HelpingRoom
from atu_gui.ui.rooms.mending import MendingRoom
from atu_gui.ui.rooms.network import NetworkRoom
from atu_gui.ui.rooms.planning import PlanningRoom
from atu_gui.ui.rooms.presets import PresetsRoom
from atu_gui.ui.rooms.previewing import PreviewingRoom
from atu_gui.ui.rooms.questioning import QuestioningRoom
from atu_gui.ui.rooms.quiet import QuietRoom
from atu_gui.ui.rooms.recorded import RecordedRoom
from atu_gui.ui.rooms.rephrasing import RephrasingRoom
from atu_gui.ui.rooms.reporting import ReportingRoom
from atu_gui.ui.rooms.resuming import ResumingRoom
from atu_gui.ui.rooms.rounds import RoundsRoom
from atu_gui.ui.rooms.runs import RunsRoom
from atu_gui.ui.rooms.tokens import TokensRoom

PLAIN_ROOMS = (
    QuestioningRoom,
    RephrasingRoom,
    TokensRoom,
    PresetsRoom,
    PreviewingRoom,
    ResumingRoom,
    RunsRoom,
    RecordedRoom,
    ComparingRoom,
    EndingRoom,
    RoundsRoom,
    ExportingRoom,
    ReportingRoom,
    QuietRoom,
    AuditingRoom,
    EvaluatingRoom,
    PlanningRoom,
    ChoosingRoom,
    HelpingRoom,
    NetworkRoom,
    MendingRoom,
    DiagnosingRoom,
)
