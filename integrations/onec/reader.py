"""Read a bank's statement in 1CClientBankExchange. Source: contracts/payments.md §6.

Survives what banks were seen to write: section words in any case, a BOM, an encoding that is not the one of the
header, purposes on several lines, unknown fields, `=` in values, no last line.
"""

import datetime
import re
from decimal import Decimal

from integrations.onec import fields
from integrations.onec.balances import directed, doubts_about
from integrations.onec.fields import Balance as BalanceFields
from integrations.onec.fields import Document as DocumentFields
from integrations.onec.fields import Field, Header
from integrations.onec.letters import codec_of, lines_of
from integrations.onec.messages import BadFile, Balance, Document, Doubt, Reason, Statement
from integrations.onec.values import Section, day_of, iban_of, side_of, sum_of, text_of, tidy, time_of
from voucher_portal.dates import ALMATY
from voucher_portal.identifiers import normalise_iban

MAX_BYTES = 32 * 1024 * 1024
MAX_LINES = 2_000_000
MAX_DOCUMENTS = 100_000
MAX_BALANCES = 10_000  # an account may have one for each day

_KEY = re.compile(r"\w+")
_FIRST_LINE, _LAST_LINE = fields.FIRST_LINE.casefold(), fields.LAST_LINE.casefold()
_BEGINS = {fields.ACCOUNT_BEGINS.casefold(): "account", fields.DOCUMENT_BEGINS.casefold(): "document"}
_ENDS = {fields.ACCOUNT_ENDS.casefold(): "account", fields.DOCUMENT_ENDS.casefold(): "document"}
_STRUCTURE = {_FIRST_LINE, _LAST_LINE, *_BEGINS, *_ENDS}


def _keys(*tables: object) -> frozenset[str]:
    """Every key of the fields in these tables."""
    found = (getattr(table, name) for table in tables for name in dir(table))
    return frozenset(key for field in found if isinstance(field, Field) for key in field.keys)


_KNOWN = {
    "header": _keys(Header) - set(Header.ACCOUNT.keys),  # comes again, once for each account
    "account": _keys(BalanceFields),
    "document": _keys(DocumentFields, fields.PAYER, fields.PAYEE),
}
_PURPOSE = frozenset(DocumentFields.PURPOSE.keys)


def read(content: bytes) -> Statement:
    """The statement in `content`; see `Statement.is_complete` before anything is closed with it.

    Raises:
        BadFile: larger than 32 MiB, 2 million lines or 100,000 documents, not this format, a line that cannot be
            decoded, a section that begins inside another, a value of a known field that cannot be read.
    """
    if len(content) > MAX_BYTES:
        raise BadFile(1, Reason.TOO_LARGE)
    if content.count(b"\n") > MAX_LINES:
        raise BadFile(MAX_LINES, Reason.TOO_MANY)
    lines = lines_of(content, codec_of(content))
    if next(lines, "").rstrip() != fields.FIRST_LINE:
        raise BadFile(1, Reason.NOT_THE_FORMAT)
    reading = _Reading()
    for number, line in enumerate(lines, start=2):
        reading.take(number, line.strip())
        if reading.is_over:
            break
    return reading.statement()


