"""What the business layer of an answer amounts to: the third layer of success (contracts/shep.md §3)."""

import datetime
import re
from typing import TypeVar

from integrations.shep.registers import Outcome, Reading

R = TypeVar("R")

MAX_REASON = 300
_LONG_NUMBER = re.compile(r"[0-9]{6,}")
EMPTY = Reading(Outcome.NO_DATA, reason="an empty answer")


def found(records: tuple[R, ...], actual_at: datetime.datetime | None = None) -> Reading[R]:
    """The register has found something; when nothing of it came, nothing is known."""
    if records:
        return Reading(Outcome.FOUND, records, actual_at)
    return Reading(Outcome.NO_DATA, actual_at=actual_at, reason="found, but without a record")


def without_records(
    outcome: Outcome, code: str | None, words: str | None = None, actual_at: datetime.datetime | None = None
) -> Reading:
    """The register has nothing for us, for the reason that its code and words give."""
    return Reading(outcome, actual_at=actual_at, reason=_reason(code or "", words or ""))


def contradiction(code: str | None) -> Reading:
    """The register says that there is nothing, and sends it: neither can be believed."""
    return Reading(Outcome.ERROR, reason=_reason(code or "", "with a record"))


def unknown(code: str | None, words: str | None = None) -> Reading:
    """The register's code says nothing to us."""
    return Reading(Outcome.ERROR, reason=_reason(f"unknown code {code}" if code else "no code", words or ""))


def _reason(code: str, words: str) -> str:
    """Code and words for operators. Long numbers, which may be a person's or a document's, are struck out."""
    text = ": ".join(part for part in (code, words) if part)
    return _LONG_NUMBER.sub("…", text)[:MAX_REASON]
