"""Random, broken and hostile files: a typed refusal or a result, quickly; and what we write is what is read."""

import dataclasses
import datetime
import random
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.onec.letters import Encoding, plain, unwritable
from integrations.onec.messages import BadFile, Side, Statement
from integrations.onec.reader import MAX_BYTES, read
from integrations.onec.writer import write_orders
from integrations.treasury.payment_rules import InvalidPayment
from tests.integrations.onec.examples import (
    DEPARTMENT,
    LOCAL_IBAN,
    ORDERS,
    OTHER_IBAN,
    PAYEE_IBAN,
    REPUBLICAN_IBAN,
    STATEMENT,
    order,
    order_file,
    text,
    windows,
)
from tests.patience import no_hang

FIRST_LINE = b"1CClientBankExchange\r\n"
LINES = sorted({*text(ORDERS).splitlines(), *text(STATEMENT).splitlines()}) + ["", "=", "и еще", "Нечто=1", "Сумма="]
LETTERS = 'әғқңөұүһіӘҒҚҢӨҰҮҺІабвяАБВЯё «»"№-=[]().,0123456789ABCxyz'
NAMES = st.text(st.sampled_from(LETTERS) | st.characters(), min_size=1, max_size=160)
SIDES = st.builds(
    Side,
    name=NAMES,
    number=st.sampled_from(["240640990012", "850630399010", "250140990707"]),
    kbe=st.sampled_from(["12", "17", "19"]),
    iban=st.sampled_from([PAYEE_IBAN, OTHER_IBAN]),
    bank_name=NAMES,
    bank_number=st.sampled_from(["", "250140990016"]),
    bic=st.sampled_from(["TESTKZK0", "DEMOKZK0XXX"]),
)
DAYS = st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))
ORDERS_TO_WRITE = st.builds(
    order,
    number=st.integers(1, 999_999_999),
    dated_on=DAYS,
    value_on=st.none() | DAYS,
    amount_kzt=st.decimals("0.01", "9999999999999999.99", places=2),
    payer=st.sampled_from([LOCAL_IBAN, REPUBLICAN_IBAN]).map(lambda iban: dataclasses.replace(DEPARTMENT, iban=iban)),
    payee=SIDES,
    end_to_end_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9?:().,'+-]{0,34}", fullmatch=True),
    purpose=NAMES,
    knp=st.from_regex(r"[0-9]{3}", fullmatch=True),
)


def read_or_refuse(content: bytes) -> Statement | None:
    """What the reader makes of it: a result, or its own refusal, which is None. Anything else fails the test."""
    try:
        return read(content)
    except BadFile as error:
        refused = error
    assert 1 <= refused.line <= content.count(b"\n") + 1
    assert refused.reason.label
    return None


def as_read(side: Side, encoding: Encoding) -> Side:
    return dataclasses.replace(side, name=plain(side.name, encoding), bank_name=plain(side.bank_name, encoding))


@settings(max_examples=150)
@given(
    orders=st.lists(
        ORDERS_TO_WRITE,
        min_size=1,
        max_size=4,
        unique_by=(lambda one: one.end_to_end_id, lambda one: one.number),
    ),
    encoding=st.sampled_from(Encoding),
)
def test_orders_are_read_back_as_they_were_written(orders, encoding):
    try:
        content = write_orders(order_file(*orders), encoding)
    except InvalidPayment:
        texts = [value for one in orders for value in (one.purpose, one.payee.name, one.payee.bank_name)]
        values = [plain(value, encoding) for value in texts]
        assert any(not value or unwritable(value, encoding) for value in values)
        return
    statement = read(content)
    assert statement.accounts == tuple(dict.fromkeys(one.payer.iban for one in orders))
    for one, document in zip(orders, statement.documents, strict=True):
        assert document.end_to_end_id == one.end_to_end_id
        assert document.key == one.key
        assert document.amount == one.amount_kzt
        assert document.valued_on == one.value_on
        assert document.knp == one.knp
        assert document.payer == one.payer
        assert document.payee == as_read(one.payee, encoding)


@settings(max_examples=300)
@given(st.binary(max_size=600))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe1\x00C\x00")
@example(b"\x00" * 100)
def test_random_bytes_are_refused_or_read(content):
    read_or_refuse(content)
    read_or_refuse(FIRST_LINE + content)


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=60), st.sampled_from(["cp1251", "utf-8", "cp866"])
)
def test_lines_of_the_format_in_any_order_are_refused_or_read(lines, codec):
    statement = read_or_refuse(FIRST_LINE + "\r\n".join(lines).encode(codec, errors="ignore"))
    if statement is not None and statement.is_complete:
        assert statement.balances


@settings(max_examples=300)
@given(st.sampled_from([ORDERS, STATEMENT]), st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_spoilt_example_is_refused_or_read(name, chance, times):
    content = bytearray(windows(text(name)))
    for _ in range(times):
        spoil(content, chance)
    read_or_refuse(bytes(content))


def spoil(content: bytearray, chance: random.Random) -> None:
    """Change, remove, repeat or move some bytes."""
    place = chance.randrange(len(content) + 1)
    length = chance.choice([1, 1, 2, 10, 200])
    piece = content[place : place + length]
    kind = chance.choice(["byte", "cut", "again", "end", "move"])
    if kind == "byte" and place < len(content):
        content[place] = chance.randrange(256)
    elif kind == "cut":
        del content[place : place + length]
    elif kind == "again":
        content[place:place] = piece
    elif kind == "move":
        del content[place : place + length]
        content.extend(piece)
    elif kind == "end":
        del content[max(place, 1) :]


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.integers(1, 6), st.decimals("0.01", "100000.00", places=2))
def test_a_statement_whose_sums_were_changed_is_never_complete(place, times, amount):
    sums = ["1000000.00", "ВсегоПоступило=0.00", "ВсегоСписано=50668.00", "949332.00", "СуммаРасход=50668.00"]
    chosen = sums[place % len(sums)]
    name, _, value = chosen.rpartition("=")
    changed = Decimal(value) + amount
    content = text(STATEMENT).replace(chosen, f"{name}{'=' if name else ''}{changed}", 1)
    assert not read(windows(content)).is_complete


SECTION = "СекцияДокумент\n".encode("cp1251")
HOSTILE = {
    "one endless line": FIRST_LINE + b"x" * (MAX_BYTES - 100),
    "one endless value": FIRST_LINE + SECTION + "НомерДокумента=".encode("cp1251") + b"1" * 900_000,
    "an endless purpose": FIRST_LINE + SECTION + "НазначениеПлатежа=x\n".encode("cp1251") + b"a b\n" * 1_000_000,
    "line feeds only": FIRST_LINE + b"\n" * (MAX_BYTES - 100),
    "accounts only": FIRST_LINE + b"".join("РасчСчет=%d\n".encode("cp1251") % number for number in range(50_000)),
    "sections only": FIRST_LINE + SECTION * 100_000,
    "random": FIRST_LINE + random.Random(9).randbytes(MAX_BYTES - 100),
    "no first line": b"\x00" * MAX_BYTES,
    "half letters": FIRST_LINE + b"\xd0" * 1_000_000,
    "signs of equality": FIRST_LINE + SECTION + b"=" * 900_000 + b"\n" + b"=\n" * 100_000,
    "a long number": FIRST_LINE + SECTION + "Сумма=".encode("cp1251") + b"9" * 1_900,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_costs_neither_time_nor_memory(content):
    with no_hang():
        read_or_refuse(content)
    tracemalloc.start()
    try:
        read_or_refuse(content)
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()
