"""The colours of the screen and of reports, a scheme for the dark and one for the light."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour of one scheme, as `#RRGGBB`."""

    window: str
    panel: str
    raised: str
    hover: str
    plot: str
    grid: str
    align_band: str
    unlearn_band: str
    line: str
    edge: str
    edge2: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    accent_text: str
    accent_soft: str
    selection: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    similarity: str
    align_cosine: str
    forget: str
    neighbour: str
    utility: str
    before: str
    after: str

    @property
    def off(self) -> str:
        """Text and icons of a control that is off: faint at 55 % on a raised surface."""
        return mix(self.faint, self.panel, 0.55)


DARK = Tokens(
    window="#131417",
    panel="#1A1C20",
    raised="#24272D",
    hover="#2C3037",
    plot="#15171A",
    grid="#24272C",
    align_band="#171A1E",
    unlearn_band="#26201E",
    line="#2B2F36",
    edge="#444A54",
    edge2="#6B7280",
    text="#E7E9ED",
    muted="#A9AFBA",
    faint="#959CA8",
    accent="#5865E0",
    accent_hover="#4F5BD6",
    accent_pressed="#434EBB",
    on_accent="#FFFFFF",
    accent_text="#A5AFFF",
    accent_soft="#262B4D",
    selection="#2A3056",
    good="#4CC38A",
    good_soft="#17352A",
    warn="#F0B44C",
    warn_soft="#3A2E17",
    bad="#FF7B72",
    bad_soft="#40201F",
    similarity="#E8A93C",
    align_cosine="#5BB8F0",
    forget="#F4805A",
    neighbour="#58D3AD",
    utility="#D394C8",
    before="#B4BAC4",
    after="#A5AFFF",
)

LIGHT = Tokens(
    window="#ECEEF1",
    panel="#FFFFFF",
    raised="#F5F6F8",
    hover="#E9EBEF",
    plot="#FCFCFD",
    grid="#E9EBEE",
    align_band="#F7F9FC",
    unlearn_band="#FAEFE8",
    line="#DEE1E6",
    edge="#C4C9D1",
    edge2="#7C838E",
    text="#1A1D23",
    muted="#545B66",
    faint="#5E6571",
    accent="#4653D3",
    accent_hover="#3F4BC9",
    accent_pressed="#3742B0",
    on_accent="#FFFFFF",
    accent_text="#3F4BC9",
    accent_soft="#E7E9FC",
    selection="#E1E4FB",
    good="#0A7547",
    good_soft="#E1F3EA",
    warn="#8A5A00",
    warn_soft="#FBF0D9",
    bad="#BB2C28",
    bad_soft="#FBE6E4",
    similarity="#A86400",
    align_cosine="#0B6FB3",
    forget="#C4451C",
    neighbour="#00694E",
    utility="#9A3F86",
    before="#646B77",
    after="#3F4BC9",
)


def mix(first: str, second: str, share: float) -> str:
    """A colour that is `share` of `first` and the rest of `second`, all as `#rrggbb`."""
    one, two = (bytes.fromhex(color.removeprefix("#")) for color in (first, second))
    return "#" + bytes(round(a * share + b * (1.0 - share)) for a, b in zip(one, two, strict=True)).hex()
