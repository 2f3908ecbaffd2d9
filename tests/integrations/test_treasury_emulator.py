import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pytest
import requests
from lxml import etree
from pyiso20022.camt.camt_054_001_08 import Document as StrictNotification
from pyiso20022.pain.pain_001_001_09 import Document as StrictOrder
from pyiso20022.pain.pain_002_001_10 import Document as StrictStatus
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from integrations.emulators import treasury as emulator_module
from integrations.emulators.script import ScriptError
from integrations.emulators.treasury import TreasuryEmulator
from integrations.emulators.treasury_orders import Invalid, read_message
from integrations.emulators.treasury_script import Script
from integrations.treasury import camt054, pain001, pain002
from integrations.treasury.client import MessageRefused, OutcomeUnknown, TreasuryClient
from integrations.treasury.messages import FundingSource, Meaning
from tests.integrations.treasury_examples import (
    BOOKING,
    CREDITOR_IBAN,
    MSG_ID,
    ORDER,
    OTHER_CREDITOR_IBAN,
    STATUS,
    block,
    golden,
    keys_of,
    large_file,
    official_schema,
    payment_file,
    transfer,
)

TOKEN = "test-token"
LOCAL, REPUBLICAN = FundingSource.LOCAL, FundingSource.REPUBLICAN
STRICT = XmlParser(config=ParserConfig(fail_on_unknown_properties=True, fail_on_converter_warnings=True))
GOOD = golden(ORDER)


@pytest.fixture
def treasury(tmp_path):
    with TreasuryEmulator(tmp_path / "book.sqlite3", TOKEN) as emulator:
        yield emulator


@pytest.fixture
def client(treasury):
    with TreasuryClient(treasury.url, TOKEN) as connected:
        yield connected


def order(treasury, **script):
    treasury.control(script)


def pay(client, file=None):
    file = file or payment_file()
    client.submit(file.msg_id, pain001.write(file))
    return file


def poll(client, cursor=None):
    """Everything the feed has now: the raw reports and the last cursor."""
    reports = []
    while True:
        page = client.reports(cursor)
        reports += page.items
        cursor = page.next_cursor
        if not page.has_more:
            return reports, cursor


def notifications(reports):
    return [camt054.parse(report.xml) for report in reports if report.kind == "camt.054"]


def statuses(reports):
    return [pain002.parse(report.xml) for report in reports if report.kind == "pain.002"]


def booked(reports):
    return [entry for notification in notifications(reports) for entry in notification.booked]


def book(treasury):
    return requests.get(f"{treasury.url}/book", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5).json()


def states(treasury):
    return {row["end_to_end_id"]: row["state"] for row in book(treasury)["transfers"]}


# ---- what it takes -------------------------------------------------------------------------------------------------


def test_example_a_of_the_contract_is_taken(client):
    assert not client.submit(MSG_ID, GOOD).duplicate


