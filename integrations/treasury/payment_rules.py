"""What a payment file must satisfy before it is written; a wrong one never becomes bytes.

Source: contracts/payments.md §2 (limits of the XSD), §5 rule 6 (sums), §7 (codes of Kazakhstan).
"""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from integrations.treasury.messages import Account, Party, PaymentFile, Transfer, TransferBlock
from voucher_portal import identifiers
from voucher_portal.money import TIYN

MAX_TEXT = 140
MAX_BUDGET_CODE = 35
MAX_AMOUNT = Decimal(10) ** 16  # 18 digits, two of them tiyn
END_TO_END_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9?:().,'+-]{0,34}")
RESIDENCY_AND_SECTOR = re.compile(r"[12][1-9]")

_MSG_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9?:().,'+-]{0,31}")  # 3 of the 35 characters are kept for -MB and -RB
_BIC = re.compile(r"[A-Z0-9]{4}KZ[A-Z0-9]{2}([A-Z0-9]{3})?")
_KNP = re.compile(r"(KNP)?[0-9]{3}")
_TWELVE_DIGITS = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")


class InvalidPayment(ValueError):
    """The file may not be written; `problems` names every reason, one sentence each."""

    def __init__(self, problems: tuple[str, ...]):
        super().__init__("; ".join(problems))
        self.problems = problems


def check(file: PaymentFile) -> None:
    """Raise InvalidPayment with everything that is wrong with `file`; nothing when it may be written."""
    problems = tuple(_file_problems(file))
    if problems:
        raise InvalidPayment(problems)


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` on one line, without control characters, at most `limit` characters.

    A longer one is cut at the end of a word and ends with an ellipsis.
    """
    one_line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(one_line) <= limit:
        return one_line
    head = one_line[:limit]  # one more than fits before the ellipsis: shows whether the last word is whole
    words = head.rpartition(" ")[0] if " " in head[limit // 2 :] else head[:-1]
    return words.rstrip(" ,;:(") + "…"


def _file_problems(file: PaymentFile) -> Iterator[str]:
    yield from _header_problems(file)
    if not file.blocks:
        yield "no block"
    for source in repeated(block.source for block in file.blocks):
        yield f"two blocks of source {source}"
    transfers = [transfer for block in file.blocks for transfer in block.transfers]
    for end_to_end_id in repeated(transfer.end_to_end_id for transfer in transfers):
        yield f"EndToEndId {end_to_end_id!r} twice"
    for uetr in repeated(transfer.uetr for transfer in transfers):
        yield f"UETR {uetr} twice"
    for block in file.blocks:
        yield from _block_problems(block)


def _header_problems(file: PaymentFile) -> Iterator[str]:
    if not _MSG_ID.fullmatch(file.msg_id):
        yield f"MsgId {file.msg_id!r} is not 1..32 plain characters"
    if file.created_at.tzinfo is None:
        yield "the time of creation has no offset"
    if not RESIDENCY_AND_SECTOR.fullmatch(file.kod):
        yield f"KOD {file.kod!r} of the debtor"
    yield from party_problems(file.initiator, "initiator")
    yield from party_problems(file.debtor, "debtor")


def _block_problems(block: TransferBlock) -> Iterator[str]:
    where = f"block {block.source}"
    yield from account_problems(block.account, where)
    if not block.transfers:
        yield f"{where}: no transfer"
    total = sum((transfer.amount_kzt for transfer in block.transfers), Decimal(0))
    if total != block.control_sum_kzt:
        yield f"{where}: its transfers make {total}, its control sum is {block.control_sum_kzt}"
    for transfer in block.transfers:
        yield from _transfer_problems(transfer)


def _transfer_problems(transfer: Transfer) -> Iterator[str]:
    where = f"transfer {transfer.end_to_end_id!r}"
    if not END_TO_END_ID.fullmatch(transfer.end_to_end_id):
        yield f"{where}: EndToEndId is not 1..35 plain characters"
    if transfer.uetr.version != 4:
        yield f"{where}: UETR {transfer.uetr} is not a UUID of version 4"
    if not is_payable(transfer.amount_kzt):
        yield f"{where}: amount {transfer.amount_kzt} is not a positive sum of whole tiyn"
    if not _KNP.fullmatch(transfer.knp):
        yield f"{where}: KNP {transfer.knp!r}"
    if not RESIDENCY_AND_SECTOR.fullmatch(transfer.kbe):
        yield f"{where}: KBE {transfer.kbe!r}"
    yield from _text_problems(transfer, where)
    yield from party_problems(transfer.creditor, where)
    yield from account_problems(transfer.account, where)


def _text_problems(transfer: Transfer, where: str) -> Iterator[str]:
    if not _is_short_line(transfer.budget_code):
        yield f"{where}: budget code {transfer.budget_code!r}"
    if not _is_short_line(transfer.act_number):
        yield f"{where}: act number {transfer.act_number!r}"
    if not clean_text(transfer.purpose):
        yield f"{where}: no purpose"
    if holds_iin(transfer.purpose):
        yield f"{where}: an IIN in the purpose"


def holds_iin(text: str) -> bool:
    """Whether a valid IIN stands in `text`: a purpose may not name a child."""
    return any(identifiers.iin_error(digits) is None for digits in _TWELVE_DIGITS.findall(text))


def party_problems(party: Party, where: str) -> Iterator[str]:
    """What keeps `party` from being a side of a payment, one sentence each that begins with `where`."""
    if not clean_text(party.name):
        yield f"{where}: no name"
    error = identifiers.performer_error(party.number)
    if error:
        yield f"{where}: BIN or IIN {identifiers.mask_iin(party.number)}, {error}"


def account_problems(account: Account, where: str) -> Iterator[str]:
    """What keeps `account` from paying or being paid, one sentence each that begins with `where`."""
    error = identifiers.iban_error(account.iban)
    if error:
        yield f"{where}: IBAN {account.iban!r}, {error}"
    if not _BIC.fullmatch(account.bic):
        yield f"{where}: BIC {account.bic!r}"


def is_payable(amount: Decimal) -> bool:
    """Whether an order may be about this sum: positive, whole tiyn, at most 18 digits."""
    return amount.is_finite() and 0 < amount < MAX_AMOUNT and amount == amount.quantize(TIYN)


def _is_short_line(text: str) -> bool:
    return 0 < len(text) <= MAX_BUDGET_CODE and text.isprintable() and text == text.strip()


def repeated(values) -> Iterator:
    """Each value that comes more than once."""
    return (value for value, count in Counter(values).items() if count > 1)
