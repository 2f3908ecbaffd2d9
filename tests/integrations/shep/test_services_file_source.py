"""An operator's file is asked like the gateway, and says no more than it knows."""

import contextlib
import datetime
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.safe_xml import MAX_BYTES, BadMessage
from integrations.shep.file_source import FileSource, open_file
from integrations.shep.reading import Coded
from integrations.shep.registers import Outcome
from integrations.shep.services import elic, gbdul, kgd, permits
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.services_examples import BIN
from tests.patience import no_hang

OTHER_BIN = "250140990016"
MADE = "2025-11-05T06:00:00+05:00"
FAR = "2099-01-01"
LICENCE = {"number": "KZ00TEST0001", "status": {"code": "1"}, "address": [{"arCode": "7"}, {"arCode": "8"}]}


@pytest.fixture
def write(tmp_path):
    """Writes a file and opens it."""

    def written(content, name="export.json") -> FileSource:
        path = tmp_path / name
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return open_file(path)

    return written


def export(**changes):
    head = {"register": "ELIC", "actualAt": MADE, "validUntil": FAR, "isComplete": True}
    return head | {"records": [{"key": BIN, "record": LICENCE}]} | changes


def test_a_json_export_answers_with_the_records_of_the_register(write):
    answer = elic.licences(write(export()), BIN)
    (licence,) = answer.records
    assert (answer.outcome, answer.register) == (Outcome.FOUND, "ELIC")
    assert (licence.number, licence.status, licence.valid_to) == ("KZ00TEST0001", Coded("1"), None)
    assert [each.ar_code for each in licence.addresses] == ["7", "8"]
    assert answer.actual_at.isoformat() == MADE
    assert answer.valid_until.isoformat() == "2099-01-01T00:00:00+05:00"
    assert len(answer.raw_sha256) == 64


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_csv_export_answers_too(write, separator, quote):
    lines = [
        quote + separator.join(["#register=ELIC", f"actualAt={MADE}", f"validUntil={FAR}", "isComplete=true"]) + quote,
        separator.join(["key", "number", "status.code", "status.nameRu", "validityEndDate"]),
        separator.join([BIN, "KZ1", "1", '"Действует, пока"', ""]),
        "",
        separator.join([BIN, "KZ2", "2"]),
    ]
    answer = elic.licences(write("\ufeff" + "\r\n".join(lines), "export.csv"), BIN)
    assert [each.number for each in answer.records] == ["KZ1", "KZ2"]
    assert answer.records[0].status == Coded("1", "Действует, пока")
    assert answer.records[0].valid_to is None


def test_numbers_stay_as_they_are_written(write):
    debts = {"register": "KGD", "records": [{"key": BIN, "record": {}}]}
    text = json.dumps(export(**debts)).replace('"record": {}', '"record": {"totalArrear": -12500.10}')
    assert str(kgd.tax_debts(write(text), BIN).records[0].total_kzt) == "-12500.10"


def test_a_register_with_a_form_of_its_own_is_read_by_its_own_fields(write):
    record = {"BIN": BIN, "OrganizationLeader": {"IIN": "850630399010"}, "Activity": [{"Main": True, "OKED": "85100"}]}
    source = write(export(register="GBDUL", records=[{"key": BIN, "record": record}]))
    (organisation,) = gbdul.organisations(source, BIN).records
    assert organisation.head.iin == "850630399010"
    assert organisation.activities == (gbdul.Activity("85100", True),)


def test_a_key_with_an_address_is_another_key(write):
    records = [{"key": f"{BIN},0000000000000007", "record": {"actNumber": "1"}}]
    source = write(export(register="FIRE", records=records))
    assert permits.fire_inspections(source, BIN, "0000000000000007").outcome is Outcome.FOUND
    assert permits.fire_inspections(source, BIN).outcome is Outcome.NOT_FOUND


@pytest.mark.parametrize(("is_complete", "outcome"), [(True, "NOT_FOUND"), (False, "NO_DATA"), (None, "NO_DATA")])
def test_only_a_complete_file_says_that_there_is_none(write, is_complete, outcome):
    answer = elic.licences(write(export(isComplete=is_complete)), OTHER_BIN)
    assert (answer.outcome, answer.records) == (Outcome(outcome), ())


@pytest.mark.parametrize("bin", [BIN, OTHER_BIN])
def test_a_file_that_has_run_out_is_stale(write, bin):
    assert elic.licences(write(export(validUntil="2025-11-06")), bin).outcome is Outcome.STALE


def test_without_a_term_the_registers_own_counts(write, freeze):
    made = datetime.datetime.fromisoformat(MADE)
    answer = elic.licences(write(export(validUntil=None)), BIN)
    assert answer.outcome is Outcome.STALE
    assert answer.valid_until == made + REGISTERS["ELIC"].keep
    freeze(2025, 11, 5, 7)
    assert elic.licences(write(export(validUntil=None)), BIN).outcome is Outcome.FOUND


def test_a_file_of_another_register_says_nothing(write):
    answer = kgd.tax_debts(write(export()), BIN)
    assert (answer.outcome, answer.reason) == (Outcome.ERROR, "the file is of ELIC")


