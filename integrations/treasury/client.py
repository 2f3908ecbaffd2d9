"""Talk with the treasury's gateway: hand over a file, ask about it, read its reports.

The one rule of this module: a file is never sent a second time by itself. Where nobody knows whether it arrived, the
caller gets OutcomeUnknown and has to `ask`. Source: contracts/payments.md §8.
"""

import contextlib
import json
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, Self, TypeGuard
from urllib.parse import quote

from voucher_portal.http import BadAnswer, HttpClient, HttpError, Refused, Retries, Unavailable

REPORTS_A_PAGE = 10  # a report has up to 5 MiB
MAX_PAGE_BYTES = 64 * 1024 * 1024
MAX_CURSOR = 500
MAX_REPORT_ID = 100
MAX_RAW = 2_000
KINDS = ("pain.002", "camt.054")
CONTENT_IS_WRONG = (400, 413, 415, 422)


class TreasuryError(Exception):
    """The gateway was not used with success. The subclasses say what is known about the message."""


class TreasuryUnavailable(TreasuryError):
    """Nothing was taken: no connection, or asked to come later. The same bytes may be sent again.

    `retry_after` are the seconds that the gateway asked us to wait, or None.
    """

    def __init__(self, text: str, retry_after: float | None = None):
        super().__init__(text)
        self.retry_after = retry_after


class OutcomeUnknown(TreasuryError):
    """The message may or may not have been taken: ask the gateway, never send blindly."""


class MessageRefused(TreasuryError):
    """The gateway read the message and did not take it. `code` and `message` are its own."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class MessageConflict(TreasuryError):
    """The gateway holds other bytes under this MsgId: a fault of ours, for a person to look at."""


class TreasuryMisconfigured(TreasuryError):
    """The gateway does not know us or the address (401, 403, 404 ...): nothing was taken, a person has to mend it."""


class BadGatewayAnswer(TreasuryError):
    """A question was answered in a way that we cannot read."""


class CursorTooOld(TreasuryError):
    """The feed no longer reaches back to this cursor: read it from the beginning."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The gateway has the message. `duplicate`: it had it before."""

    duplicate: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One item of the feed, not yet read. `kind` is `pain.002` or `camt.054`; `xml` is UTF-8, fit for a text field."""

    report_id: str
    kind: str
    xml: bytes


@dataclass(frozen=True, slots=True)
class BrokenReport:
    """An item of the feed that breaks the contract: to be put aside with its reason, blocks no other."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Page:
    """Part of the feed. `next_cursor` is to be stored in the same transaction as what is done with the items."""

    items: tuple[Report, ...]
    broken: tuple[BrokenReport, ...]
    next_cursor: str
    has_more: bool


