"""What the emulated treasury tells: pain.002.001.10 and camt.054.001.08. Source: contracts/payments.md §3, §4."""

import dataclasses
from collections.abc import Iterable, Sequence
from itertools import groupby

from lxml import etree
from lxml.builder import ElementMaker

STATUS_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
NOTIFICATION_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
ITEMS_A_REPORT = 1_000  # keeps a report well below the 5 MiB that its reader takes

_STATUS = ElementMaker(namespace=STATUS_NAMESPACE, nsmap={None: STATUS_NAMESPACE})
_NOTIFICATION = ElementMaker(namespace=NOTIFICATION_NAMESPACE, nsmap={None: NOTIFICATION_NAMESPACE})


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """The file of which a status report speaks."""

    msg_id: str
    count: int
    total_tiyn: int


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """One transfer, settled (`servicer_ref`) or refused (`reason`)."""

    end_to_end_id: str
    uetr: str
    payment_info_id: str
    reason: str
    servicer_ref: str


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One booking, or with a `reason` money that came back; `told_tiyn` is the amount that the notification names."""

    servicer_ref: str
    iban: str
    told_tiyn: int
    reason: str
    booked_on: str
    msg_id: str
    payment_info_id: str
    end_to_end_id: str
    uetr: str
    creditor_name: str
    creditor_iban: str
    purpose: str


def status_of_file(file: File, status: str, reason: str, report_id: str, created_at: str) -> bytes:
    """A status report about a file as a whole, with no transaction listed."""
    return _status_report(file, status, reason, [], report_id, created_at)


def statuses(file: File, outcomes: Sequence[Outcome], report_id: str, created_at: str) -> bytes:
    """A status report with the final status of some transfers of a file; its group status is never more than PART."""
    blocks = []
    for name, members in groupby(outcomes, key=lambda outcome: outcome.payment_info_id):
        blocks.append(_STATUS.OrgnlPmtInfAndSts(_STATUS.OrgnlPmtInfId(name), *map(_transaction_status, members)))
    return _status_report(file, "PART", "", blocks, report_id, created_at)


def notification(entries: Iterable[Entry], report_id: str, created_at: str) -> bytes:
    """A debit notification, one `Ntfctn` for each account."""
    e = _NOTIFICATION
    message = e.BkToCstmrDbtCdtNtfctn(e.GrpHdr(e.MsgId(report_id), e.CreDtTm(created_at)))
    for number, (iban, members) in enumerate(groupby(entries, key=lambda entry: entry.iban), start=1):
        account = e.Acct(e.Id(e.IBAN(iban)), e.Ccy("KZT"))
        rows = [_entry(place, entry) for place, entry in enumerate(members, start=1)]
        message.append(e.Ntfctn(e.Id(f"{report_id}-{number}"), e.CreDtTm(created_at), account, *rows))
    return _bytes(e.Document(message))


def in_chunks(rows: Sequence) -> Iterable[Sequence]:
    """`rows` in the portions that fit one report each."""
    return (rows[start : start + ITEMS_A_REPORT] for start in range(0, len(rows), ITEMS_A_REPORT))


def _status_report(file: File, status: str, reason: str, blocks: list, report_id: str, created_at: str) -> bytes:
    e = _STATUS
    group = e.OrgnlGrpInfAndSts(
        e.OrgnlMsgId(file.msg_id),
        e.OrgnlMsgNmId("pain.001.001.09"),
        e.OrgnlNbOfTxs(str(file.count)),
        e.OrgnlCtrlSum(_amount(file.total_tiyn)),
        e.GrpSts(status),
    )
    if reason:
        group.append(e.StsRsnInf(e.Rsn(e.Cd(reason))))
    header = e.GrpHdr(e.MsgId(report_id), e.CreDtTm(created_at))
    return _bytes(e.Document(e.CstmrPmtStsRpt(header, group, *blocks)))


def _transaction_status(outcome: Outcome):
    e = _STATUS
    element = e.TxInfAndSts(
        e.OrgnlInstrId(outcome.end_to_end_id),
        e.OrgnlEndToEndId(outcome.end_to_end_id),
        e.OrgnlUETR(outcome.uetr),
        e.TxSts("RJCT" if outcome.reason else "ACSC"),
    )
    if outcome.reason:
        element.append(e.StsRsnInf(e.Rsn(e.Cd(outcome.reason))))
    else:
        element.append(e.AcctSvcrRef(outcome.servicer_ref))
    return element


def _entry(place: int, entry: Entry):
    e = _NOTIFICATION
    direction = "CRDT" if entry.reason else "DBIT"
    return e.Ntry(
        e.NtryRef(str(place)),
        e.Amt(_amount(entry.told_tiyn), Ccy="KZT"),
        e.CdtDbtInd(direction),
        *([e.RvslInd("true")] if entry.reason else []),
        e.Sts(e.Cd("BOOK")),
        e.BookgDt(e.Dt(entry.booked_on)),
        e.ValDt(e.Dt(entry.booked_on)),
        e.AcctSvcrRef(entry.servicer_ref),
        e.BkTxCd(e.Domn(e.Cd("PMNT"), e.Fmly(e.Cd("ICDT"), e.SubFmlyCd("RRTN" if entry.reason else "DMCT")))),
        e.NtryDtls(_transaction(entry, direction)),
    )


def _transaction(entry: Entry, direction: str):
    e = _NOTIFICATION
    details = e.TxDtls(
        e.Refs(
            e.MsgId(entry.msg_id),
            e.PmtInfId(entry.payment_info_id),
            e.InstrId(entry.end_to_end_id),
            e.EndToEndId(entry.end_to_end_id),
            e.UETR(entry.uetr),
        ),
        e.Amt(_amount(entry.told_tiyn), Ccy="KZT"),
        e.CdtDbtInd(direction),
        e.RltdPties(e.Cdtr(e.Pty(e.Nm(entry.creditor_name))), e.CdtrAcct(e.Id(e.IBAN(entry.creditor_iban)))),
        e.RmtInf(e.Ustrd(entry.purpose)),
    )
    if entry.reason:
        details.append(e.RtrInf(e.Rsn(e.Cd(entry.reason))))
    return details


def _amount(tiyn: int) -> str:
    return f"{tiyn // 100}.{tiyn % 100:02}"


def _bytes(document) -> bytes:
    etree.indent(document)
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True)
