"""How a run is judged: how its probes are split, and what costly scores are taken at its end."""

from __future__ import annotations

from pydantic import Field

from atu_gui.core.config_base import Part, ui

# The k of leak@k, as far as there are samples.
LEAK_KS = (1, 4, 16)


class ProbingConfig(Part):
    """Which probes steer, and what is asked at the end of the untouched model and of the kept round."""

    dev_share: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Share of the questions of each group that steer the run; the others judge it. Drawn by hash.",
        json_schema_extra=ui("Dev share", advanced=True),
    )
    samples: int = Field(
        0,
        ge=0,
        le=64,
        description="Answers per question at temperature 1, asked once at the end, for leak@1, @4 and @16. 0: none.",
        json_schema_extra=ui("Samples", "answers", advanced=True),
    )
    candidates: int = Field(
        255,
        ge=0,
        le=65_535,
        description="Random strings that each verbatim string is ranked among at the end, for its exposure. 0: none.",
        json_schema_extra=ui("Exposure candidates", "strings", advanced=True),
    )
