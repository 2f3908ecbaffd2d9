"""Consent of a person to be asked about (КДП): the emulated person answers as the script says. Source: shep.md §3."""

import base64
import datetime
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from integrations.emulators.shep_script import Script
from integrations.emulators.shep_services import BY_SERVICE_ID
from integrations.emulators.shep_signatures import Known
from integrations.emulators.shep_wire import Refusal, Stamp

FIELDS = (
    "uin", "company", "company_bin", "company_responsible", "employee_name", "access_name", "personal_data_name",
    "expiresIn", "omit-sms", "ovt",
)  # fmt: skip
MAX_SECONDS = 365 * 24 * 3600
MAX_TOKENS = 100_000


@dataclass(frozen=True, slots=True)
class _Token:
    iin: str
    service: str
    ends_at: float


class ConsentDesk:
    """Who was asked for consent and what he said; safe for threads."""

    def __init__(self, public_key: str, clock: Callable[[], float] = time.time) -> None:
        self._public_key = public_key
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, str], float] = {}
        self._tokens: dict[str, _Token] = {}

    def answer(self, fields: dict[str, str], script: Script, stamp: Stamp) -> etree._Element:
        """The `data` of an answer: CONFIRMED with a token, PENDING or REFUSED."""
        iin, service = fields["uin"], BY_SERVICE_ID[fields["access_name"]].code
        state = self._state(iin, service, script)
        data = etree.Element("data")
        etree.SubElement(data, "status").text = state
        if state == "CONFIRMED":
            seconds = int(fields["expiresIn"])
            ends_at = stamp.at + datetime.timedelta(seconds=seconds)
            etree.SubElement(data, "token").text = self._issue(iin, service, seconds)
            etree.SubElement(data, "publicKey").text = self._public_key
            etree.SubElement(data, "expiresAt").text = str(Stamp(ends_at, stamp.offset))
        return data

    def knows(self, token: str, iin: str, service: str) -> bool:
        """Whether this token was given for this person and service, and is still good."""
        found = self._tokens.get(token)
        return found is not None and (found.iin, found.service) == (iin, service) and self._clock() < found.ends_at

    def pending(self) -> list[str]:
        """The IINs of those who were asked and have not answered."""
        return sorted({iin for iin, _service in self._asked})

    def _state(self, iin: str, service: str, script: Script) -> str:
        decision, now = script.consents.get(iin, script.consent), self._clock()
        with self._lock:
            asked_at = self._asked.setdefault((iin, service), now)
            is_due = decision == "confirm" or (decision == "later" and now >= asked_at + script.consent_seconds)
            if is_due or decision == "refuse" or len(self._asked) > MAX_TOKENS:
                del self._asked[iin, service]
        if is_due:
            return "CONFIRMED"
        return "REFUSED" if decision == "refuse" else "PENDING"

    def _issue(self, iin: str, service: str, seconds: int) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._tokens) >= MAX_TOKENS:
                self._tokens.pop(next(iter(self._tokens)))
            self._tokens[token] = _Token(iin, service, self._clock() + seconds)
        return token


def consent_fields(data: etree._Element | None, message_id: str, known: Known | None, now: float) -> dict[str, str]:
    """The question for consent, all of it, in its order; without `known` its token is not verified. Raises Refusal."""
    children = [] if data is None else list(data.iterchildren(etree.Element))
    if tuple(child.tag for child in children) != FIELDS:
        raise Refusal("VAL-DATA", f"data of KDP_SERVICE must hold {', '.join(FIELDS)} in this order.")
    fields = {child.tag: (child.text or "").strip() for child in children}
    empty = [name for name, value in fields.items() if not value]
    if empty:
        raise Refusal("VAL-DATA", f"{', '.join(empty)} must not be empty.")
    if not (len(fields["uin"]) == 12 and fields["uin"].isascii() and fields["uin"].isdigit()):
        raise Refusal("VAL-DATA", "uin is an IIN of 12 digits.")
    if fields["access_name"] not in BY_SERVICE_ID:
        raise Refusal("VAL-DATA", f"access_name {fields['access_name']} is no service of the catalogue.")
    seconds = fields["expiresIn"]
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10 and 0 < int(seconds) <= MAX_SECONDS):
        raise Refusal("VAL-DATA", f"expiresIn is a number of seconds, at most {MAX_SECONDS}.")
    if fields["omit-sms"] not in ("true", "false"):
        raise Refusal("VAL-DATA", "omit-sms is true or false.")
    if known:
        _check_token(fields, message_id, known, now)
    return fields


def _check_token(fields: dict[str, str], message_id: str, known: Known, now: float) -> None:
    """`ovt` is a JWT, RS256, of our client: {cbin, mcheck, iat, exp}."""
    parts = fields["ovt"].split(".")
    if len(parts) != 3:
        raise Refusal("KDP-OVT", "ovt is no JWT.")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
        algorithm, limits = header["alg"], (int(claims["iat"]), int(claims["exp"]))
        names = (str(claims["cbin"]), str(claims["mcheck"]))
    except (ValueError, KeyError, TypeError):
        raise Refusal("KDP-OVT", "ovt is no JWT with cbin, mcheck, iat and exp.") from None
    if algorithm != "RS256" or not known.verifies(signature, ".".join(parts[:2]).encode()):
        raise Refusal("KDP-OVT", "ovt is not signed with RS256 by the key of this sender.")
    if not hmac.compare_digest("|".join(names).encode(), f"{fields['company_bin']}|{message_id}".encode()):
        raise Refusal("KDP-OVT", "cbin is not company_bin, or mcheck is not the messageId.")
    if not limits[0] - 60 <= now < limits[1]:
        raise Refusal("KDP-OVT", "ovt is not in force now.")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