class _Reading:
    """A statement while it is read, line by line."""

    def __init__(self):
        self.header = Section(1, "header", _KNOWN["header"])
        self.section: Section | None = self.header
        self.accounts: dict[str, None] = {}
        self.balances: list[Balance] = []
        self.documents: list[Document] = []
        self.doubts: list[Doubt] = []
        self.line = 1
        self.has_end = self.is_over = False

    def take(self, line: int, text: str) -> None:
        """Read one line; an empty one says nothing."""
        self.line = line
        if not text:
            return
        if self.has_end:
            self.doubts.append(Doubt(line, Reason.AFTER_END))
            self.is_over = True
            return
        key, equals, value = text.partition("=")
        key = key.rstrip().casefold()
        if key in _STRUCTURE:
            self._move(line, key, value)
        elif self.section is not None:
            if equals and key in self.section.known:
                self.section.put(line, key, value)
            else:
                self._take_other(self.section, text, key if equals else "")

    def statement(self) -> Statement:
        """All that was read, and what is wrong with it."""
        if self.section not in (None, self.header):
            self.doubts.append(Doubt(self.section.line, Reason.CUT_OFF))
        if not self.has_end:
            self.doubts.append(Doubt(self.line, Reason.NO_END))
        accounts = {balance.iban for balance in self.balances}
        documents = directed(self.documents, accounts)
        values = self.header.values
        day, time = day_of(values, Header.CREATED_ON), time_of(values, Header.CREATED_TIME)
        return Statement(
            sender=text_of(values, Header.SENDER),
            receiver=text_of(values, Header.RECEIVER),
            created_at=datetime.datetime.combine(day, time or datetime.time.min, ALMATY) if day else None,
            first_day=day_of(values, Header.FIRST_DAY),
            last_day=day_of(values, Header.LAST_DAY),
            accounts=tuple(self.accounts),
            balances=tuple(self.balances),
            documents=documents,
            doubts=(*self.doubts, *doubts_about(self.balances, documents, self.accounts.keys())),
        )

    def _move(self, line: int, key: str, value: str) -> None:
        """Begin or end a section, or the file."""
        is_open = self.section not in (None, self.header)
        if is_open and _ENDS.get(key) == self.section.kind:
            self._finish(self.section)
            self.section = None
        elif not is_open and key in _BEGINS:
            kind = _BEGINS[key]
            self.section = Section(line, kind, _KNOWN[kind], title=tidy(line, value).strip('"'))
        elif not is_open and key == _LAST_LINE:
            self.section, self.has_end = None, True
        else:
            raise BadFile(line, Reason.MISPLACED)

    def _take_other(self, section: Section, text: str, key: str) -> None:
        """Read a line that is no known field: an account of the header, a purpose that goes on, an unknown field."""
        if section is self.header and key in Header.ACCOUNT.keys:
            self._name_account(text.partition("=")[2])
        elif section.last_key in _PURPOSE and not _KEY.fullmatch(key):
            section.extend(self.line, text)
        else:
            section.last_key = ""

    def _name_account(self, value: str) -> None:
        iban = normalise_iban(tidy(self.line, value))
        if iban:
            self.accounts[iban] = None
        if len(self.accounts) > MAX_BALANCES:
            raise BadFile(self.line, Reason.TOO_MANY)

    def _finish(self, section: Section) -> None:
        if section.kind == "account":
            self.balances.append(_balance(section))
        else:
            self.documents.append(self._document(section))
        if len(self.documents) > MAX_DOCUMENTS or len(self.balances) > MAX_BALANCES:
            raise BadFile(section.line, Reason.TOO_MANY)

    def _document(self, section: Section) -> Document:
        values = section.values
        amount, is_spent, is_received = self._movement(section)
        return Document(
            line=section.line,
            kind=section.title,
            number=text_of(values, DocumentFields.NUMBER),
            dated_on=day_of(values, DocumentFields.DATED_ON),
            operated_on=day_of(values, DocumentFields.OPERATED_ON),
            valued_on=day_of(values, DocumentFields.VALUED_ON),
            amount=amount,
            currency=text_of(values, DocumentFields.CURRENCY),
            is_spent=is_spent,
            is_received=is_received,
            payer=side_of(values, fields.PAYER),
            payee=side_of(values, fields.PAYEE),
            purpose=text_of(values, DocumentFields.PURPOSE),
            knp=text_of(values, DocumentFields.KNP),
        )

    def _movement(self, section: Section) -> tuple[Decimal, bool, bool]:
        """Sum and direction of a document; the direction of one that has only a sum is found by its accounts later.

        Some banks write both directions, one of them as zero, or the sum once more without a direction.
        """
        amount = sum_of(section.values, DocumentFields.AMOUNT)
        spent = sum_of(section.values, DocumentFields.SPENT)
        received = sum_of(section.values, DocumentFields.RECEIVED)
        if spent and received:
            raise BadFile(section.line, Reason.TWO_SUMS)
        if spent is None and received is None:
            if amount is None:
                raise BadFile(section.line, Reason.NO_SUM)
            return amount, False, False
        is_received = bool(received) or spent is None
        moved = received if is_received else spent
        if amount is not None and amount != moved:
            self.doubts.append(Doubt(section.line, Reason.SUMS_DIFFER))
        return moved, not is_received, is_received


def _balance(section: Section) -> Balance:
    values = section.values
    iban = iban_of(values, BalanceFields.ACCOUNT)
    if not iban:
        raise BadFile(section.line, Reason.NO_ACCOUNT_NUMBER)
    return Balance(
        line=section.line,
        iban=iban,
        first_day=day_of(values, BalanceFields.FIRST_DAY),
        last_day=day_of(values, BalanceFields.LAST_DAY),
        opening=sum_of(values, BalanceFields.OPENING, signed=True),
        received=sum_of(values, BalanceFields.RECEIVED),
        spent=sum_of(values, BalanceFields.SPENT),
        closing=sum_of(values, BalanceFields.CLOSING, signed=True),
    )
