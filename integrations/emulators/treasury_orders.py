"""What the emulated gateway takes: a pain.001 checked against our profile, as orders to be carried out.

Knows nothing of the portal's writer: the structure comes from `treasury_profile.xsd`, everything a schema cannot say
is checked here. Source: contracts/payments.md §2, §5, §7.
"""

import dataclasses
import threading
from collections.abc import Iterable
from pathlib import Path

from lxml import etree
from stdnum import iban

from integrations.safe_xml import BadMessage, document_of
from voucher_portal.identifiers import bin_error, iin_error

NAMESPACE = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"

_PROFILE = etree.XMLSchema(etree.parse(Path(__file__).with_name("treasury_profile.xsd")))
_PROFILE_LOCK = threading.Lock()  # a schema keeps the errors of its last run


class Invalid(Exception):
    """The gateway does not take the message; `code` and `message` go into the answer 422."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """One transfer to carry out. Amounts in tiyn, `execute_on` as YYYY-MM-DD."""

    end_to_end_id: str
    uetr: str
    payment_info_id: str
    source: str
    debtor_iban: str
    execute_on: str
    creditor_iban: str
    creditor_name: str
    amount_tiyn: int
    act: str
    purpose: str


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """A whole file that may be taken."""

    msg_id: str
    orders: tuple[Order, ...]


def read_message(content: bytes) -> Message:
    """Check every rule of the profile that needs no book. Raises Invalid."""
    try:
        document = document_of(content)
    except BadMessage as error:
        raise Invalid("xml", error.reason) from None
    with _PROFILE_LOCK:
        if not _PROFILE.validate(document):
            raise Invalid("schema", str(_PROFILE.error_log[0].message).replace(NAMESPACE, ""))
    initiation = document[0]
    header, blocks = initiation[0], initiation[1:]
    msg_id = _text(header, "MsgId")
    orders = [order for block in blocks for order in _orders(block, msg_id)]
    _check_totals(header, orders)
    _check_numbers(initiation)
    _check_unique("duplicate_source", (_text(block, "PmtTpInf/CtgyPurp/Prtry") for block in blocks))
    _check_unique("duplicate_end_to_end_id", (order.end_to_end_id for order in orders))
    _check_unique("duplicate_uetr", (order.uetr for order in orders))
    return Message(msg_id, tuple(orders))


def _orders(block, msg_id: str) -> list[Order]:
    name, source = _text(block, "PmtInfId"), _text(block, "PmtTpInf/CtgyPurp/Prtry")
    if name != f"{msg_id}-{source}":
        raise Invalid("payment_info_id", f"{name} is not {msg_id}-{source}")
    common = {
        "payment_info_id": name,
        "source": source,
        "debtor_iban": _text(block, "DbtrAcct/Id/IBAN"),
        "execute_on": _text(block, "ReqdExctnDt/Dt"),
    }
    orders = [_order(element, common) for element in block.iterfind(f"{NAMESPACE}CdtTrfTxInf")]
    _check_totals(block, orders)
    return orders


def _order(element, common: dict) -> Order:
    end_to_end_id = _text(element, "PmtId/EndToEndId")
    if _text(element, "PmtId/InstrId") != end_to_end_id:
        raise Invalid("instr_id", f"InstrId and EndToEndId {end_to_end_id} differ")
    kinds = [kind.text for kind in element.iterfind(_path("RgltryRptg/Dtls/Tp"))]
    if kinds != ["KOD", "KBE", "KBK"]:
        raise Invalid("regulatory_codes", f"{end_to_end_id}: KOD, KBE and KBK, not {kinds}")
    return Order(
        **common,
        end_to_end_id=end_to_end_id,
        uetr=_text(element, "PmtId/UETR"),
        creditor_iban=_text(element, "CdtrAcct/Id/IBAN"),
        creditor_name=_text(element, "Cdtr/Nm"),
        amount_tiyn=_tiyn(_text(element, "Amt/InstdAmt")),
        act=_text(element, "RmtInf/Strd/CdtrRefInf/Ref"),
        purpose=_text(element, "RmtInf/Ustrd"),
    )


def _check_totals(element, orders: list[Order]) -> None:
    count, total = int(_text(element, "NbOfTxs")), _tiyn(_text(element, "CtrlSum"))
    if count != len(orders):
        raise Invalid("count", f"NbOfTxs is {count}, there are {len(orders)}")
    found = sum(order.amount_tiyn for order in orders)
    if total != found:
        raise Invalid("control_sum", f"CtrlSum is {total} tiyn, the transfers make {found}")


def _check_numbers(initiation) -> None:
    for element in initiation.iter(f"{NAMESPACE}IBAN"):
        if not iban.is_valid(element.text):
            raise Invalid("iban", f"{element.text} is not an IBAN")
    for kind, error_of in (("OrgId", bin_error), ("PrvtId", iin_error)):
        for element in initiation.iterfind(f".//{_path(f'{kind}/Othr/Id')}"):
            error = error_of(element.text)
            if error:
                raise Invalid("party_number", f"{kind}: {error}")


def _check_unique(code: str, values: Iterable[str]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise Invalid(code, f"{value} stands twice in the message")
        seen.add(value)


def _text(element, path: str) -> str:
    return element.findtext(_path(path))


def _path(path: str) -> str:
    return "/".join(NAMESPACE + name for name in path.split("/"))


def _tiyn(amount: str) -> int:
    return int(amount.replace(".", ""))  # the schema saw to the two places
