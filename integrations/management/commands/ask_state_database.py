"""Ask a state database by hand, through the gateway or from a file."""

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandParser

from integrations.safe_xml import BadMessage
from integrations.shep.file_source import open_file
from integrations.shep.registers import CONCLUSIVE, Consent, Outcome, Register, RegisterAnswer
from integrations.shep.services.asking import Gateway
from integrations.shep.services.catalogue import REGISTERS
from integrations.shep.services.passports import PASSPORTS
from voucher_portal.commands import DONE, PUT_ASIDE, JsonCommand, WrongInput
from voucher_portal.dates import Month
from voucher_portal.logs import mask_iins

# What the person is told of who asks; the consent service speaks Russian and Kazakh, not the operator's language.
COMPANY, EMPLOYEE = "Портал образовательных ваучеров", "Оператор портала"
HINTS = {
    Outcome.CONSENT_NEEDED: (
        "The person has to consent: give --request-consent, or --consent-token and --consent-key of a consent."
    ),
    Outcome.ASKED: "The answer comes later. Ask again in some minutes: it is then taken from the cache.",
}
HINTS_OF_CONSENT = {
    Outcome.CONSENT_NEEDED: "The person was asked and has not answered. Give the same command again later.",
    Outcome.DENIED: "The person does not consent, or we may not ask for it: the register was not asked.",
}
NO_CONSENT = "The consent could not be asked for: the register was not asked."


class Command(JsonCommand):
    help = (
        "Ask the state database CODE for KEY and print what it said. With --request-consent the person is asked for "
        "consent first, and the register only after a yes; without one the answer of the consent service (KDP) is "
        "printed. The question and the answer are archived and logged. IINs are masked, with --json they are whole. "
        "Exit status: 0 found or not found, 1 anything else became of the question, 2 wrong input."
    )

    def add_options(self, parser: CommandParser) -> None:
        """Ask for code and key, for what a key may have beside a number, and for where to ask."""
        parser.add_argument("code", metavar="CODE", nargs="?", default="", help="a code of --list")
        parser.add_argument("key", metavar="KEY", nargs="?", default="", help="e.g. 240640990012,0000000000000007")
        parser.add_argument("--list", action="store_true", help="the codes, with what each is asked by")
        parser.add_argument("--from", dest="first", metavar="YYYY-MM-DD", help="first day of the period")
        parser.add_argument("--to", dest="last", metavar="YYYY-MM-DD", help="last day of the period")
        parser.add_argument("--month", metavar="YYYY-MM")
        parser.add_argument("--year", metavar="YYYY")
        parser.add_argument("--consent-token", default="", help="of the person's consent; with --consent-key")
        parser.add_argument("--consent-key", default="", help="of the person's consent; with --consent-token")
        parser.add_argument("--request-consent", action="store_true", help="ask the person for consent first")
        parser.add_argument("--purpose", default="", help="what of the person's data he is told that we ask for")
        parser.add_argument("--company", default=COMPANY, help="who asks, as the person is told")
        parser.add_argument("--employee", default=EMPLOYEE, help="who is responsible, as the person is told")
        parser.add_argument("--fresh", action="store_true", help="do not take the answer from the cache")
        parser.add_argument("--file", metavar="PATH", type=Path, help="ask this export, JSON or CSV, in its place")

    def run(self, *, code: str, key: str, **options: Any) -> dict:
        """Ask once."""
        if options["list"]:
            described = _described if options["json"] else _in_a_line
            return {code: described(register) for code, register in REGISTERS.items()}
        register = _register(code)
        asked = _key(register, [key, options["first"], options["last"], options["month"], options["year"]])
        consent = _consent(options["consent_token"], options["consent_key"])
        wanted = _wanted(register, asked, options) if options["request_consent"] else None
        source = _source(options["file"])
        refused, consent = self._asked_for_consent(source, wanted) if wanted else (None, consent)
        answer = refused or source.ask(register, asked, consent=consent, fresh=options["fresh"])
        if not refused and answer.outcome in HINTS:
            self.progress(HINTS[answer.outcome])
        printed = _printed(answer)
        return printed if options["json"] else _for_people(printed)

    def _asked_for_consent(self, source: Any, wanted: Any) -> tuple[RegisterAnswer | None, Consent | None]:
        """The consent, or the answer without one; its records are never printed, for they hold the token."""
        try:
            answer = source.request_consent(wanted)
        except ImproperlyConfigured as error:
            raise WrongInput(str(error)) from None
        if answer.outcome is Outcome.FOUND:
            return None, answer.records[0].consent
        self.progress(HINTS_OF_CONSENT.get(answer.outcome, NO_CONSENT))
        return answer, None

    def exit_status(self, result: dict) -> int:
        """0 when the answer says something about the world."""
        return DONE if result.get("outcome", Outcome.FOUND) in CONCLUSIVE else PUT_ASIDE


