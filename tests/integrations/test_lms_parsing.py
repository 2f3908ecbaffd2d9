"""One item of an LMS feed: what is taken, what is put aside and why."""

import copy
import datetime
import json

import msgspec
import pytest
from django.utils import translation

from integrations.lms.items import Contract, Reason, Rejected, Sheet, describe
from integrations.lms.parsing import RAW_TEXT_LENGTH, parse_contract, parse_sheet
from voucher_portal.dates import Month

OCTOBER = Month(2025, 10)
ALMATY_OFFSET = datetime.timezone(datetime.timedelta(hours=5))
CONTRACT = {
    "contract_id": "c-000017",
    "version": 2,
    "status": "ended",
    "provider_bin": "200940990006",
    "programme": "school",
    "level": "primary",
    "group": "2Б",
    "language": "kk",
    "special_needs": False,
    "child": {
        "iin": "181103699006",
        "last_name": "Сынақова",
        "first_name": "Әсем",
        "middle_name": None,
        "birth_date": "2018-11-03",
    },
    "guardian": {
        "iin": "850721499001",
        "last_name": "Сынақова",
        "first_name": "Гүлнәр",
        "middle_name": None,
        "phone": "+77010000000",
        "email": None,
        "language": "kk",
    },
    "parent_fee_kzt": "0.00",
    "signed_at": "2025-08-28T10:15:00+05:00",
    "starts_on": "2025-09-02",
    "ends_on": "2025-10-14",
    "end_reason": "transfer",
}
SHEET = {
    "contract_id": "c-000017",
    "month": "2025-10",
    "version": 1,
    "marks": "PPPHHPPPPPHHPS.................",
    "status": "approved",
    "approved_at": "2025-11-03T09:00:00+05:00",
    "guardian_confirmed_at": None,
    "source": "teacher",
}
MISSING = object()


def changed(item, path, value):
    item = copy.deepcopy(item)
    *parents, name = path.split(".")
    target = item
    for parent in parents:
        target = target[parent]
    if value is MISSING:
        del target[name]
    else:
        target[name] = value
    return json.dumps(item, ensure_ascii=False).encode()


def test_the_contract_of_the_agreement_is_read():
    contract = parse_contract(json.dumps(CONTRACT).encode())
    assert isinstance(contract, Contract)
    assert contract.child.first_name == "Әсем"
    assert contract.child.birth_date == datetime.date(2018, 11, 3)
    assert contract.signed_at == datetime.datetime(2025, 8, 28, 10, 15, tzinfo=ALMATY_OFFSET)
    assert (contract.ends_on, contract.end_reason) == (datetime.date(2025, 10, 14), "transfer")


