import datetime
from decimal import Decimal

import pytest

from integrations.onec import reader
from integrations.onec.messages import BadFile, Balance, Document, MatchingKey, Reason, Side, Statement
from integrations.onec.reader import read
from tests.integrations.onec.examples import (
    LOCAL_IBAN,
    ORDERS,
    OTHER_IBAN,
    PAYEE_IBAN,
    STATEMENT,
    document_text,
    example_d,
    statement_text,
    text,
    windows,
)
from voucher_portal.dates import ALMATY

PURPOSE = "[EV25-7K3M9Q1-03-MB] Оплата части 03 ваучера по акту A-2025-11-0007, местный бюджет"
EXAMPLE_E = Statement(
    sender="Тестовый банк плательщика",
    receiver="",
    created_at=datetime.datetime(2025, 11, 6, 18, 30, tzinfo=ALMATY),
    first_day=datetime.date(2025, 11, 6),
    last_day=datetime.date(2025, 11, 6),
    accounts=(LOCAL_IBAN,),
    balances=(
        Balance(
            line=11,
            iban=LOCAL_IBAN,
            first_day=datetime.date(2025, 11, 6),
            last_day=datetime.date(2025, 11, 6),
            opening=Decimal("1000000.00"),
            received=Decimal("0.00"),
            spent=Decimal("50668.00"),
            closing=Decimal("949332.00"),
        ),
    ),
    documents=(
        Document(
            line=20,
            kind="Выписка",
            number="1041",
            dated_on=datetime.date(2025, 11, 5),
            operated_on=datetime.date(2025, 11, 6),
            valued_on=None,
            amount=Decimal("50668.00"),
            currency="KZT",
            is_spent=True,
            is_received=False,
            payer=Side(number="230540990017", iban=LOCAL_IBAN),
            payee=Side(name='ТОО "Тестовый детский сад"', number="240640990012", iban=PAYEE_IBAN),
            purpose=PURPOSE,
            knp="000",
        ),
    ),
    doubts=(),
)


def refusal_of(content: str | bytes) -> tuple[int, Reason]:
    with pytest.raises(BadFile) as refused:
        read(content if isinstance(content, bytes) else windows(content))
    return refused.value.line, refused.value.reason


def only_document(**changes) -> Document:
    return read(windows(statement_text(document_text(**changes)))).documents[0]


def test_example_e_of_the_contract_is_read_whole():
    statement = read(windows(text(STATEMENT)))
    assert statement == EXAMPLE_E
    assert statement.is_complete


def test_example_d_is_read_back_as_it_was_written():
    statement = read(windows(text(ORDERS)))
    for document, order in zip(statement.documents, example_d().orders, strict=True):
        assert (document.end_to_end_id, document.key) == (order.end_to_end_id, order.key)
        assert (document.payer, document.payee, document.knp) == (order.payer, order.payee, order.knp)
        assert document.purpose == f"[{order.end_to_end_id}] {order.purpose}"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(text(STATEMENT).encode("cp866"), id="DOS bytes that say Windows"),
        pytest.param(text(STATEMENT).replace("=Windows", "=DOS").encode("cp866"), id="DOS"),
        pytest.param(text(STATEMENT).encode(), id="UTF-8 that says Windows"),
        pytest.param(b"\xef\xbb\xbf" + text(STATEMENT).encode(), id="BOM"),
        pytest.param(text(STATEMENT).replace("=Windows", "=UTF8").encode(), id="UTF8"),
        pytest.param(text(STATEMENT).replace("=Windows", "=windows-1251").encode("cp1251"), id="windows-1251"),
        pytest.param(text(STATEMENT).replace("=Windows", "=UTF8").encode("cp1251"), id="Windows that says UTF8"),
        pytest.param(text(STATEMENT).replace("\n", "\r\r\n").encode("cp1251"), id="ends doubled by a text mode"),
        pytest.param(text(STATEMENT).replace("\n", "\n\n").encode("cp1251"), id="empty lines"),
        pytest.param(windows(text(STATEMENT) + "\n \n"), id="empty lines at the end"),
        pytest.param(windows(text(STATEMENT).removesuffix("\n")), id="no line end at the end"),
        pytest.param(windows(text(STATEMENT).replace("\n", " \n")), id="spaces at the ends"),
        pytest.param(windows(text(STATEMENT).replace("=", " = ")), id="spaces around ="),
    ],
)
def test_the_same_statement_is_read_in_whatever_bytes_it_comes(content):
    statement = read(content)
    assert statement.is_complete
    assert [document.key for document in statement.documents] == [document.key for document in EXAMPLE_E.documents]
    assert statement.documents[0].purpose == PURPOSE
    assert statement.sender == EXAMPLE_E.sender