def _described(register: Register) -> dict:
    passport = PASSPORTS[register.code]
    return {
        "name": register.name_ru,
        "owner": passport.owner,
        "service": register.service_id,
        "key": passport.key,
        "channel": register.channel.value,
        "needs_consent": register.needs_consent,
        "keep_hours": int(register.keep.total_seconds() // 3600),
    }


def _in_a_line(register: Register) -> str:
    passport = PASSPORTS[register.code]
    return f"{register.name_ru} ({passport.owner}), asked by {passport.key}"


def _register(code: str) -> Register:
    try:
        return REGISTERS[code.upper()]
    except KeyError:
        raise WrongInput(f"CODE: must be one of {', '.join(REGISTERS)}") from None


def _key(register: Register, parts: list[str | None]) -> Any:
    try:
        return register.key_from(",".join(part for part in parts if part))
    except ValueError as error:
        shape = PASSPORTS[register.code].key
        raise WrongInput(f"KEY: {error}", f"{register.code} is asked by {shape}") from None


def _consent(token: str, public_key: str) -> Consent | None:
    if bool(token) != bool(public_key):
        raise WrongInput("--consent-token and --consent-key: both or neither")
    return Consent(token, public_key) if token else None


def _wanted(register: Register, key: Any, options: Mapping[str, Any]) -> Any:
    """Whose consent is asked for, and to what."""
    from integrations.shep.client_consent import ConsentKey

    if options["file"] or options["consent_token"]:
        raise WrongInput("--request-consent: neither with --file nor with --consent-token")
    if not register.needs_consent:
        raise WrongInput(f"--request-consent: {register.code} is asked without consent")
    return ConsentKey(
        iin=key.iin,
        service_id=register.service_id,
        purpose=options["purpose"] or register.name_ru,
        company=options["company"],
        responsible=options["employee"],
        employee=options["employee"],
    )


def _source(path: Path | None) -> Gateway:
    try:
        if path:
            return open_file(path)
        from integrations.shep.client import gateway_of_settings

        return gateway_of_settings()
    except (OSError, BadMessage) as error:
        raise WrongInput(f"--file: {error}") from None
    except ImproperlyConfigured as error:
        raise WrongInput(str(error)) from None


def _printed(value: Any) -> Any:
    """Dataclasses as dictionaries and months as text; the rest is for the encoder."""
    if isinstance(value, Month):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {field.name: _printed(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return [_printed(each) for each in value] if isinstance(value, tuple) else value


def _for_people(value: Any) -> Any:
    """Without what is missing, the entries of a list numbered, IINs masked."""
    if isinstance(value, list):
        return _for_people(dict(enumerate(value, start=1)))
    if isinstance(value, Mapping):
        return {str(name): _for_people(each) for name, each in value.items() if each not in (None, "", [])}
    if isinstance(value, datetime.date):
        return value.isoformat()
    return mask_iins(value) if isinstance(value, str) else value