def test_the_sheet_of_the_agreement_is_read():
    sheet = parse_sheet(json.dumps(SHEET).encode(), OCTOBER)
    assert isinstance(sheet, Sheet)
    assert (sheet.marks, sheet.guardian_confirmed_at) == (SHEET["marks"], None)
    assert sheet.approved_at == datetime.datetime(2025, 11, 3, 9, tzinfo=ALMATY_OFFSET)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ends_on", None),
        ("ends_on", "2025-09-02"),
        ("end_reason", None),
        ("parent_fee_kzt", None),
        ("parent_fee_kzt", "25000"),
        ("language", "ug"),
        ("group", ""),
        ("contract_id", "x" * 64),
        ("version", 2**31 - 1),
        ("provider_bin", "850721499001"),
        ("child.middle_name", "Асқарқызы"),
        ("child.birth_date", "2017-01-01"),
        ("unknown", {"deep": ["\u0000", 1]}),
        ("child.unknown", "x" * 100_000),
        ("signed_at", "2025-08-28T05:15Z"),
        ("signed_at", "20250828T101500+0500"),
        ("child.last_name", "А\\u0000"),
    ],
)
def test_what_the_agreement_allows_is_taken(path, value):
    assert isinstance(parse_contract(changed(CONTRACT, path, value)), Contract)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("contract_id", MISSING, Reason.MISSING_FIELD),
        ("child.birth_date", MISSING, Reason.MISSING_FIELD),
        ("ends_on", MISSING, Reason.MISSING_FIELD),
        ("version", "2", Reason.WRONG_TYPE),
        ("version", True, Reason.WRONG_TYPE),
        ("version", 2.5, Reason.WRONG_TYPE),
        ("version", 0, Reason.WRONG_VALUE),
        ("version", -1, Reason.WRONG_VALUE),
        ("version", 2**31, Reason.WRONG_VALUE),
        ("version", 10**30, Reason.WRONG_VALUE),
        ("child", None, Reason.WRONG_TYPE),
        ("child", [], Reason.WRONG_TYPE),
        ("status", "signing", Reason.WRONG_VALUE),
        ("status", None, Reason.WRONG_TYPE),
        ("end_reason", "moved", Reason.WRONG_VALUE),
        ("programme", "college", Reason.WRONG_VALUE),
        ("level", "higher", Reason.WRONG_VALUE),
        ("special_needs", "no", Reason.WRONG_TYPE),
        ("guardian.language", "en", Reason.WRONG_VALUE),
        ("contract_id", "", Reason.WRONG_VALUE),
        ("contract_id", "x" * 65, Reason.TOO_LARGE),
        ("group", "x" * 101, Reason.TOO_LARGE),
        ("child.last_name", "x" * 101, Reason.TOO_LARGE),
        ("child.last_name", "", Reason.WRONG_VALUE),
        ("guardian.first_name", "  ", Reason.WRONG_VALUE),
        ("child.first_name", "Ә\u0000", Reason.WRONG_VALUE),
        ("group", "\u0000", Reason.WRONG_VALUE),
        ("child.iin", "181103699007", Reason.WRONG_IIN),
        ("child.iin", "18110369900", Reason.WRONG_IIN),
        ("child.iin", "", Reason.WRONG_IIN),
        ("child.iin", 181103699006, Reason.WRONG_TYPE),
        ("guardian.iin", "000000000000", Reason.WRONG_IIN),
        ("provider_bin", "200940990007", Reason.WRONG_BIN),
        ("provider_bin", "", Reason.WRONG_BIN),
        ("parent_fee_kzt", "-1", Reason.WRONG_VALUE),
        ("parent_fee_kzt", "1.001", Reason.WRONG_VALUE),
        ("parent_fee_kzt", "NaN", Reason.WRONG_VALUE),
        ("parent_fee_kzt", "1\n", Reason.WRONG_VALUE),
        ("parent_fee_kzt", 0, Reason.WRONG_TYPE),
        ("signed_at", "2025-08-28T10:15:00", Reason.WRONG_VALUE),
        ("signed_at", "yesterday", Reason.WRONG_VALUE),
        ("signed_at", "2025-13-28T10:15:00+05:00", Reason.WRONG_VALUE),
        ("signed_at", "0001-01-01T00:00:00+05:00", Reason.WRONG_DATES),
        ("starts_on", "2025-02-30", Reason.WRONG_VALUE),
        ("starts_on", "02.09.2025", Reason.WRONG_VALUE),
        ("starts_on", "0001-01-01", Reason.WRONG_DATES),
        ("ends_on", "2025-09-01", Reason.WRONG_DATES),
        ("ends_on", "9999-12-31", Reason.WRONG_DATES),
        ("child.birth_date", "1018-11-03", Reason.WRONG_DATES),
    ],
)
def test_a_contract_that_breaks_the_agreement_is_put_aside(path, value, reason):
    rejected = parse_contract(changed(CONTRACT, path, value))
    assert isinstance(rejected, Rejected)
    assert rejected.reason == reason
    assert rejected.field.split(".")[0] == path.split(".")[0]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("marks", SHEET["marks"] + ".", Reason.WRONG_MARKS_LENGTH),
        ("marks", "", Reason.WRONG_MARKS_LENGTH),
        ("marks", "P" * 100_000, Reason.WRONG_MARKS_LENGTH),
        ("marks", "p" + SHEET["marks"][1:], Reason.WRONG_MARKS),
        ("marks", "Р" + SHEET["marks"][1:], Reason.WRONG_MARKS),
        ("marks", SHEET["marks"][1:] + "\n", Reason.WRONG_MARKS),
        ("marks", None, Reason.WRONG_TYPE),
        ("month", "2025-11", Reason.WRONG_MONTH),
        ("month", "10.2025", Reason.WRONG_MONTH),
        ("version", 0, Reason.WRONG_VALUE),
        ("status", "signed", Reason.WRONG_VALUE),
        ("source", "fax", Reason.WRONG_VALUE),
        ("source", MISSING, Reason.MISSING_FIELD),
        ("approved_at", "2025-11-03T09:00:00", Reason.WRONG_VALUE),
        ("guardian_confirmed_at", "0001-01-01T00:00:00+05:00", Reason.WRONG_DATES),
        ("contract_id", "c\u0000", Reason.WRONG_VALUE),
    ],
)
def test_a_sheet_that_breaks_the_agreement_is_put_aside(path, value, reason):
    rejected = parse_sheet(changed(SHEET, path, value), OCTOBER)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.field) == (reason, path)


