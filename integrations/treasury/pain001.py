"""Write a payment file as ISO 20022 pain.001.001.09. Source: contracts/payments.md §2, our profile for Kazakhstan.

The same file gives the same bytes, so that their SHA-256 can stand for the content and a re-send is recognised.
"""

from decimal import Decimal

from lxml import etree

from integrations.treasury.messages import Account, Party, PaymentFile, Transfer, TransferBlock, payment_info_id
from integrations.treasury.payment_rules import InvalidPayment, check, clean_text
from voucher_portal import identifiers
from voucher_portal.dates import ALMATY

MAX_BYTES = 5 * 1024 * 1024  # what a gateway takes in one message, about 4,500 transfers
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
MAX_CODE = 10  # RgltryRptg/Dtls/Cd

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_INDENT = "  "
# One line for each child of these, everything else stands on one line: as contracts/payments.md prints its examples.
_TALL = {
    "Document",
    "CstmrCdtTrfInitn",
    "GrpHdr",
    "InitgPty",
    "PmtInf",
    "Dbtr",
    "CdtTrfTxInf",
    "PmtId",
    "Cdtr",
    "RmtInf",
}


def write(file: PaymentFile) -> bytes:
    """The bytes of `file` in UTF-8.

    Names and purposes are put on one line and cut to 140 characters; anything else that is wrong is refused.

    Raises:
        InvalidPayment: what `payment_rules.check` found, or the file is larger than `MAX_BYTES`: split it.
    """
    check(file)
    document = etree.Element(_tag("Document"), nsmap={None: NAMESPACE})
    initiation = _put(document, "CstmrCdtTrfInitn")
    _put_header(initiation, file)
    for block in file.blocks:
        _put_block(initiation, file, block)
    _lay_out(document, "\n")
    content = _DECLARATION + etree.tostring(document, encoding="UTF-8") + b"\n"
    if len(content) > MAX_BYTES:
        raise InvalidPayment((f"the file has {len(content)} bytes, a gateway takes {MAX_BYTES}",))
    return content


def _put_header(initiation, file: PaymentFile) -> None:
    header = _put(initiation, "GrpHdr")
    _put(header, "MsgId", file.msg_id)
    _put(header, "CreDtTm", file.created_at.astimezone(ALMATY).isoformat(timespec="seconds"))
    _put(header, "NbOfTxs", str(sum(len(block.transfers) for block in file.blocks)))
    _put(header, "CtrlSum", _amount(sum((block.control_sum_kzt for block in file.blocks), Decimal(0))))
    _put_party(header, "InitgPty", file.initiator)


def _put_block(initiation, file: PaymentFile, block: TransferBlock) -> None:
    info = _put(initiation, "PmtInf")
    _put(info, "PmtInfId", payment_info_id(file.msg_id, block.source))
    _put(info, "PmtMtd", "TRF")
    _put(info, "BtchBookg", "false")
    _put(info, "NbOfTxs", str(len(block.transfers)))
    _put(info, "CtrlSum", _amount(block.control_sum_kzt))
    _put(info, "PmtTpInf/CtgyPurp/Prtry", block.source)
    _put(info, "ReqdExctnDt/Dt", file.execute_on.isoformat())
    _put_party(info, "Dbtr", file.debtor)
    _put_account(info, "DbtrAcct", block.account, currency="KZT")
    _put(info, "DbtrAgt/FinInstnId/BICFI", block.account.bic)
    _put(info, "ChrgBr", "DEBT")
    for transfer in block.transfers:
        _put_transfer(info, file, transfer)


def _put_transfer(info, file: PaymentFile, transfer: Transfer) -> None:
    order = _put(info, "CdtTrfTxInf")
    identification = _put(order, "PmtId")
    _put(identification, "InstrId", transfer.end_to_end_id)
    _put(identification, "EndToEndId", transfer.end_to_end_id)
    _put(identification, "UETR", str(transfer.uetr))
    _put(order, "Amt/InstdAmt", _amount(transfer.amount_kzt)).set("Ccy", "KZT")
    _put(order, "CdtrAgt/FinInstnId/BICFI", transfer.account.bic)
    _put_party(order, "Cdtr", transfer.creditor)
    _put_account(order, "CdtrAcct", transfer.account)
    _put(order, "Purp/Prtry", transfer.knp)
    _put_codes(order, file, transfer)
    remittance = _put(order, "RmtInf")
    _put(remittance, "Ustrd", clean_text(transfer.purpose))
    reference = _put(remittance, "Strd/CdtrRefInf")
    _put(reference, "Tp/CdOrPrtry/Prtry", "ACT")
    _put(reference, "Ref", transfer.act_number)


def _put_codes(order, file: PaymentFile, transfer: Transfer) -> None:
    reporting = _put(order, "RgltryRptg")
    for kind, code in (("KOD", file.kod), ("KBE", transfer.kbe), ("KBK", transfer.budget_code)):
        details = _put(reporting, "Dtls")
        _put(details, "Tp", kind)
        # The classification of an expense is longer than a code may be: §7, KBK.
        _put(details, "Cd" if len(code) <= MAX_CODE else "Inf", code)


def _put_party(parent, name: str, party: Party) -> None:
    element = _put(parent, name)
    _put(element, "Nm", clean_text(party.name))
    is_person = identifiers.classify(party.number) == "iin"
    other = _put(element, "Id/PrvtId/Othr" if is_person else "Id/OrgId/Othr")
    _put(other, "Id", party.number)
    _put(other, "SchmeNm/Prtry", "IIN" if is_person else "BIN")


def _put_account(parent, name: str, account: Account, currency: str = "") -> None:
    element = _put(parent, name)
    _put(element, "Id/IBAN", account.iban)
    if currency:
        _put(element, "Ccy", currency)


def _put(parent, path: str, text: str | None = None):
    """Add the elements of `path` one inside the other under `parent`; the innermost, with its text."""
    element = parent
    for name in path.split("/"):
        element = etree.SubElement(element, _tag(name))
    element.text = text
    return element


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _amount(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _lay_out(element, line: str) -> None:
    """Put each child of a tall element on its own line; `line` is the line break with the element's own indent."""
    if etree.QName(element).localname not in _TALL:
        return
    element.text = line + _INDENT
    for child in element:
        child.tail = line + _INDENT
        _lay_out(child, line + _INDENT)
    element[-1].tail = line