def test_the_profile_is_narrower_than_the_official_schema():
    schema = official_schema("pain.001", "09")
    for content in (GOOD, pain001.write(large_file(4))):
        read_message(content)
        schema.assertValid(etree.fromstring(content))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>3</NbOfTxs>", "count"),
        ("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>2</NbOfTxs>", "count"),
        ("<CtrlSum>55659.00", "<CtrlSum>55659.01", "control_sum"),
        ("<CtrlSum>4991.00", "<CtrlSum>4991.10", "control_sum"),
        ("KZ60999KZT0000000001", "KZ61999KZT0000000001", "iban"),
        ("<IBAN>KZ42998ABCDEFGHIJKLM", "<IBAN>KZ43998ABCDEFGHIJKLM", "iban"),
        ("240640990012", "240640990013", "party_number"),
        ("DEMOKZK0", "DEMORUK0", "schema"),
        ("-4d52-", "-5d52-", "schema"),
        ("6f1d1c7e", "6F1D1C7E", "schema"),
        ('Ccy="KZT"', 'Ccy="USD"', "schema"),
        ("50668.00", "50668.0", "schema"),
        ("50668.00", "0.00", "schema"),
        ("<PmtMtd>TRF", "<PmtMtd>CHK", "schema"),
        ("<Dt>2025-11-06", "<Dt>2025-11-31", "schema"),
        ("<Purp><Prtry>KNP000", "<Purp><Prtry>859A", "schema"),
        ("<Tp>KOD", "<Tp>KBE", "regulatory_codes"),
        ("<InstrId>EV25-7K3M9Q1-03-MB", "<InstrId>EV25-7K3M9Q1-04-MB", "instr_id"),
        ("-000123-MB</PmtInfId>", "-000124-MB</PmtInfId>", "payment_info_id"),
        ("<Prtry>RB</Prtry>", "<Prtry>MB</Prtry>", "payment_info_id"),
        ("0b9e6a54-7d21-4f3a-8c55-91d2e6f7a3c4", "6f1d1c7e-3c0b-4d52-9a4e-2f0d5a7c1b90", "duplicate_uetr"),
        ("EV25-7K3M9Q1-03-RB", "EV25-7K3M9Q1-03-MB", "duplicate_end_to_end_id"),
        ("EVP-20251105-000123", "EVP-20251105-000124", "idempotency_key"),
        ("pain.001.001.09", "pain.001.001.03", "schema"),
        ("<ChrgBr>DEBT</ChrgBr>", "", "schema"),
        ("<Ustrd>Voucher", "<Ustrd>" + "x" * 140, "schema"),
        ("</Document>", "", "xml"),
    ],
)
def test_a_file_against_the_profile_is_refused_with_its_code_and_leaves_no_trace(treasury, client, old, new, code):
    assert old.encode() in GOOD
    with pytest.raises(MessageRefused) as refused:
        client.submit(MSG_ID, GOOD.replace(old.encode(), new.encode()))
    assert refused.value.code == code
    assert client.ask(MSG_ID) is None
    assert book(treasury)["transfers"] == []


def test_elements_out_of_order_are_refused():
    with pytest.raises(Invalid, match="schema"):
        read_message(
            GOOD.replace(
                b"<PmtMtd>TRF</PmtMtd>\n      <BtchBookg>false</BtchBookg>",
                b"<BtchBookg>false</BtchBookg><PmtMtd>TRF</PmtMtd>",
            )
        )


@pytest.mark.parametrize("repeated", ["end_to_end_id", "uetr"])
def test_a_transfer_of_an_earlier_message_is_refused(treasury, client, repeated):
    first = transfer("A-1-MB")
    pay(client, payment_file(block(LOCAL, first)))
    second = dataclasses.replace(transfer("A-2-MB"), **{repeated: getattr(first, repeated)})
    with pytest.raises(MessageRefused) as refused:
        pay(client, payment_file(block(LOCAL, second), msg_id="EVP-20251106-000001"))
    assert refused.value.code == f"duplicate_{repeated}"
    assert list(states(treasury)) == ["A-1-MB"]


def raw_post(url, content, **headers):
    given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/xml", "Idempotency-Key": MSG_ID}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(f"{url}/messages", content, headers=given, timeout=5)


def test_headers_of_a_message_are_checked(treasury):
    assert raw_post(treasury.url, GOOD, Content_Type="text/plain").json()["error"]["code"] == "content_type"
    assert raw_post(treasury.url, GOOD, Idempotency_Key="other").json()["error"]["code"] == "idempotency_key"
    assert raw_post(treasury.url, GOOD, Authorization="Bearer other").status_code == 401
    assert raw_post(treasury.url, GOOD, Authorization="").status_code == 401
    assert raw_post(treasury.url, GOOD).status_code == 202


