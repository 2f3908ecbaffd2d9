"""How many parts an SMS takes: GSM 03.38 has no Cyrillic, so one Kazakh letter makes the whole text UCS-2.

In one part there is room for 160 septets or 70 units of UCS-2, in each of several for 153 or 67: the rest is the
header that joins them. A sign is never cut in two. Source: 3GPP TS 23.038 §6.2, TS 23.040 §9.2.3.24.1.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


class Encoding(enum.StrEnum):
    """How the text travels."""

    GSM_7 = "gsm-7"
    UCS_2 = "ucs-2"


_ROOM = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}  # alone, as one of several


@dataclass(frozen=True)
class Segments:
    """What a text costs: parts, each paid for, and units (septets or 16-bit units)."""

    encoding: Encoding
    parts: int
    units: int


def segments(text: str) -> Segments:
    """Count the parts of `text`; an empty one takes one part."""
    is_gsm = all(sign in _BASIC or sign in _EXTENDED for sign in text)
    encoding = Encoding.GSM_7 if is_gsm else Encoding.UCS_2
    sizes = [1 + (sign in _EXTENDED if is_gsm else sign > "\uffff") for sign in text]
    alone, together = _ROOM[encoding]
    return Segments(encoding, 1 if sum(sizes) <= alone else _parts(sizes, together), sum(sizes))


def _parts(sizes: Iterable[int], room: int) -> int:
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return parts