def test_words_of_the_format_are_read_in_any_case():
    first, _, rest = text(STATEMENT).partition("\n")
    shouted = "\n".join(
        "=".join([line.partition("=")[0].upper(), *line.split("=", 1)[1:]]) for line in rest.splitlines()
    )
    assert read(windows(f"{first}\n{shouted}\n")) == EXAMPLE_E


def test_kazakh_letters_come_through_in_utf8():
    document = document_text(ПолучательНаименование='ЖШС "Күншуақ"')
    statement = read(statement_text(document).encode())
    assert statement.documents[0].payee.name == 'ЖШС "Күншуақ"'


def test_a_purpose_goes_on_over_lines_without_a_key():
    continued = "[X-1] начало\n\nи по акту = 5\nконец, см. п. 2\nНечто=1"
    document = only_document(НазначениеПлатежа=continued)
    assert document.purpose == "[X-1] начало и по акту = 5 конец, см. п. 2"
    assert document.end_to_end_id == "X-1"


def test_the_first_word_may_stand_on_the_second_line_of_a_purpose():
    content = statement_text(document_text()).replace("НазначениеПлатежа=", "НазначениеПлатежа=\n")
    assert read(windows(content)).documents[0].purpose == PURPOSE


def test_a_line_without_a_key_is_no_part_of_another_field():
    assert only_document(НазначениеПлатежа="[X-1] начало\nНечто=1\nи ещё").purpose == "[X-1] начало"
    content = statement_text(document_text()).replace("Валюта=KZT\n", "Валюта=KZT\nи еще\n")
    assert read(windows(content)).documents[0].currency == "KZT"


def test_a_value_is_split_at_its_first_sign_of_equality():
    assert only_document(ПолучательНаименование="ТОО a=b=c").payee.name == "ТОО a=b=c"


def test_unknown_fields_are_passed_by_even_twice():
    content = statement_text(document_text(Нечто="1")).replace("Нечто=1\n", "Нечто=1\nНечто=2\n")
    assert read(windows(content)).documents == EXAMPLE_E.documents


def test_names_of_the_russian_edition_are_read():
    document = (
        "СекцияДокумент=Платежное поручение\nНомер=7\nДата=05.11.2025\nСумма=50668\nДатаСписано=06.11.2025\n"
        f"ПлательщикСчет={LOCAL_IBAN}\nПлательщикРасчСчет={OTHER_IBAN}\nПлательщикИНН=230540990017\n"
        "Плательщик=ИНН 230540990017 Отдел\nПлательщик1=Отдел\nПлательщикБанк1=Банк\nПлательщикБИК=TESTKZK0\n"
        f"ПолучательСчет={PAYEE_IBAN}\nПолучательИНН=240640990012\nПолучатель=Сад\nПолучательБИК=DEMOKZK0\n"
        "НазначениеПлатежа1=[X-1] Оплата\nКонецДокумента\n"
    )
    statement = read(windows(statement_text(document)))
    assert statement.is_complete
    found = statement.documents[0]
    assert found.payer == Side(name="Отдел", number="230540990017", iban=LOCAL_IBAN, bank_name="Банк", bic="TESTKZK0")
    assert found.payee == Side(name="Сад", number="240640990012", iban=PAYEE_IBAN, bic="DEMOKZK0")
    assert (found.number, found.operated_on) == ("7", datetime.date(2025, 11, 6))
    assert (found.is_spent, found.is_received, found.end_to_end_id) == (True, False, "X-1")


