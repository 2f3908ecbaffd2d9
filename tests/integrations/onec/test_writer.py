import dataclasses
import datetime
from decimal import Decimal

import pytest

from integrations.onec.letters import Encoding
from integrations.onec.writer import write_orders
from integrations.treasury.payment_rules import InvalidPayment
from tests.integrations.onec.examples import (
    DEPARTMENT,
    KINDERGARTEN,
    LOCAL_IBAN,
    ORDERS,
    OTHER_IBAN,
    example_d,
    order,
    order_file,
    text,
    windows,
)


def written(*orders, encoding=Encoding.WINDOWS, **changes) -> list[str]:
    """The lines of a file of these orders."""
    content = write_orders(order_file(*orders, **changes), encoding)
    return content.decode(encoding.codec).split("\r\n")


def refusal_of(*orders, encoding=Encoding.WINDOWS, **changes) -> str:
    with pytest.raises(InvalidPayment) as refused:
        write_orders(order_file(*orders, **changes), encoding)
    return "; ".join(refused.value.problems)


def with_payee(**changes):
    return order(payee=dataclasses.replace(KINDERGARTEN, **changes))


def test_example_d_of_the_contract_comes_out_byte_for_byte():
    assert write_orders(example_d()) == windows(text(ORDERS))


def test_utf8_begins_with_a_mark_and_says_so_in_the_header():
    content = write_orders(example_d(), Encoding.UTF8)
    expected = text(ORDERS).replace("Кодировка=Windows", "Кодировка=UTF8").replace("\n", "\r\n")
    assert content == b"\xef\xbb\xbf" + expected.encode()


def test_the_header_names_each_account_once_and_all_the_days():
    lines = written(
        order(1),
        order(2, dated_on=datetime.date(2025, 11, 3)),
        order(3, payer=dataclasses.replace(DEPARTMENT, iban=OTHER_IBAN), dated_on=datetime.date(2025, 11, 9)),
    )
    header = lines[: lines.index("СекцияДокумент=ПлатежноеПоручение")]
    assert header[-4:] == [
        "ДатаНачала=03.11.2025",
        "ДатаКонца=09.11.2025",
        f"РасчСчет={LOCAL_IBAN}",
        f"РасчСчет={OTHER_IBAN}",
    ]


def test_the_time_of_creation_is_that_of_almaty():
    created_at = datetime.datetime(2025, 11, 5, 20, 30, tzinfo=datetime.UTC)
    lines = written(created_at=created_at)
    assert {"ДатаСоздания=06.11.2025", "ВремяСоздания=01:30:00"} <= set(lines)


def test_a_value_day_and_a_banks_number_are_written_when_given():
    lines = written(
        order(value_on=datetime.date(2025, 11, 6), payer=dataclasses.replace(DEPARTMENT, bank_number="250140990016"))
    )
    assert lines.count("ПлательщикБанкБИН_ИИН=250140990016") == 1
    assert lines.count("ДатаВалютирования=06.11.2025") == 1
    assert not any(line.startswith("ПолучательБанкБИН_ИИН") for line in lines)


def test_kazakh_names_are_transliterated_for_windows_only():
    named = with_payee(name='ЖШС "Күншуақ" бөбекжайы')
    assert 'ПолучательНаименование=ЖШС "Куншуак" бобекжайы' in written(named)
    assert 'ПолучательНаименование=ЖШС "Күншуақ" бөбекжайы' in written(named, encoding=Encoding.UTF8)


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\x00"]
)
@pytest.mark.parametrize("encoding", Encoding)
def test_a_line_break_in_a_name_forges_no_field(sign, encoding):
    forged = with_payee(name=f"Сад{sign}ПолучательИИК={OTHER_IBAN}")
    content = write_orders(order_file(forged), encoding).decode(encoding.codec)
    assert content.splitlines() == content.removesuffix("\r\n").split("\r\n")
    assert [line for line in content.splitlines() if line.startswith("ПолучательИИК")] == [
        f"ПолучательИИК={KINDERGARTEN.iban}"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Сад КонецДокумента",
        "секциядокумент=Выписка",
        "Сад\nКонецФайла",
        "x1CClientBankExchange",
        "СЕКЦИЯРАСЧСЧЕТ",
        "конецрасчсчет",
        "ҚонецДокумента",
        "КонецДоқұмента",
    ],
)
def test_a_word_of_the_format_in_a_value_is_refused(name):
    assert "word of the format" in refusal_of(with_payee(name=name))
    assert "word of the format" in refusal_of(order(purpose=name))
    assert "word of the format" in refusal_of(sender=name)
    assert "word of the format" in refusal_of(receiver=name)


