"""Read a debit notification (ISO 20022 camt.054): which money moved. Source: contracts/payments.md §4."""

from decimal import Decimal

from integrations.safe_xml import BadMessage
from integrations.treasury import xml_reading as read
from integrations.treasury.messages import BookedEntry, Notification, Reason

CURRENCY = "KZT"


def parse(content: bytes) -> Notification:
    """Read a notification, whatever its version, entries in its order. Raises BadMessage when it cannot be read."""
    message = read.message_of(content, "BkToCstmrDbtCdtNtfctn")
    entries = [entry for notification in message.iterfind("Ntfctn") for entry in _entries(notification)]
    if not entries:
        raise BadMessage("no entry")
    booked = [entry for entry in entries if entry.status == "BOOK"]
    return Notification(
        report_id=read.required_identifier(message, "GrpHdr/MsgId"),
        created_at=read.instant(message, "GrpHdr/CreDtTm"),
        booked=tuple(entry for entry in booked if not entry.doubt),
        doubtful=tuple(entry for entry in booked if entry.doubt),
        not_booked=tuple(entry for entry in entries if entry.status != "BOOK"),
    )


def differences(entry: BookedEntry, *, amount_kzt: Decimal, debtor_iban: str, creditor_iban: str) -> tuple[str, ...]:
    """In what `entry` differs from the transfer it names: `amount`, `currency`, `account`, `creditor_account`.

    Empty when it may close the order. A creditor account that the bank did not name is no difference.
    Source: contracts/payments.md §5 rule 4.
    """
    checks = {
        "amount": entry.amount == amount_kzt,
        "currency": entry.currency == CURRENCY,
        "account": entry.account_iban == debtor_iban,
        "creditor_account": entry.creditor_iban in (None, creditor_iban),
    }
    return tuple(name for name, is_equal in checks.items() if not is_equal)


def _entries(notification):
    common = {
        "notification_id": read.required_identifier(notification, "Id"),
        "account_iban": _account(notification),
    }
    for entry in notification.iterfind("Ntry"):
        yield from _movements(entry, common)


def _movements(entry, common: dict):
    entry_amount, currency = read.amount(_required(entry, "Amt"))
    direction = _direction(entry) or _missing("CdtDbtInd")
    common = common | {
        "entry_ref": read.identifier(entry, "NtryRef"),
        "servicer_ref": read.identifier(entry, "AcctSvcrRef"),
        "status": read.code(entry, "Sts/Cd") or read.code(entry, "Sts"),
        "entry_amount": entry_amount,
        "booked_on": read.day(entry, "BookgDt"),
        "valued_on": read.day(entry, "ValDt"),
    }
    is_reversal = read.flag(entry, "RvslInd")
    found = entry.findall("NtryDtls/TxDtls")
    own = [_own_amount(details) for details in found]
    directions = [_direction(details) or direction for details in found]
    doubt = _doubt(entry_amount, currency, direction, own, directions)
    if not found:
        found, own, directions = [entry], [None], [direction]
    for position, details in enumerate(found):
        amount, currency_of_it = own[position] or (entry_amount, currency)
        yield BookedEntry(
            **common,
            **_references(details),
            **_parties(details),
            is_return=is_reversal or directions[position] == "CRDT",
            amount=amount,
            currency=currency_of_it,
            position=position,
            doubt=doubt,
        )


def _doubt(entry_amount, currency, direction, own, directions) -> str:
    """Why the movements of one entry must not be believed; empty when they add up to it in our currency."""
    if currency != CURRENCY or any(amount and amount[1] != currency for amount in own):
        return "currency"
    if len(own) > 1 and None in own:
        return "amount_missing"
    total = sum(
        amount[0] if its_direction == direction else -amount[0]
        for amount, its_direction in zip(own, directions, strict=True)
        if amount
    )
    return "amounts_differ" if any(own) and total != entry_amount else ""


def _own_amount(details) -> tuple[Decimal, str] | None:
    """The sum of one transaction: `Amt`, or where older versions keep it; None when the bank gave none."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        element = details.find(path)
        if element is not None:
            return read.amount(element)
    return None


def _references(details) -> dict:
    return {
        "msg_id": read.identifier(details, "Refs/MsgId"),
        "payment_info_id": read.identifier(details, "Refs/PmtInfId"),
        "instr_id": read.identifier(details, "Refs/InstrId"),
        "end_to_end_id": read.identifier(details, "Refs/EndToEndId"),
        "uetr": read.uetr(details, "Refs/UETR"),
    }


def _parties(details) -> dict:
    parties = "RltdPties/Cdtr"
    reason = Reason(
        code=read.text(details, "RtrInf/Rsn/Cd", read.MAX_ID)
        or read.text(details, "RtrInf/Rsn/Prtry", read.MAX_ID)
        or "",
        text=read.text(details, "RtrInf/AddtlInf") or "",
    )
    return {
        "creditor_name": read.text(details, f"{parties}/Pty/Nm") or read.text(details, f"{parties}/Nm"),
        "creditor_iban": read.identifier(details, "RltdPties/CdtrAcct/Id/IBAN"),
        "purpose": read.text(details, "RmtInf/Ustrd"),
        "reason": reason if reason != Reason() else None,
    }


def _account(notification) -> str:
    account = read.identifier(notification, "Acct/Id/IBAN") or read.identifier(notification, "Acct/Id/Othr/Id")
    return account or _missing("Acct/Id")


def _direction(element) -> str:
    found = read.code(element, "CdtDbtInd")
    if found not in ("", "DBIT", "CRDT"):
        raise BadMessage("CdtDbtInd is neither DBIT nor CRDT")
    return found


def _required(element, name: str):
    found = element.find(name)
    return found if found is not None else _missing(name)


def _missing(name: str):
    raise BadMessage(f"{name} is missing")