def test_an_empty_field_leaves_room_for_its_synonym():
    content = statement_text(document_text()).replace(
        "Валюта=KZT\n", "Валюта=KZT\nПлательщикНаименование=\nПлательщик1=Отдел\n"
    )
    assert read(windows(content)).documents[0].payer.name == "Отдел"


def test_a_kind_in_quotes_is_read_without_them():
    content = statement_text().replace("=Выписка", '="Выписка"')
    assert read(windows(content)).documents[0].kind == "Выписка"


@pytest.mark.parametrize(
    ("written", "amount"),
    [("50668", "50668.00"), ("50668.0", "50668.00"), ("50668,00", "50668.00"), ("050668.00", "50668.00")],
)
def test_a_sum_is_read_with_two_places_however_many_were_written(written, amount):
    document = only_document(СуммаРасход=written)
    assert str(document.amount) == amount


@pytest.mark.parametrize(
    "written",
    [
        "-1.00",
        "1 000.00",
        "1\u00a0000",
        "1,000.00",
        "1.000",
        "1e3",
        "٥",
        "NaN",
        "1.",
        ".5",
        "+1",
        "50668 KZT",
        "1" * 17,
    ],
)
def test_a_sum_that_is_none_is_refused_with_its_line(written):
    assert refusal_of(statement_text(document_text(СуммаРасход=written)).encode()) == (24, Reason.BAD_SUM)


@pytest.mark.parametrize("written", ["32.11.2025", "29.02.2025", "2025-11-05", "5.11.2025", "05.11.25", "05.11.1025"])
def test_a_day_that_is_none_is_refused_with_its_line(written):
    assert refusal_of(statement_text(document_text(ДатаОперации=written))) == (23, Reason.BAD_DATE)


def test_a_time_that_is_none_is_refused_with_its_line():
    assert refusal_of(text(STATEMENT).replace("18:30:00", "24:00:00")) == (7, Reason.BAD_DATE)


def test_a_bank_may_leave_out_when_it_made_the_file():
    statement = read(windows(text(STATEMENT).replace("ВремяСоздания=18:30:00\n", "")))
    assert statement.created_at == datetime.datetime(2025, 11, 6, tzinfo=ALMATY)
    statement = read(windows(text(STATEMENT).replace("ДатаСоздания=06.11.2025\n", "")))
    assert statement.created_at is None


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", 1, Reason.NOT_THE_FORMAT),
        ("\n" + text(STATEMENT), 1, Reason.NOT_THE_FORMAT),
        ("1cclientbankexchange\n", 1, Reason.NOT_THE_FORMAT),
        (text(STATEMENT).replace("КонецРасчСчет\n", ""), 19, Reason.MISPLACED),
        (text(STATEMENT).replace("КонецДокумента\n", ""), 33, Reason.MISPLACED),
        (text(STATEMENT).replace("СекцияДокумент=Выписка\n", ""), 32, Reason.MISPLACED),
        (text(STATEMENT).replace("КонецДокумента\n", "КонецРасчСчет\n"), 33, Reason.MISPLACED),
        (text(STATEMENT).replace("КонецФайла\n", text(STATEMENT)), 34, Reason.MISPLACED),
        (text(STATEMENT).replace("Валюта=KZT\n", "Валюта=KZT\nСуммаРасход=1.00\n"), 26, Reason.TWICE),
        (text(STATEMENT).replace("Валюта=KZT\n", "СуммаПриход=1.00\n"), 20, Reason.TWO_SUMS),
        (text(STATEMENT).replace("СуммаРасход=50668.00\n", ""), 20, Reason.NO_SUM),
        (text(STATEMENT).replace("Счет=KZ60999KZT0000000001\nН", "Счет=\nН"), 11, Reason.NO_ACCOUNT_NUMBER),
        (text(STATEMENT).replace("Валюта=KZT", f"Валюта={'x' * 2001}"), 25, Reason.TOO_LONG),
        (text(STATEMENT).replace("бюджет\n", "бюджет\n" + "ещё слово\n" * 300), 223, Reason.TOO_LONG),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_line(content, line, reason):
    assert refusal_of(content) == (line, reason)