def test_a_message_above_five_mebibytes_is_refused_unread(treasury):
    answer = raw_post(treasury.url, b"x" * (5 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert raw_post(treasury.url, GOOD).status_code == 202


@pytest.mark.parametrize("path", ["/", "/nothing", "/reports?limit=0", "/reports?limit=x", "/reports?cursor=-1"])
def test_a_wrong_question_has_an_error_in_its_answer(treasury, path):
    answer = requests.get(treasury.url + path, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5)
    assert answer.status_code in (400, 404)
    assert set(answer.json()["error"]) == {"code", "message"}


def test_the_health_question_needs_no_token(treasury):
    assert requests.get(f"{treasury.url}/health", timeout=5).json() == {"status": "ok"}


def test_the_same_file_sent_by_many_at_once_is_taken_once(treasury):
    content, answers = pain001.write(large_file(100)), []
    threads = [
        threading.Thread(target=lambda: answers.append(raw_post(treasury.url, content).json())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 7
    assert len(states(treasury)) == 100


def test_a_file_is_paid_once_however_many_ask_for_reports_at_once(treasury, client):
    pay(client, large_file(200))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    threads = [
        threading.Thread(
            target=requests.get, args=(f"{treasury.url}/reports",), kwargs={"headers": headers, "timeout": 9}
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book(treasury)["entries"]) == 200
    assert len(poll(client)[0]) == 3


def test_two_thousand_transfers_are_taken_in_a_second_of_processor_time(client):
    content = pain001.write(large_file(2_000))
    started = time.process_time()  # of both sides; not the clock's time, which others on this machine use too
    client.submit(MSG_ID, content)
    assert time.process_time() - started < 1


# ---- what it does --------------------------------------------------------------------------------------------------


def test_a_file_is_accepted_settled_and_booked(treasury, client):
    file = pay(client)
    reports, _ = poll(client)
    accepted, final = statuses(reports)
    assert (accepted.status, accepted.original_msg_id) == ("ACTC", MSG_ID)
    verdicts = pain002.resolve(final, keys_of(file)).verdicts
    assert {verdict.meaning for verdict in verdicts.values()} == {Meaning.SETTLED}
    entries = {entry.end_to_end_id: entry for entry in booked(reports)}
    for part in file.blocks:
        for one in part.transfers:
            entry = entries[one.end_to_end_id]
            assert entry.servicer_ref == verdicts[one.end_to_end_id].servicer_ref
            expected = {"debtor_iban": part.account.iban, "creditor_iban": one.account.iban}
            assert camt054.differences(entry, amount_kzt=one.amount_kzt, **expected) == ()
    assert set(states(treasury).values()) == {"booked"}


def test_the_book_adds_up(treasury, client):
    pay(client, payment_file(block(LOCAL, transfer("A-MB", "100.10"), transfer("B-MB", "0.05"))))
    poll(client)
    content = book(treasury)
    account = content["accounts"][0]
    assert account["opening_tiyn"] - account["balance_tiyn"] == 10_015
    assert content["totals_kzt"] == [{"source": "MB", "state": "booked", "amount": "100.15"}]
    assert content["creditors"] == [{"iban": CREDITOR_IBAN, "received_tiyn": 10_015}]
    assert [entry["amount_tiyn"] for entry in content["entries"]] == [10_010, 5]


def test_reports_are_what_the_standard_says(treasury, client):
    refused = transfer("B-MB", account=dataclasses.replace(transfer().account, iban=OTHER_CREDITOR_IBAN))
    order(treasury, refuse={OTHER_CREDITOR_IBAN: "AC01"}, send_back={"A-MB": "AC04"})
    pay(client, payment_file(block(LOCAL, transfer("A-MB"), refused), block(REPUBLICAN, transfer("A-RB"))))
    reports, cursor = poll(client)
    reports += poll(client, cursor)[0]
    schema = official_schema("pain.002", "12")
    for report in reports:
        STRICT.from_bytes(report.xml, StrictStatus if report.kind == "pain.002" else StrictNotification)
        if report.kind == "pain.002":
            schema.assertValid(etree.fromstring(report.xml.replace(b"pain.002.001.10", b"pain.002.001.12")))
    assert [report.kind for report in reports] == ["pain.002", "pain.002", "camt.054", "camt.054"]


@pytest.mark.parametrize(
    ("name", "document"), [(ORDER, StrictOrder), (STATUS, StrictStatus), (BOOKING, StrictNotification)]
)
def test_the_contract_s_examples_are_what_the_standard_says(name, document):
    STRICT.from_bytes(golden(name), document)


def test_a_transfer_to_a_named_account_is_refused_and_the_rest_is_paid(treasury, client):
    order(treasury, refuse={OTHER_CREDITOR_IBAN: "AC01"})
    refused = transfer("B-MB", account=dataclasses.replace(transfer().account, iban=OTHER_CREDITOR_IBAN))
    file = pay(client, payment_file(block(LOCAL, transfer("A-MB"), refused)))
    reports, _ = poll(client)
    verdicts = pain002.resolve(statuses(reports)[-1], keys_of(file)).verdicts
    assert verdicts["B-MB"].reasons[0].code == "AC01"
    assert [entry.end_to_end_id for entry in booked(reports)] == ["A-MB"]
    assert states(treasury) == {"A-MB": "booked", "B-MB": "refused"}


def test_a_refused_transfer_may_be_tried_again_under_a_new_name(treasury, client):
    order(treasury, refuse={"A-MB": "AC01"})
    pay(client, payment_file(block(LOCAL, transfer("A-MB"))))
    _, cursor = poll(client)
    pay(client, payment_file(block(LOCAL, transfer("A-MB-R2")), msg_id="EVP-20251106-000001"))
    reports, _ = poll(client, cursor)
    assert [entry.end_to_end_id for entry in booked(reports)] == ["A-MB-R2"]


def test_a_whole_file_is_refused_with_no_transaction_listed(treasury, client):
    order(treasury, refuse_files=["FF01"])
    file = pay(client)
    reports, cursor = poll(client)
    (status,) = statuses(reports)
    assert (status.status, status.items, status.reasons[0].code) == ("RJCT", (), "FF01")
    assert {one.meaning for one in pain002.resolve(status, keys_of(file)).verdicts.values()} == {Meaning.REFUSED}
    assert book(treasury)["entries"] == []
    pay(client, payment_file(block(LOCAL, transfer("A-MB-R2")), msg_id="EVP-20251106-000001"))
    assert booked(poll(client, cursor)[0])  # only the one file


def test_an_account_without_money_refuses(tmp_path):
    with (
        TreasuryEmulator(tmp_path / "b", TOKEN, opening_balance_tiyn=15_000) as poor,
        TreasuryClient(poor.url, TOKEN) as client,
    ):
        pay(client, payment_file(block(LOCAL, transfer("A-MB", "100.00"), transfer("B-MB", "100.00"))))
        reports, _ = poll(client)
        assert [item.reasons[0].code for item in statuses(reports)[-1].items if item.reasons] == ["AM04"]
        assert book(poor)["accounts"][0]["balance_tiyn"] == 5_000


def test_money_comes_back_after_the_booking_once(treasury, client):
    order(treasury, send_back={CREDITOR_IBAN: "AC04"}, send_back_after_polls=2)
    pay(client, payment_file(block(LOCAL, transfer("A-MB", "7.00"))))
    first, cursor = poll(client)
    assert [entry.is_return for entry in booked(first)] == [False]
    nothing, cursor = poll(client, cursor)
    assert nothing == []
    later, cursor = poll(client, cursor)
    (entry,) = booked(later)
    assert (entry.is_return, entry.reason.code, entry.amount) == (True, "AC04", Decimal("7.00"))
    account = book(treasury)["accounts"][0]
    assert account["balance_tiyn"] == account["opening_tiyn"]
    assert states(treasury) == {"A-MB": "returned"}
    assert poll(client, cursor)[0] == []


def test_reports_wait_for_so_many_polls(treasury, client):
    order(treasury, delay_polls=2)
    pay(client)
    assert [len(poll(client)[0]) for _poll in range(3)] == [0, 0, 3]


def test_reports_wait_for_so_many_seconds(treasury, client):
    order(treasury, delay_seconds=0.4)
    pay(client)
    assert poll(client)[0] == []
    time.sleep(0.5)
    assert len(poll(client)[0]) == 3


def test_everything_may_be_told_twice_and_moves_the_money_once(treasury, client):
    order(treasury, repeat_reports=True)
    pay(client, payment_file(block(LOCAL, transfer("A-MB", "7.00"))))
    reports, _ = poll(client)
    ids = [report.report_id for report in reports]
    assert all(ids.count(report_id) == 2 for report_id in ids)
    entries = booked(reports)
    assert len(entries) == 4
    assert len({entry.notification_id for entry in entries}) == 2
    assert len({entry.key for entry in entries}) == 1
    assert book(treasury)["totals_kzt"] == [{"source": "MB", "state": "booked", "amount": "7.00"}]


def test_out_of_order_the_booking_comes_first_and_the_oldest_status_last(treasury, client):
    order(treasury, out_of_order=True)
    pay(client)
    reports, _ = poll(client)
    assert [report.kind for report in reports] == ["camt.054", "pain.002", "pain.002"]
    newer, older = statuses(reports)
    assert (newer.status, older.status) == ("PART", "ACTC")
    assert newer.created_at > older.created_at


def test_a_wrong_amount_is_told_while_the_book_is_right(treasury, client):
    order(treasury, wrong_amounts={CREDITOR_IBAN: "-0.01"})
    pay(client, payment_file(block(LOCAL, transfer("A-MB", "7.00"))))
    reports, _ = poll(client)
    assert [entry.amount for entry in booked(reports)] == [Decimal("6.99")]
    assert book(treasury)["totals_kzt"][0]["amount"] == "7.00"


def test_a_large_file_is_told_in_reports_that_can_be_read(client):
    pay(client, large_file(2_400))
    reports, _ = poll(client)
    assert len(reports) == 1 + 3 + 3
    assert len(booked(reports)) == 2_400


# ---- what it remembers ---------------------------------------------------------------------------------------------


def test_the_book_survives_a_restart(tmp_path):
    content = pain001.write(payment_file())
    with TreasuryEmulator(tmp_path / "b", TOKEN) as before, TreasuryClient(before.url, TOKEN) as client:
        order(before, submit_faults=["drop_after", "429"], repeat_reports=True)
        with pytest.raises(OutcomeUnknown):
            client.submit(MSG_ID, content)
    with TreasuryEmulator(tmp_path / "b", TOKEN) as after, TreasuryClient(after.url, TOKEN) as client:
        assert client.ask(MSG_ID) == "received"
        assert after.book.script.submit_faults == ("429",)
        order(after, submit_faults=[])
        assert client.submit(MSG_ID, content).duplicate
        reports, cursor = poll(client)
        told = [report.report_id for report in reports]
    with TreasuryEmulator(tmp_path / "b", TOKEN) as third, TreasuryClient(third.url, TOKEN) as client:
        assert [report.report_id for report in poll(client)[0]] == told
        assert poll(client, cursor)[0] == []
        assert set(states(third).values()) == {"booked"}


def started(book_path, *arguments, token=TOKEN):
    environment = os.environ | {"TREASURY_TEST_TOKEN": token}
    command = [
        sys.executable,
        "-m",
        emulator_module.__name__,
        "--token-env",
        "TREASURY_TEST_TOKEN",
        "--book",
        str(book_path),
    ]
    return subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_as_a_process_it_survives_being_killed_and_ends_when_asked(tmp_path):
    content = pain001.write(payment_file())
    script = tmp_path / "script.yaml"
    script.write_text("submit_faults: [drop_after]\n")
    with started(tmp_path / "new" / "b", "--script", str(script)) as process:
        with TreasuryClient(process.stdout.readline().strip(), TOKEN) as client, pytest.raises(OutcomeUnknown):
            client.submit(MSG_ID, content)
        process.send_signal(signal.SIGKILL)
    with started(tmp_path / "new" / "b") as process:
        with TreasuryClient(process.stdout.readline().strip(), TOKEN) as client:
            assert client.ask(MSG_ID) == "received"
            assert len(poll(client)[0]) == 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_it_does_not_start_without_token_with_a_wrong_script_or_on_a_taken_port(tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"refuze": {}}))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments, token, told in (
            ([], "", "TREASURY_TEST_TOKEN"),
            (["--script", str(wrong)], TOKEN, "refuze"),
            (["--port", port], TOKEN, "in use"),
        ):
            with started(tmp_path / "b", *arguments, token=token) as process:
                assert process.wait(20) == 2
                assert re.search(told, process.stderr.read())


# ---- how it is told what to do -------------------------------------------------------------------------------------


def test_the_script_is_changed_over_http(treasury):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    changed = requests.post(f"{treasury.url}/control", json={"delay_polls": 3}, headers=headers, timeout=5)
    assert changed.json()["delay_polls"] == 3
    assert requests.get(f"{treasury.url}/control", headers=headers, timeout=5).json() == changed.json()
    assert requests.post(f"{treasury.url}/control", json={}, timeout=5).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": 1},
        {"submit_faults": ["explode"]},
        {"submit_faults": ["200"]},
        {"delay_polls": -1},
        {"refuse": {"KZ": ""}},
        {"refuse": {"KZ": "TOO LONG"}},
        {"wrong_amounts": {"KZ": "1"}},
        [],
        None,
    ],
)
def test_a_wrong_script_is_refused_and_changes_nothing(treasury, changes):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.post(f"{treasury.url}/control", json.dumps(changes), headers=headers, timeout=5)
    assert answer.status_code == 400
    assert treasury.book.script == Script()


def test_a_script_file_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("a: [")
    with pytest.raises(ScriptError):
        Script.load(path)
