"""From the bytes of one item to a Contract, a Sheet, or the reason why not. No item can stop another one.

A page of good items takes one decoding in C and a few comparisons for each; only a page with a bad one is read item by
item, and only that item is looked at closely.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any

import msgspec

from integrations.lms.items import Contract, Reason, Rejected, Sheet
from voucher_portal.dates import Month
from voucher_portal.identifiers import iin_error, performer_error

RAW_TEXT_LENGTH = 16 * 1024
SANE_YEARS = range(2000, 2101)
SANE_BIRTH_YEARS = range(1900, 2101)

_decode_contract = msgspec.json.Decoder(Contract).decode
_decode_contracts = msgspec.json.Decoder(list[Contract]).decode
_decode_sheet = msgspec.json.Decoder(Sheet).decode
_decode_sheets = msgspec.json.Decoder(list[Sheet]).decode
_KNOWN_MARKS = "PSLQNH."
_provider_error = lru_cache(maxsize=16_384)(performer_error)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_INSTANTS = ("signed_at", "approved_at", "guardian_confirmed_at")
_REASONS_BY_ERROR = (
    ("Object missing required field", Reason.MISSING_FIELD),
    ("Expected `str` of length <=", Reason.TOO_LARGE),
    ("Expected `str` of length >=", Reason.WRONG_VALUE),
    ("Expected `str` matching", Reason.WRONG_VALUE),
    ("Expected `int` >=", Reason.WRONG_VALUE),
    ("Expected `int` <=", Reason.WRONG_VALUE),
    ("Expected `datetime` with a timezone", Reason.WRONG_VALUE),
    ("Invalid", Reason.WRONG_VALUE),
    ("Integer value out of range", Reason.WRONG_VALUE),
    ("Expected", Reason.WRONG_TYPE),
)
_FIELD_OF_ERROR = re.compile(r"at `\$\.([a-z_.]+)`")
_MISSING_FIELD = re.compile(r"required field `(\w+)`")


class _Wrong(Exception):
    """An item of the right shape with a value that breaks a rule."""

    def __init__(self, reason: Reason, field: str) -> None:
        super().__init__(reason, field)
        self.reason = reason
        self.field = field


def parse_contracts(raws: list[msgspec.Raw]) -> list[Contract | Rejected]:
    """The items of a page of the contracts feed, in their order."""
    return _read_at_once(raws, _decode_contracts, _check_contracts) or [parse_contract(raw) for raw in raws]


def parse_contract(raw: bytes | msgspec.Raw) -> Contract | Rejected:
    """One item of the contracts feed."""
    try:
        contract = _decode_contract(raw)
        _check_contracts([contract])
        _refuse_nul(raw, contract)
    except _UNREADABLE:
        return _look_closely(raw, Contract, _check_contracts)
    except _Wrong as wrong:
        return _rejected(raw, wrong.reason, wrong.field)
    return contract


def parse_sheets(raws: list[msgspec.Raw], month: Month) -> list[Sheet | Rejected]:
    """The items of a page of the sheets feed of `month`, in their order."""
    check = partial(_check_sheets, month=month)
    return _read_at_once(raws, _decode_sheets, check) or [parse_sheet(raw, month) for raw in raws]


def parse_sheet(raw: bytes | msgspec.Raw, month: Month) -> Sheet | Rejected:
    """One item of the sheets feed of `month`."""
    check = partial(_check_sheets, month=month)
    try:
        sheet = _decode_sheet(raw)
        check([sheet])
    except _UNREADABLE:
        return _look_closely(raw, Sheet, check)
    except _Wrong as wrong:
        return _rejected(raw, wrong.reason, wrong.field)
    return sheet


def _read_at_once(raws: list[msgspec.Raw], decode: Callable, check: Callable) -> list | None:
    """All items, or None when one of them has to be looked at."""
    text = b"[" + b",".join(raws) + b"]"
    if b"\\u0000" in text:
        return None
    try:
        items = decode(text)
        check(items)
    except (*_UNREADABLE, _Wrong):
        return None
    return items


def _check_sheets(sheets: list[Sheet], month: Month) -> None:
    """All at once, without a step of Python for each: a city sends a hundred thousand."""
    if {sheet.month for sheet in sheets} - {str(month)}:
        raise _Wrong(Reason.WRONG_MONTH, "month")
    marks = [sheet.marks for sheet in sheets]
    if set(map(len, marks)) - {month.days}:
        raise _Wrong(Reason.WRONG_MARKS_LENGTH, "marks")
    if "".join(marks).strip(_KNOWN_MARKS):
        raise _Wrong(Reason.WRONG_MARKS, "marks")
    for field in ("approved_at", "guardian_confirmed_at"):
        _check_instants(map(attrgetter(field), sheets), field)
    if "\x00" in "".join(sheet.contract_id for sheet in sheets):
        raise _Wrong(Reason.WRONG_VALUE, "contract_id")


def _check_contracts(contracts: list[Contract]) -> None:
    for contract in contracts:
        _check_contract(contract)


def _check_contract(contract: Contract) -> None:
    if iin_error(contract.child.iin):
        raise _Wrong(Reason.WRONG_IIN, "child.iin")
    if iin_error(contract.guardian.iin):
        raise _Wrong(Reason.WRONG_IIN, "guardian.iin")
    if _provider_error(contract.provider_bin):
        raise _Wrong(Reason.WRONG_BIN, "provider_bin")
    _check_dates(contract)
    for person, field in ((contract.child, "child"), (contract.guardian, "guardian")):
        if person.last_name.isspace() or person.first_name.isspace():
            raise _Wrong(Reason.WRONG_VALUE, f"{field}.name")


def _check_dates(contract: Contract) -> None:
    if contract.starts_on.year not in SANE_YEARS:
        raise _Wrong(Reason.WRONG_DATES, "starts_on")
    ends_on = contract.ends_on
    if ends_on is not None and (ends_on.year not in SANE_YEARS or ends_on < contract.starts_on):
        raise _Wrong(Reason.WRONG_DATES, "ends_on")
    _check_instants([contract.signed_at], "signed_at")
    if contract.child.birth_date.year not in SANE_BIRTH_YEARS:
        raise _Wrong(Reason.WRONG_DATES, "child.birth_date")


def _check_instants(instants: Iterable[datetime.datetime | None], field: str) -> None:
    if not {instant.year for instant in instants if instant}.issubset(SANE_YEARS):
        raise _Wrong(Reason.WRONG_DATES, field)


def _refuse_nul(raw: bytes | msgspec.Raw, item: msgspec.Struct) -> None:
    """U+0000 is allowed in JSON and not in PostgreSQL; in a field that we do not read it does no harm."""
    if b"\\u0000" in bytes(raw):
        for name, value in _texts(item):
            if "\x00" in value:
                raise _Wrong(Reason.WRONG_VALUE, name)


def _texts(item: msgspec.Struct) -> Iterator[tuple[str, str]]:
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, msgspec.Struct):
            yield from ((f"{name}.{inner}", text) for inner, text in _texts(value))


def _look_closely(raw: bytes | msgspec.Raw, kind: type, check) -> Any:
    """Read an item that the quick way refused: it may only write its times in another form of ISO 8601."""
    try:
        fields = msgspec.json.decode(raw)
    except _UNREADABLE:
        return _rejected(raw, Reason.BAD_JSON, "")
    if isinstance(fields, dict):
        _read_instants(fields)
    try:
        item: Contract | Sheet = msgspec.convert(fields, kind)
        check([item])
        _refuse_nul(raw, item)
    except msgspec.ValidationError as error:
        return _rejected(raw, *_reason_and_field(str(error)))
    except _Wrong as wrong:
        return _rejected(raw, wrong.reason, wrong.field)
    return item


def _read_instants(fields: dict) -> None:
    for name in _INSTANTS:
        text = fields.get(name)
        if isinstance(text, str):
            try:
                instant = datetime.datetime.fromisoformat(text)
                # An offset with seconds is allowed, but JSON, as which rows are copied, knows whole minutes only.
                is_odd = (instant.utcoffset() or datetime.timedelta()) % datetime.timedelta(minutes=1)
                fields[name] = instant.astimezone(datetime.UTC) if is_odd else instant
            except (ValueError, OverflowError):
                continue


def _reason_and_field(error: str) -> tuple[Reason, str]:
    """From msgspec's words to ours: "Expected `int`, got `str` - at `$.version`" is WRONG_TYPE of version."""
    reason = next((reason for start, reason in _REASONS_BY_ERROR if error.startswith(start)), Reason.WRONG_VALUE)
    names = _FIELD_OF_ERROR.findall(error)
    if reason is Reason.MISSING_FIELD:
        names += _MISSING_FIELD.findall(error)
    return reason, ".".join(names)


def _rejected(raw: bytes | msgspec.Raw, reason: Reason, field: str) -> Rejected:
    text = bytes(raw).decode(errors="replace")[:RAW_TEXT_LENGTH]
    try:
        fields = msgspec.json.decode(raw)
    except _UNREADABLE:
        fields = None
    keys = _readable_keys(fields) if isinstance(fields, dict) else {}
    return Rejected(reason, field, text.replace("\x00", "\ufffd"), **keys)


def _readable_keys(fields: dict) -> dict[str, Any]:
    limits = {"contract_id": 64, "provider_bin": 12, "month": 7}
    keys: dict[str, Any] = {}
    for name, limit in limits.items():
        value = fields.get(name)
        if isinstance(value, str) and 1 <= len(value) <= limit and "\x00" not in value:
            keys[name] = value
    version = fields.get("version")
    if type(version) is int and 1 <= version < 2**31:
        keys["version"] = version
    return keys