def test_the_same_field_said_twice_with_one_value_is_no_contradiction():
    content = text(STATEMENT).replace("Валюта=KZT\n", "Валюта=KZT\nВалюта=KZT\n")
    assert read(windows(content)).is_complete


def test_a_broken_letter_of_utf8_is_refused_with_its_line():
    content = text(STATEMENT).encode().replace(PURPOSE.encode(), PURPOSE.encode()[:-1])
    assert refusal_of(content) == (31, Reason.NOT_TEXT)


@pytest.mark.parametrize("sign", ["\x00", "\x1c", "\x85", "\u2028", "\u202e", "\u200b", "\r"])
def test_signs_that_do_not_print_never_leave_the_reader(sign):
    content = statement_text(document_text(ПолучательНаименование=f"ТОО{sign}КонецДокумента")).encode()
    assert read(content).documents[0].payee.name == "ТОО КонецДокумента"


def test_sizes_and_counts_are_bounded(monkeypatch):
    assert refusal_of(b"\n" * (reader.MAX_BYTES + 1)) == (1, Reason.TOO_LARGE)
    assert refusal_of(b"1CClientBankExchange" + b"\n" * (reader.MAX_LINES + 1))[1] == Reason.TOO_MANY
    monkeypatch.setattr(reader, "MAX_DOCUMENTS", 2)
    monkeypatch.setattr(reader, "MAX_BALANCES", 2)
    assert refusal_of(statement_text(document_text() * 3)) == (48, Reason.TOO_MANY)
    section = "СекцияРасчСчет\nРасчСчет=1\nКонецРасчСчет\n"
    assert refusal_of(f"1CClientBankExchange\n{section * 3}") == (8, Reason.TOO_MANY)
    assert refusal_of("1CClientBankExchange\nРасчСчет=1\nРасчСчет=2\nРасчСчет=3\n") == (4, Reason.TOO_MANY)


@pytest.mark.parametrize(
    ("purpose", "word"),
    [
        ("[A-1-MB] Оплата", "A-1-MB"),
        ("[A-1-MB]Оплата", "A-1-MB"),
        ("[A-1-MB]", "A-1-MB"),
        ("[A-1-MB] [B-2-MB]", "A-1-MB"),
        ("Оплата [A-1-MB]", None),
        ("[]", None),
        ("[A 1] Оплата", None),
        (f"[{'A' * 36}] Оплата", None),
        ("[Ж-1] Оплата", None),
        ("(A-1-MB) Оплата", None),
    ],
)
def test_the_end_to_end_id_is_the_first_word_in_square_brackets(purpose, word):
    assert only_document(НазначениеПлатежа=purpose).end_to_end_id == word


def test_without_an_end_to_end_id_number_day_sum_and_account_of_the_payee_are_the_key():
    document = only_document(НомерДокумента="0001041", НазначениеПлатежа="", ПолучательИИК="kz42 998a BCDE FGHI JKLM")
    assert document.key == example_d().orders[0].key
    assert document.key == MatchingKey("1041", datetime.date(2025, 11, 5), Decimal("50668.00"), PAYEE_IBAN)


@pytest.mark.parametrize("missing", ["НомерДокумента", "ДатаДокумента", "ПолучательИИК"])
def test_there_is_no_key_where_the_bank_left_a_part_of_it_out(missing):
    assert only_document(**{missing: ""}).key is None
