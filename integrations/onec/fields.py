"""The words of 1CClientBankExchange: what we write, and by what other names banks say the same.

The Kazakh names are ours; after them stand those of the Russian edition and those seen in banks' files, in the order
in which they are believed. Names are read in any case of letters.
Source: contracts/payments.md §6.
"""

from dataclasses import dataclass

FIRST_LINE = "1CClientBankExchange"
LAST_LINE = "КонецФайла"
ACCOUNT_BEGINS, ACCOUNT_ENDS = "СекцияРасчСчет", "КонецРасчСчет"
DOCUMENT_BEGINS, DOCUMENT_ENDS = "СекцияДокумент", "КонецДокумента"
STRUCTURE = (FIRST_LINE, LAST_LINE, ACCOUNT_BEGINS, ACCOUNT_ENDS, DOCUMENT_BEGINS, DOCUMENT_ENDS)

FORMAT_VERSION = "2.00"
PAYMENT_ORDER = "ПлатежноеПоручение"
CURRENCY = "KZT"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: the `name` that we write, `keys` by which it is read, the first that has a value wins."""

    name: str
    keys: tuple[str, ...]


def _field(name: str, *synonyms: str) -> Field:
    return Field(name, tuple(key.casefold() for key in (name, *synonyms)))


class Header:
    """The lines before the first section. Read and written, all of them."""

    VERSION = _field("ВерсияФормата")
    ENCODING = _field("Кодировка")
    SENDER = _field("Отправитель")
    RECEIVER = _field("Получатель")
    CREATED_ON = _field("ДатаСоздания")
    CREATED_TIME = _field("ВремяСоздания")
    FIRST_DAY = _field("ДатаНачала")
    LAST_DAY = _field("ДатаКонца")
    ACCOUNT = _field("РасчСчет")  # the only one that may come again


class Balance:
    """A section of an account. Read only: only banks know balances."""

    FIRST_DAY = Header.FIRST_DAY
    LAST_DAY = Header.LAST_DAY
    ACCOUNT = Header.ACCOUNT
    OPENING = _field("НачальныйОстаток")
    RECEIVED = _field("ВсегоПоступило")
    SPENT = _field("ВсегоСписано")
    CLOSING = _field("КонечныйОстаток")


class Document:
    """A section of a document, without its two sides."""

    NUMBER = _field("НомерДокумента", "Номер")
    DATED_ON = _field("ДатаДокумента", "Дата")
    TYPE = _field("ВидДокумента")  # written only: the section's own word says the same
    AMOUNT = _field("Сумма")
    SPENT = _field("СуммаРасход")  # read only, as the three after it
    RECEIVED = _field("СуммаПриход")
    OPERATED_ON = _field("ДатаОперации", "ДатаСписано", "ДатаПоступило")
    VALUED_ON = _field("ДатаВалютирования")
    CURRENCY = _field("Валюта")
    PURPOSE = _field("НазначениеПлатежа", "НазначениеПлатежа1")
    KNP = _field("КодНазначенияПлатежа")


@dataclass(frozen=True, slots=True)
class SideFields:
    """The seven fields of a payer or of a payee, in the order in which they are written."""

    name: Field
    number: Field
    kbe: Field
    iban: Field
    bank_name: Field
    bank_number: Field
    bic: Field


def _side(role: str) -> SideFields:
    return SideFields(
        name=_field(f"{role}Наименование", f"{role}1", role),
        number=_field(f"{role}БИН_ИИН", f"{role}БИН", f"{role}ИИН", f"{role}ИНН"),
        kbe=_field(f"{role}КБЕ"),
        iban=_field(f"{role}ИИК", f"{role}Счет", f"{role}РасчСчет"),
        bank_name=_field(f"{role}БанкНаименование", f"{role}Банк1", f"{role}Банк"),
        bank_number=_field(f"{role}БанкБИН_ИИН"),
        bic=_field(f"{role}БанкБИК", f"{role}БИК"),
    )


PAYER, PAYEE = _side("Плательщик"), _side("Получатель")
