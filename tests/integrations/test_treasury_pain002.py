import datetime
import uuid
from uuid import UUID

import pytest
from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.treasury import pain002
from integrations.treasury.messages import BlockStatus, Meaning, Reason, StatusItem, meaning_of
from integrations.treasury.pain002 import TransferKey
from tests.integrations.treasury_examples import MSG_ID, STATUS, golden, official_schema
from voucher_portal.dates import ALMATY

LOCAL = TransferKey(
    end_to_end_id="EV25-7K3M9Q1-03-MB",
    uetr=UUID("6f1d1c7e-3c0b-4d52-9a4e-2f0d5a7c1b90"),
    payment_info_id=f"{MSG_ID}-MB",
)
REPUBLICAN = TransferKey(
    end_to_end_id="EV25-7K3M9Q1-03-RB",
    uetr=UUID("0b9e6a54-7d21-4f3a-8c55-91d2e6f7a3c4"),
    payment_info_id=f"{MSG_ID}-RB",
)


def report(group="", blocks="", version="10"):
    """The bytes of a report with this group status and these blocks."""
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>
        <GrpHdr><MsgId>BANKSTS-1</MsgId><CreDtTm>2025-11-06T09:02:11+05:00</CreDtTm></GrpHdr>
        <OrgnlGrpInfAndSts><OrgnlMsgId>{MSG_ID}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}
        </OrgnlGrpInfAndSts>{blocks}</CstmrPmtStsRpt></Document>""".encode()


def block(key, status="", *transactions):
    status = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return f"""<OrgnlPmtInfAndSts><OrgnlPmtInfId>{key.payment_info_id}</OrgnlPmtInfId>{status}{"".join(transactions)}
        </OrgnlPmtInfAndSts>"""


def transaction(status="", end_to_end_id="", uetr="", instr_id="", reason=""):
    parts = (("OrgnlInstrId", instr_id), ("OrgnlEndToEndId", end_to_end_id), ("OrgnlUETR", uetr), ("TxSts", status))
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in parts if value)
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return f"<TxInfAndSts>{inner}{why}</TxInfAndSts>"


def verdicts(content):
    """The raw status by source, None where the report decides nothing."""
    found = pain002.resolve(pain002.parse(content), [LOCAL, REPUBLICAN]).verdicts
    return {
        key.end_to_end_id[-2:]: found[key.end_to_end_id].status if key.end_to_end_id in found else None
        for key in (LOCAL, REPUBLICAN)
    }


def test_example_b_of_the_contract_is_read_whole():
    found = pain002.parse(golden(STATUS))
    assert found.report_id == "BANKSTS-20251106-77"
    assert found.created_at == datetime.datetime(2025, 11, 6, 9, 2, 11, tzinfo=ALMATY)
    assert (found.original_msg_id, found.status, found.reasons) == (MSG_ID, "PART", ())
    assert found.blocks == (
        BlockStatus(payment_info_id=f"{MSG_ID}-MB", status="ACSC"),
        BlockStatus(payment_info_id=f"{MSG_ID}-RB", status="RJCT"),
    )
    assert found.items[0] == StatusItem(
        status="ACSC",
        payment_info_id=f"{MSG_ID}-MB",
        instr_id="EV25-7K3M9Q1-03-MB",
        end_to_end_id="EV25-7K3M9Q1-03-MB",
        uetr=None,
        servicer_ref="B20251106000001",
    )
    assert found.items[1].reasons == (Reason(code="AC01", text="Creditor account not found"),)


def test_example_b_settles_the_local_half_and_refuses_the_republican_one():
    resolution = pain002.resolve(pain002.parse(golden(STATUS)), [LOCAL, REPUBLICAN])
    local, republican = (resolution.verdicts[key.end_to_end_id] for key in (LOCAL, REPUBLICAN))
    assert (local.meaning, local.servicer_ref) == (Meaning.SETTLED, "B20251106000001")
    assert (republican.meaning, republican.reasons[0].code) == (Meaning.REFUSED, "AC01")
    assert resolution.strays == ()


@pytest.mark.parametrize("version", ["03", "12", "14"])
def test_example_b_reads_the_same_in_other_versions_of_the_message(version):
    other = golden(STATUS).replace(b"pain.002.001.10", f"pain.002.001.{version}".encode())
    assert pain002.parse(other) == pain002.parse(golden(STATUS))


def test_example_b_is_valid_in_version_12_of_the_official_schema():
    other = golden(STATUS).replace(b"pain.002.001.10", b"pain.002.001.12")
    official_schema("pain.002", "12").assertValid(etree.fromstring(other))


def test_a_report_without_namespace_or_with_a_prefix_reads_the_same():
    bare = golden(STATUS).replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"', b"")
    assert pain002.parse(bare) == pain002.parse(golden(STATUS))


def test_a_refused_file_with_no_transaction_listed_refuses_all():
    assert verdicts(report("RJCT")) == {"MB": "RJCT", "RB": "RJCT"}


def test_the_reason_of_a_refused_file_goes_to_every_transfer():
    content = report("RJCT").replace(
        b"</GrpSts>", b"</GrpSts><StsRsnInf><Rsn><Prtry>X1</Prtry></Rsn><AddtlInf>No</AddtlInf></StsRsnInf>"
    )
    found = pain002.resolve(pain002.parse(content), [LOCAL]).verdicts[LOCAL.end_to_end_id]
    assert found.reasons == (Reason(code="X1", text="No"),)


def test_a_refused_file_leaves_a_transaction_with_a_status_of_its_own():
    content = report("RJCT", block(LOCAL, "", transaction("ACSC", LOCAL.end_to_end_id)))
    assert verdicts(content) == {"MB": "ACSC", "RB": "RJCT"}


def test_a_refused_block_refuses_only_its_own_transfers():
    assert verdicts(report("PART", block(LOCAL, "RJCT"))) == {"MB": "RJCT", "RB": None}


def test_a_listed_transaction_without_status_takes_that_of_its_block():
    content = report("ACTC", block(LOCAL, "RJCT", transaction("", LOCAL.end_to_end_id, reason="AM04")))
    found = pain002.resolve(pain002.parse(content), [LOCAL]).verdicts[LOCAL.end_to_end_id]
    assert (found.status, found.reasons[0].code) == ("RJCT", "AM04")


def test_part_decides_nothing_at_any_level():
    assert verdicts(report("PART")) == {"MB": None, "RB": None}
    assert verdicts(report("RJCT", block(LOCAL, "PART"))) == {"MB": None, "RB": "RJCT"}


def test_no_status_at_all_decides_nothing():
    assert verdicts(report()) == {"MB": None, "RB": None}


def test_an_unknown_status_is_kept_raw_and_does_not_fall_back_on_the_level_above():
    content = report("RJCT", block(LOCAL, "ZZ99", transaction("", LOCAL.end_to_end_id)))
    found = pain002.resolve(pain002.parse(content), [LOCAL]).verdicts[LOCAL.end_to_end_id]
    assert (found.status, found.meaning) == ("ZZ99", Meaning.UNKNOWN)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("RCVD", Meaning.RECEIVED),
        ("ACTC", Meaning.ACCEPTED),
        ("ACCP", Meaning.ACCEPTED),
        ("ACSP", Meaning.IN_SETTLEMENT),
        ("ACSC", Meaning.SETTLED),
        ("PDNG", Meaning.PENDING),
        ("PART", Meaning.PARTIAL),
        ("RJCT", Meaning.REFUSED),
        ("ACWC", Meaning.UNKNOWN),
        ("rjct", Meaning.UNKNOWN),
        ("", Meaning.UNKNOWN),
    ],
)
def test_every_status_of_the_contract_has_its_meaning(status, meaning):
    assert meaning_of(status) is meaning


def test_a_transaction_is_found_by_uetr_where_the_bank_gives_no_end_to_end_id():
    content = report("", block(LOCAL, "", transaction("ACSC", "NOTPROVIDED", str(LOCAL.uetr).upper())))
    assert verdicts(content) == {"MB": "ACSC", "RB": None}


def test_a_transaction_is_found_by_instruction_at_last():
    content = report("", block(LOCAL, "", transaction("ACSC", "NOTPROVIDED", "", REPUBLICAN.end_to_end_id)))
    assert verdicts(content) == {"MB": None, "RB": "ACSC"}


@pytest.mark.parametrize(
    "stray",
    [
        transaction("RJCT", "A-2024-01-0001-MB"),
        transaction("RJCT", "NOTPROVIDED"),
        transaction("RJCT", LOCAL.end_to_end_id, str(REPUBLICAN.uetr)),
        transaction("RJCT", LOCAL.end_to_end_id, str(uuid.uuid4())),
    ],
)
def test_a_transaction_of_no_transfer_or_of_two_is_a_stray(stray):
    found = pain002.resolve(pain002.parse(report("", block(LOCAL, "", stray))), [LOCAL, REPUBLICAN])
    assert found.verdicts == {}
    assert [item.status for item in found.strays] == ["RJCT"]


def test_one_transfer_told_differently_under_two_names_is_believed_in_neither():
    told = transaction("ACSC", LOCAL.end_to_end_id), transaction("RJCT", "", str(LOCAL.uetr))
    found = pain002.resolve(pain002.parse(report("", block(LOCAL, "", *told))), [LOCAL])
    assert found.verdicts == {}
    assert {item.status for item in found.strays} == {"ACSC", "RJCT"}


def test_transactions_beside_the_blocks_are_read_too():
    assert verdicts(report("", transaction("RJCT", LOCAL.end_to_end_id))) == {"MB": "RJCT", "RB": None}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (report("RJCT").replace(b"<MsgId>BANKSTS-1</MsgId>", b""), "GrpHdr/MsgId is missing"),
        (report("RJCT").replace(b"BANKSTS-1", b"NOTPROVIDED"), "GrpHdr/MsgId is missing"),
        (report("RJCT").replace(b"OrgnlMsgId", b"Other"), "OrgnlMsgId is missing"),
        (report("RJCT").replace(b"OrgnlGrpInfAndSts", b"Other"), "OrgnlGrpInfAndSts is missing"),
        (report("RJCT").replace(b"2025-11-06T", b"2025-13-06T"), "GrpHdr/CreDtTm"),
        (report("RJCT").replace(b"2025-11-06T", b"yesterday"), "GrpHdr/CreDtTm"),
        (report("RJCT " * 3), "GrpSts is not a code"),
        (report("", block(LOCAL, "", transaction("ACSC", "A" * 36))), "OrgnlEndToEndId"),
        (report("", block(LOCAL, "", transaction("ACSC", "A\nB"))), "OrgnlEndToEndId"),
        (report("", block(LOCAL, "", transaction("ACSC", "A", "not-a-uuid"))), "OrgnlUETR"),
        (report("", block(LOCAL, "ACSC") + block(LOCAL, "RJCT")), "two statuses"),
        (report("", block(LOCAL, "", transaction("ACSC", "A"), transaction("RJCT", "A"))), "two statuses"),
        (report().replace(b"CstmrPmtStsRpt", b"CstmrCdtTrfInitn"), "not a CstmrPmtStsRpt"),
        (report().replace(b"Document", b"Envelope"), "not a CstmrPmtStsRpt"),
    ],
)
def test_a_report_that_breaks_the_rules_is_a_bad_message(content, reason):
    with pytest.raises(BadMessage, match=reason):
        pain002.parse(content)


def test_a_moment_without_offset_is_in_almaty():
    found = pain002.parse(report("ACTC").replace(b"09:02:11+05:00", b"09:02:11.1234567"))
    assert found.created_at == datetime.datetime(2025, 11, 6, 9, 2, 11, 123456, tzinfo=ALMATY)


def test_the_contents_of_a_foreign_namespace_are_not_read():
    foreign = '<x:TxInfAndSts xmlns:x="urn:other"><x:TxSts>RJCT</x:TxSts></x:TxInfAndSts>'
    assert pain002.parse(report("ACTC", block(LOCAL, "ACTC", foreign))).items == ()