@pytest.mark.parametrize(
    "record",
    [
        {"issueDate": "yesterday"},
        {"issueDate": ["2024-07-01", "2024-07-02"]},
        {"status": [["1"]]},
        {"no name": "1"},
        {"number": "\u0000"},
        {"number": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": "1"}}}}}}}}}},
        {"iinBin": 1},
    ],
)
def test_a_broken_record_is_an_error_of_its_key_only(write, record):
    source = write(export(records=[{"key": BIN, "record": record}, {"key": OTHER_BIN, "record": LICENCE}]))
    answer = elic.licences(source, BIN)
    assert (answer.outcome, answer.records) == (Outcome.ERROR, ())
    assert answer.reason
    assert elic.licences(source, OTHER_BIN).outcome is Outcome.FOUND


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ("[]", "records is not a list"),
        ("{}", "records is not a list"),
        (b"\xff\xfe", "not UTF-8"),
        ("[" * 100_000, "not JSON"),
        ('{"a": ' * 50_000, "not JSON"),
        ('{"records": [], "x": NaN}', "not JSON"),
        (export(register="ELSE"), "register"),
        (export(register=None), "register"),
        (export(actualAt=None), "actualAt is missing"),
        (export(actualAt="5 November"), "actualAt"),
        (export(isComplete="perhaps"), "isComplete"),
        (export(records=[1]), "record 1 "),
        (export(records=[{"key": BIN, "record": []}]), "record 1 "),
        (export(records=[{"key": None, "record": {}}]), "record 1 "),
        ("{" + '"records":[' + "0," * 100_000 + "0]}", "more than 100000 records"),
    ],
)
def test_what_is_no_export_is_refused(write, content, reason):
    with pytest.raises(BadMessage, match=reason):
        write(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the second line"),
        ("#register=ELIC", "the second line"),
        ("#register=ELIC\nnumber;key\n", "the second line"),
        ("#register=ELIC\nkey;" + "a;" * 100, "the second line"),
        ("#register=ELIC\nkey;" + "a." * 10_000, "the second line"),
        ("#register=ELIC\nkey;a\n1;2;3", "line 3 has more values"),
        ("#register=ELIC\nkey;a;a.b\n1;2;3", "both a value and a group"),
        ("#register=ELIC\nkey;a.b;a\n1;2;3", "both a value and a group"),
        ("#register=ELIC\nkey;a.b;c;a.b\n1;2;3;4", "stands twice"),
        ("#register=ELIC\nkey;" + "a." * 4_000 + "a\n1;2", "too deep"),
        ('#register=ELIC\nkey;a\n1;"' + "x" * 200_000, "not CSV"),
        ("#register=ELIC\nkey;a\n" + "1;2\n" * 100_001, "more than 100000 records"),
        ("register\nkey;a\n1;2\n", "register is not"),
    ],
)
def test_what_is_no_csv_export_is_refused(write, content, reason):
    with pytest.raises(BadMessage, match=reason):
        write(content, "export.csv")


def test_a_file_without_end_is_refused_before_it_is_read(write):
    with pytest.raises(BadMessage, match="larger than"):
        write(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{"records":[' + b"[]," * 1_700_000 + b"0]}"),
        ("a.csv", b"#register=ELIC\nkey;a\n" + b"\n" * 5_000_000),
        ("a.csv", b"#register=ELIC\nkey;" + b"a;" * 2_500_000),
    ],
)
def test_a_file_of_nothing_costs_little(write, name, content):
    with no_hang(), pytest.raises(BadMessage):
        write(content, name)


GROUPS = f"#register=ELIC;actualAt={MADE};validUntil={FAR}\nkey;" + ";".join(f"a{n}.x" for n in range(100)) + "\n"


@pytest.mark.parametrize("row", [";" * 100 + "\n", f"{BIN};" + "1;" * 99 + "1\n", "1;" * 50 + "1\n"])
def test_a_table_of_groups_takes_up_no_more_than_some_of_its_size(write, row):  # file_source:Row
    text = GROUPS + row * ((MAX_BYTES - len(GROUPS)) // len(row))
    tracemalloc.start()
    try:
        with contextlib.suppress(BadMessage):
            elic.licences(write(text, "export.csv"), BIN)
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([{"key": BIN, "record": {"a": [0] * 200_000}}], "more than 200000 fields"),
        ([{"key": BIN, "record": {"a": [0] * 20_000}}] * 11, "more than 200000 fields"),
        ([{"key": BIN, "record": {}}] * 10_001, "more than 10000 records"),
    ],
)
def test_more_than_a_register_ever_says_of_one_key_is_an_error(write, records, reason):
    answer = elic.licences(write(export(records=records)), BIN)
    assert (answer.outcome, answer.records) == (Outcome.ERROR, ())
    assert reason in answer.reason


def test_columns_without_a_name_and_lines_without_a_value_are_passed_over(write):
    lines = [f"#register=ELIC;actualAt={MADE};validUntil={FAR}", "key;number;;", ";;;", f"{BIN};KZ1;;", ";;"]
    assert [each.number for each in elic.licences(write("\n".join(lines), "export.csv"), BIN).records] == ["KZ1"]


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["register", "actualAt", "records", "key", "record", "number", "status", "address"]


@given(changes=st.dictionaries(st.sampled_from(NAMES), VALUE), record=VALUE)
def test_any_json_is_opened_or_refused(tmp_path_factory, changes, record):
    path = tmp_path_factory.mktemp("any") / "export.json"
    content = export(records=[{"key": BIN, "record": record}]) | changes
    path.write_text(json.dumps(content), encoding="utf-8", errors="replace")
    assert_opened_or_refused(path)


@given(lines=st.lists(st.text('ab.;,"=#\n\r\u0000ә', max_size=12), max_size=5))
def test_any_csv_is_opened_or_refused(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("any") / "export.csv"
    path.write_text(f"#register=ELIC;actualAt={MADE}\nkey;a\n{BIN};" + "\n".join(lines), encoding="utf-8")
    assert_opened_or_refused(path)


def assert_opened_or_refused(path):
    with contextlib.suppress(BadMessage):
        assert elic.licences(open_file(path), BIN).outcome in Outcome