class TreasuryClient:
    """One payer's gateway. Not for two threads at once; close it, or use it in `with`.

    `timeouts` are (connect, read) in seconds. `retries` are those of questions, which may be asked again.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeouts: tuple[float, float] = (5.0, 30.0),
        retries: Retries | None = None,
    ):
        once = Retries(attempts=1, total_seconds=sum(timeouts))
        self._connect = partial(HttpClient, base_url, token, timeouts=timeouts, retries=once)
        self._questions = HttpClient(
            base_url, token, timeouts=timeouts, retries=retries or Retries(), max_bytes=MAX_PAGE_BYTES
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._questions.close()

    def submit(self, msg_id: str, xml_bytes: bytes) -> Submitted:
        """Hand over a file, once. Sending the same bytes again later is recognised by the gateway.

        Raises:
            TreasuryUnavailable, MessageRefused, MessageConflict, TreasuryMisconfigured: it was not taken.
            OutcomeUnknown: nobody knows; `ask`.
        """
        headers = {"Content-Type": "application/xml", "Idempotency-Key": msg_id}
        try:
            # A connection of its own: an idle one may be half closed, and then nobody knows what arrived.
            with self._connect() as gateway:
                body = gateway.request(
                    "POST", "/messages", body=xml_bytes, headers=headers, is_idempotent=False
                ).json()
        except Refused as error:
            _raise_not_taken(error)
        except Unavailable as error:
            if error.is_outcome_unknown:
                raise OutcomeUnknown(str(error)) from error
            raise TreasuryUnavailable(str(error), error.retry_after) from error
        except BadAnswer as error:
            raise OutcomeUnknown(str(error)) from error
        if not isinstance(body, dict) or body.get("msg_id") != msg_id or not isinstance(body.get("duplicate"), bool):
            raise OutcomeUnknown("The gateway's answer is not about this message.")
        return Submitted(duplicate=body["duplicate"])

    def ask(self, msg_id: str) -> str | None:
        """The state of a message at the gateway (`received`), or None: it never received it.

        Raises:
            TreasuryUnavailable, TreasuryMisconfigured, BadGatewayAnswer: not known.
        """
        try:
            body = self._questions.get(f"/messages/{quote(msg_id, safe='')}").json()
        except Refused as error:
            if error.status == 404:
                return None
            raise TreasuryMisconfigured(str(error)) from error
        except HttpError as error:
            _raise_no_answer(error)
        if not isinstance(body, dict) or body.get("msg_id") != msg_id or not isinstance(body.get("state"), str):
            raise BadGatewayAnswer("The gateway's answer is not about this message.")
        return body["state"]

    def reports(self, cursor: str | None = None, limit: int = REPORTS_A_PAGE) -> Page:
        """The reports after `cursor` (from the beginning without), at least once each, in the gateway's order.

        Raises:
            TreasuryUnavailable, TreasuryMisconfigured, BadGatewayAnswer, CursorTooOld
        """
        params: dict[str, Any] = {"limit": limit} if cursor is None else {"cursor": cursor, "limit": limit}
        try:
            body = self._questions.get("/reports", params).json()
        except Refused as error:
            if error.status == 410:
                raise CursorTooOld(str(error)) from error
            raise TreasuryMisconfigured(str(error)) from error
        except HttpError as error:
            _raise_no_answer(error)
        return _page(body, cursor)


def _raise_not_taken(error: Refused) -> NoReturn:
    if error.status == 409:
        raise MessageConflict(str(error)) from error
    if error.status in CONTENT_IS_WRONG:
        raise MessageRefused(error.code, error.message) from error
    raise TreasuryMisconfigured(str(error)) from error


def _raise_no_answer(error: HttpError) -> NoReturn:
    if isinstance(error, Unavailable):
        raise TreasuryUnavailable(str(error), error.retry_after) from error
    raise BadGatewayAnswer(str(error)) from error


def _page(body: Any, cursor: str | None) -> Page:
    try:
        items, next_cursor, has_more = body["items"], body["next_cursor"], body["has_more"]
    except (TypeError, KeyError, IndexError):
        raise BadGatewayAnswer("The page of reports has no items, next_cursor or has_more.") from None
    if not isinstance(items, list) or not isinstance(next_cursor, str) or not isinstance(has_more, bool):
        raise BadGatewayAnswer("The page of reports is not of the agreed form.")
    if len(next_cursor) > MAX_CURSOR or not next_cursor.isprintable() or (has_more and next_cursor == cursor):
        raise BadGatewayAnswer("The cursor of the reports cannot be kept, or stands still.")
    reports = [_report(item) for item in items]
    return Page(
        items=tuple(report for report in reports if isinstance(report, Report)),
        broken=tuple(report for report in reports if isinstance(report, BrokenReport)),
        next_cursor=next_cursor,
        has_more=has_more,
    )


def _report(item: Any) -> Report | BrokenReport:
    fields = item if isinstance(item, dict) else {}
    report_id, kind, xml = fields.get("report_id"), fields.get("kind"), fields.get("xml")
    if _is_name(report_id) and kind in KINDS and isinstance(xml, str) and "\0" not in xml:
        with contextlib.suppress(UnicodeEncodeError):  # a lone surrogate is no UTF-8
            return Report(report_id, kind, xml.encode("utf-8"))
    return BrokenReport("report_id, kind or xml is missing or not of its form", json.dumps(item)[:MAX_RAW])


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_REPORT_ID and value.isprintable()
