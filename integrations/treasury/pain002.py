"""Read a status report (ISO 20022 pain.002) and say what it means for each transfer.

Source: contracts/payments.md §3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from integrations.safe_xml import BadMessage
from integrations.treasury import xml_reading as read
from integrations.treasury.messages import (
    BlockStatus,
    Meaning,
    Reason,
    StatusItem,
    StatusReport,
    meaning_of,
)

MAX_REASONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferKey:
    """What a transfer is known by. `payment_info_id` is its block's."""

    end_to_end_id: str
    uetr: UUID | None
    payment_info_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a report says of one transfer: by its own status, or by that of its block or of the whole file.

    `status` is the raw code. `Meaning.UNKNOWN` changes nothing and has to be looked at.
    """

    status: str
    meaning: Meaning
    reasons: tuple[Reason, ...]
    servicer_ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """`verdicts` by EndToEndId; a transfer of which the report says nothing has none. `strays` fit no transfer."""

    verdicts: dict[str, Verdict]
    strays: tuple[StatusItem, ...]


def parse(content: bytes) -> StatusReport:
    """Read a report, whatever its version. Raises BadMessage when it cannot be read or contradicts itself."""
    message = read.message_of(content, "CstmrPmtStsRpt")
    group = message.find("OrgnlGrpInfAndSts")
    if group is None:
        raise BadMessage("OrgnlGrpInfAndSts is missing")
    blocks: list[BlockStatus] = []
    items: list[StatusItem] = []
    for block in message.iterfind("OrgnlPmtInfAndSts"):
        name = read.required_identifier(block, "OrgnlPmtInfId")
        blocks.append(BlockStatus(payment_info_id=name, status=read.code(block, "PmtInfSts"), reasons=_reasons(block)))
        items.extend(_item(element, name) for element in block.iterfind("TxInfAndSts"))
    # Version .03 lets a transaction stand beside the blocks.
    items.extend(_item(element, None) for element in message.iterfind("TxInfAndSts"))
    _refuse_contradictions(blocks, items)
    return StatusReport(
        report_id=read.required_identifier(message, "GrpHdr/MsgId"),
        created_at=read.instant(message, "GrpHdr/CreDtTm"),
        original_msg_id=read.required_identifier(group, "OrgnlMsgId"),
        status=read.code(group, "GrpSts"),
        reasons=_reasons(group),
        blocks=tuple(blocks),
        items=tuple(items),
    )


def resolve(report: StatusReport, keys: Iterable[TransferKey]) -> Resolution:
    """What `report` says of each of `keys`, all the transfers of the file `report.original_msg_id`.

    A transaction is found by EndToEndId, else UETR, else InstrId. One without a status of its own has that of its
    block, else that of the file; PART decides nothing at either level. O(transfers + items).
    """
    keys = tuple(keys)
    items, strays = _items_by_transfer(report, keys)
    blocks = {block.payment_info_id: block for block in report.blocks}
    verdicts = {}
    for key in keys:
        item = items.get(key.end_to_end_id)
        for level in (item, blocks.get(key.payment_info_id), report):
            if level is not None and level.status:
                break
        else:
            continue
        if meaning_of(level.status) is not Meaning.PARTIAL:
            verdicts[key.end_to_end_id] = _verdict(level, item)
    return Resolution(verdicts=verdicts, strays=strays)


def _verdict(level: StatusItem | BlockStatus | StatusReport, item: StatusItem | None) -> Verdict:
    return Verdict(
        status=level.status,
        meaning=meaning_of(level.status),
        reasons=(item.reasons if item else ()) or level.reasons,
        servicer_ref=item.servicer_ref if item else None,
    )


def _items_by_transfer(report: StatusReport, keys: tuple[TransferKey, ...]):
    """The items by the EndToEndId of their transfer, and those that belong to none or speak of two."""
    by_id: dict[str | None, TransferKey] = {key.end_to_end_id: key for key in keys}
    by_uetr: dict[UUID | None, TransferKey] = {key.uetr: key for key in keys if key.uetr}
    items: dict[str, list[StatusItem]] = {}
    strays: list[StatusItem] = []
    for item in report.items:
        key = by_id.get(item.end_to_end_id) or by_uetr.get(item.uetr) or by_id.get(item.instr_id)
        if key is None or (item.uetr and key.uetr and item.uetr != key.uetr):
            strays.append(item)
        else:
            items.setdefault(key.end_to_end_id, []).append(item)
    # Told twice under different names, and differently: neither may be believed.
    strays += [item for same in items.values() if len({item.status for item in same}) > 1 for item in same]
    return {name: same[-1] for name, same in items.items() if same[-1] not in strays}, tuple(strays)


def _item(element, block: str | None) -> StatusItem:
    return StatusItem(
        status=read.code(element, "TxSts"),
        payment_info_id=block,
        instr_id=read.identifier(element, "OrgnlInstrId"),
        end_to_end_id=read.identifier(element, "OrgnlEndToEndId"),
        uetr=read.uetr(element, "OrgnlUETR"),
        reasons=_reasons(element),
        servicer_ref=read.identifier(element, "AcctSvcrRef"),
    )


def _reasons(element) -> tuple[Reason, ...]:
    found = element.findall("StsRsnInf")
    if len(found) > MAX_REASONS:
        raise BadMessage(f"more than {MAX_REASONS} times StsRsnInf")
    return tuple(
        Reason(
            code=read.text(reason, "Rsn/Cd", read.MAX_ID) or read.text(reason, "Rsn/Prtry", read.MAX_ID) or "",
            text=" ".join(" ".join(part.itertext()) for part in reason.iterfind("AddtlInf"))[: read.MAX_TEXT].strip(),
        )
        for reason in found
    )


def _refuse_contradictions(blocks: list[BlockStatus], items: list[StatusItem]) -> None:
    """One block or transaction with two different statuses: nobody can say which of them holds."""
    said: dict[tuple[str, str], str] = {}
    levels = [("block", block.payment_info_id, block.status) for block in blocks]
    levels += [("transaction", item.end_to_end_id, item.status) for item in items if item.end_to_end_id]
    for level, name, status in levels:
        known = said.setdefault((level, name), status)
        if known != status:
            raise BadMessage(f"{level} {name} has two statuses, {known!r} and {status!r}")