def test_a_letter_that_windows_lacks_is_refused_with_its_place_and_never_replaced():
    refusal = refusal_of(with_payee(name="Сад ☃"))
    assert refusal == "order 1041: payee: name: '☃' (U+2603), character 5, cannot be written in Windows"
    assert "ПолучательНаименование=Сад ☃" in written(with_payee(name="Сад ☃"), encoding=Encoding.UTF8)


@pytest.mark.parametrize("word", ["X]", "[X", "A B", "", "Ж", "A" * 36, "A\n", "X] [Y"])
def test_an_end_to_end_id_that_would_not_be_read_back_is_refused(word):
    assert "EndToEndId" in refusal_of(order(end_to_end_id=word))


def test_only_the_end_to_end_id_stands_in_square_brackets():
    lines = written(order(end_to_end_id="A-1-MB", purpose="[A-2-MB] Оплата [этап 2]"))
    assert "НазначениеПлатежа=[A-1-MB] (A-2-MB) Оплата (этап 2)" in lines


def test_a_long_name_is_cut_at_a_word_and_stays_one_line():
    line = next(line for line in written(with_payee(name="Сад " * 100)) if line.startswith("ПолучательНаименование="))
    assert len(line.partition("=")[2]) <= 140
    assert line.endswith("Сад…")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"number": 0}, "the number is not"),
        ({"number": 1_000_000_000}, "the number is not"),
        ({"amount_kzt": Decimal("0.00")}, "amount"),
        ({"amount_kzt": Decimal("-1.00")}, "amount"),
        ({"amount_kzt": Decimal("1.001")}, "amount"),
        ({"amount_kzt": Decimal("NaN")}, "amount"),
        ({"amount_kzt": Decimal("1e16")}, "amount"),
        ({"knp": "KNP000"}, "KNP"),
        ({"knp": "٨٥٩"}, "KNP"),
        ({"purpose": " \n "}, "purpose: empty"),
        ({"purpose": "Ребёнок 190101599018"}, "an IIN in the purpose"),
        ({"dated_on": datetime.date(999, 1, 1)}, "not a day of this century"),
        ({"value_on": datetime.date(1, 1, 1)}, "not a day of this century"),
    ],
)
def test_an_order_that_is_wrong_is_refused(changes, problem):
    assert problem in refusal_of(order(**changes))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iban": "KZ61999KZT0000000001"}, "IBAN"),
        ({"iban": "KZ42998ABCDEFGHIJKLM\nx"}, "IBAN"),
        ({"bic": "DEMORUM0"}, "BIC"),
        ({"number": "240640990013"}, "BIN or IIN 2406******13, check_digit"),
        ({"kbe": "1"}, "KBE"),
        ({"kbe": "30"}, "KBE"),
        ({"name": "\u200b"}, "name: empty"),
        ({"bank_name": ""}, "name of the bank: empty"),
        ({"bank_number": "190101599018"}, "BIN of the bank, entity_type"),
    ],
)
def test_a_side_that_is_wrong_is_refused(changes, problem):
    assert problem in refusal_of(with_payee(**changes))
    assert problem in refusal_of(order(payer=dataclasses.replace(DEPARTMENT, **changes)))


def test_a_sole_trader_is_paid_by_his_iin():
    assert "ПолучательБИН_ИИН=850630399010" in written(with_payee(number="850630399010", kbe="19"))


def test_a_document_number_is_used_once_by_account_and_year():
    other_account = dataclasses.replace(DEPARTMENT, iban=OTHER_IBAN)
    assert "document 7 of" in refusal_of(order(7), order(7, end_to_end_id="X"))
    written(
        order(7),
        order(7, end_to_end_id="X", payer=other_account),
        order(7, end_to_end_id="Y", dated_on=datetime.date(2026, 1, 5)),
    )


def test_an_end_to_end_id_is_used_once():
    assert "EndToEndId 'X' twice" in refusal_of(order(1, end_to_end_id="X"), order(2, end_to_end_id="X"))


def test_a_file_of_no_orders_or_without_an_offset_is_refused():
    assert "0 orders" in refusal_of(orders=())
    assert "no offset" in refusal_of(created_at=datetime.datetime(2025, 11, 5))  # noqa: DTZ001


def test_all_that_is_wrong_is_told_at_once():
    refusal = refusal_of(order(1, knp="x"), order(2, amount_kzt=Decimal("0")), sender="")
    assert refusal.count("; ") == 2