@pytest.mark.parametrize("raw", [b'{"contract_id": "c-1"', b'"\\ud800"', b'"\xff"', b"", b"nonsense"])
def test_what_is_no_json_is_put_aside(raw):
    rejected = parse_contract(raw)
    assert (rejected.reason, rejected.contract_id) == (Reason.BAD_JSON, None)


@pytest.mark.parametrize("raw", [b"null", b"[]", b"7", b'"c-1"'])
def test_an_item_that_is_no_object_is_put_aside(raw):
    assert parse_contract(raw).reason == Reason.WRONG_TYPE
    assert parse_sheet(raw, OCTOBER).reason == Reason.WRONG_TYPE


def test_a_rejected_item_keeps_the_keys_that_could_be_read_and_its_text():
    raw = changed(CONTRACT, "child.iin", "181103699007")
    rejected = parse_contract(raw)
    assert (rejected.contract_id, rejected.version, rejected.provider_bin) == ("c-000017", 2, "200940990006")
    assert (rejected.field, rejected.raw_text) == ("child.iin", raw.decode())
    assert parse_sheet(changed(SHEET, "marks", "P"), OCTOBER).month == "2025-10"


def test_keys_that_could_not_be_kept_are_left_out():
    unreadable = {"contract_id": "x" * 65, "version": True, "provider_bin": 7, "month": "2025-10-01"}
    rejected = parse_contract(json.dumps(unreadable).encode())
    assert (rejected.contract_id, rejected.version, rejected.provider_bin, rejected.month) == (None,) * 4


def test_the_text_of_a_rejected_item_is_bounded_and_can_be_stored():
    rejected = parse_contract(b'{"x": "' + b"\xff\x00" * 100_000)
    assert len(rejected.raw_text) == RAW_TEXT_LENGTH
    assert "\x00" not in rejected.raw_text
    rejected.raw_text.encode()


def test_every_reason_has_a_message_and_names_its_field():
    for reason in Reason:
        assert str(describe(reason, "child.iin"))
    assert "child.iin" in str(describe("WRONG_IIN", "child.iin"))


def test_the_message_of_an_item_follows_the_language_of_the_moment():
    rejected = parse_contract(changed(CONTRACT, "child.iin", "1"))
    with translation.override("en"):
        assert (
            rejected.message
            == "The IIN in the field “child.iin” is wrong. Check its 12 digits in the school's system."
        )


def test_items_cut_from_a_page_are_read_like_bytes():
    item = msgspec.json.decode(b"[" + json.dumps(SHEET).encode() + b"]", type=list[msgspec.Raw])[0]
    assert isinstance(parse_sheet(item, OCTOBER), Sheet)


def test_an_offset_with_seconds_is_read_to_the_second():
    """And in a form that loses nothing when the row is written as JSON."""
    signed_at = parse_contract(changed(CONTRACT, "signed_at", "2025-08-28T10:15:00+05:00:30")).signed_at
    assert signed_at == datetime.datetime(2025, 8, 28, 5, 14, 30, tzinfo=datetime.UTC)
    assert msgspec.json.decode(msgspec.json.encode(signed_at), type=datetime.datetime) == signed_at
