"""When a run ends of itself: its goal, its floors, and what becomes of the run where one of them is met."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from atu_gui.core.config_base import Part, ui

OFF = "off"


class GuardConfig(Part):
    """When a run ends, or pauses, before its last round. “off” switches a guard off."""

    forget_goal: float | None = Field(
        0.2,
        ge=0,
        le=1,
        description="Reached when forget recall has fallen to this share of the untouched model's.",
        json_schema_extra=ui("Forget goal", "share"),
    )
    neighbour_floor: float | None = Field(
        0.9,
        ge=0,
        le=1,
        description="Broken when neighbour recall, with its interval, lies under this share of the untouched model's.",
        json_schema_extra=ui("Neighbour floor", "share"),
    )
    utility_limit: float | None = Field(
        1.05,
        ge=1,
        le=100,
        description="Broken when the neutral token loss exceeds this multiple of the untouched model's.",
        json_schema_extra=ui("Utility limit", "multiple"),
    )
    fluency_floor: float | None = Field(
        0.8,
        ge=0,
        le=1,
        description="Broken when the fluency entropy falls under this share of the untouched model's.",
        json_schema_extra=ui("Fluency floor", "share"),
    )
    active_share: float | None = Field(
        0.01,
        ge=0,
        le=1,
        description="End an unlearn stage when fewer positions than this lie above τ.",
        json_schema_extra=ui("Active share", "share"),
    )
    action: Literal["stop", "pause"] = Field(
        "stop",
        description="What a goal, a floor or a loss that is no number does. On the command line they always stop.",
        json_schema_extra=ui("Guards"),
    )

    @field_validator("*", mode="before")
    @classmethod
    def _off(cls, value: Any) -> Any:
        return None if value == OFF else value
