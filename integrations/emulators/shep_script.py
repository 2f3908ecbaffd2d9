"""What the emulated gateway is told to do otherwise: a YAML document; `POST /control` takes the same as JSON.

    latency_seconds: 0.05
    consent: later
    rules:
      - {service: ELIC, key: "240640990012", outcome: not_found}
      - {service: GBDFL, times: 2, outcome: error, code: SCSE003}
      - {service: FIRE, hostile: wrapped}

The first rule that fits a question and is not used up decides; without one the world answers.
"""

import threading
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from integrations.emulators.script import BaseScript, Seconds

Status = Annotated[int, msgspec.Meta(ge=200, le=599)]
Outcome = Literal[
    "", "found", "not_found", "not_found_in_answer", "no_match", "no_data", "data_missing", "no_data_in_answer",
    "denied", "error", "fault",
]  # fmt: skip
Wrong = Literal[
    "", "other_message_id", "foreign_correlation", "other_key", "other_certificate", "unsigned", "broken_digest",
    "other_request_id",
]  # fmt: skip
Hostile = Literal[
    "", "entity_bomb", "external_entity", "wrapped", "wrapped_in_header", "two_signatures", "truncated", "large",
    "huge", "endless", "gzip_bomb", "drip", "deep", "cp1251", "cp1251_header", "garbage", "html", "empty",
]  # fmt: skip
Consent = Literal["confirm", "later", "wait", "refuse"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What happens to the questions that fit, `times` of them or all.

    - `service`: code or serviceId; `key`: the number asked about; empty = any.
      `operation`: of the asynchronous channel, sendMessage without it.
    - `outcome`: what is answered. `found` whatever the world says of others; `not_found` = status 404, `no_match` =
      SCSE001, `not_found_in_answer` and `no_data_in_answer` = the business status; `no_data` = empty `data`,
      `data_missing` = no `data`; `denied` = the register's own word for it; `error` = status `code`; `fault`.
    - `code`, `message`: of an error, a fault or a business status.
    - `delay_seconds`: then the answer; `silence_seconds`: then the connection is cut; `http_status`: instead of the
      answer, and nothing is carried out.
    - `wrong`: a good answer with one thing wrong; `hostile`: an attack on its reader.
    - `delivery`: how an asynchronous question ends, DELIVERED without it.
    - `form`, `session_id`, `offset`: other ways to write the same answer.
    """

    service: str = ""
    key: str = ""
    operation: str = ""
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    outcome: Outcome = ""
    code: Annotated[str, msgspec.Meta(max_length=60)] = ""
    message: Annotated[str, msgspec.Meta(max_length=250)] = ""
    delay_seconds: Seconds = 0.0
    silence_seconds: Seconds = 0.0
    http_status: Status = 200
    wrong: Wrong = ""
    hostile: Hostile = ""
    delivery: Literal["", "ON_DELIVERY", "NOT_DELIVERED", "DELIVERY_STOPPED"] = ""
    form: Literal["", "inline", "escaped"] = ""
    session_id: Literal["braces", "bare", "none"] = "braces"
    offset: Literal["+05:00", "+06:00", ""] = "+05:00"

    def fits(self, operation: str, service: str, service_id: str, key: str) -> bool:
        """Whether it speaks of such a question."""
        return (
            self.service in ("", service, service_id)
            and self.key in ("", key)
            and operation == (self.operation or ("SendMessage" if operation == "SendMessage" else "sendMessage"))
        )


NO_RULE = Rule()


class Script(BaseScript, frozen=True, kw_only=True):
    """Everything that a person may change.

    - `latency_seconds`: of every answer. `allow_unsigned`: no signature is asked for, so that curl can post a body.
    - `check_tokens`: a consent's token must be one that was given here for this person and service.
    - `consent`, `consents` by IIN: what a person does when asked for consent (КДП): confirm, later (after
      `consent_seconds`), wait (until the script changes), refuse.
    - `deliver_seconds`, `answer_seconds`: when an asynchronous question is with the register, and answered.
    """

    latency_seconds: Seconds = 0.0
    allow_unsigned: bool = False
    check_tokens: bool = False
    consent: Consent = "confirm"
    consents: dict[str, Consent] = {}
    consent_seconds: Seconds = 5.0
    deliver_seconds: Seconds = 0.0
    answer_seconds: Seconds = 1.0
    rules: tuple[Rule, ...] = ()


class Prompter:
    """Holds the script and how often its rules were used; safe for threads."""

    def __init__(self, script: Script) -> None:
        self._lock = threading.Lock()
        self.script = script
        self._used = [0] * len(script.rules)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change the script by the keys that are given; new rules start unused. Raises ScriptError."""
        script = self.script.changed(changes)
        with self._lock:
            self.script = script
            if "rules" in changes:
                self._used = [0] * len(script.rules)

    def rule(self, operation: str, service: str, service_id: str, key: str) -> Rule:
        """The rule for this question, which counts as used once more."""
        if not self.script.rules:
            return NO_RULE
        with self._lock:
            for number, rule in enumerate(self.script.rules):
                is_left = rule.times is None or self._used[number] < rule.times
                if is_left and rule.fits(operation, service, service_id, key):
                    self._used[number] += 1
                    return rule
        return NO_RULE
