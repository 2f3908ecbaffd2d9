import dataclasses
import datetime
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from integrations.treasury import pain001
from integrations.treasury.messages import Account, FundingSource, Party
from integrations.treasury.payment_rules import InvalidPayment, clean_text
from tests.integrations.treasury_examples import (
    DEBTOR_ACCOUNTS,
    MSG_ID,
    ORDER,
    block,
    golden,
    large_file,
    official_schema,
    payment_file,
    transfer,
)

LOCAL, REPUBLICAN = FundingSource.LOCAL, FundingSource.REPUBLICAN


@pytest.fixture(scope="module")
def schema():
    return official_schema("pain.001", "09")


def example_a():
    """Example A of contracts/payments.md: one voucher part, two funding sources."""
    common = {
        "knp": "KNP000",
        "act_number": "A-2025-11-0007",
        "purpose": "Voucher EV25-7K3M9Q1, part 03 (2025-11), act A-2025-11-0007",
    }
    local = transfer(
        "EV25-7K3M9Q1-03-MB", "50668.00", uetr=uuid.UUID("6f1d1c7e-3c0b-4d52-9a4e-2f0d5a7c1b90"), **common
    )
    republican = transfer(
        "EV25-7K3M9Q1-03-RB", "4991.00", uetr=uuid.UUID("0b9e6a54-7d21-4f3a-8c55-91d2e6f7a3c4"), **common
    )
    return payment_file(block(LOCAL, local), block(REPUBLICAN, republican))


def problems_of(file):
    with pytest.raises(InvalidPayment) as refused:
        pain001.write(file)
    return "; ".join(refused.value.problems)


def local_file(*transfers, **changes):
    return payment_file(block(LOCAL, *transfers, **changes))


def test_example_a_of_the_contract_comes_out_byte_for_byte():
    assert pain001.write(example_a()) == golden(ORDER)


def test_the_same_file_gives_the_same_bytes():
    file = large_file(50)
    assert pain001.write(file) == pain001.write(dataclasses.replace(file))


def test_the_moment_of_creation_is_told_in_almaty_whatever_its_zone():
    moment = datetime.datetime(2025, 11, 5, 5, 15, tzinfo=datetime.UTC)
    assert pain001.write(dataclasses.replace(example_a(), created_at=moment)) == golden(ORDER)


def test_a_file_is_valid_against_the_official_schema(schema):
    sole_trader = Party(name='ИП "Күншуақ" & <Сәт>', number="850630399010")
    file = local_file(
        transfer("A-2025-11-0001-MB", creditor=sole_trader, kbe="19", budget_code="04/2/261/099/000/159"),
        transfer("A-2025-11-0002-MB-R2", "0.01", purpose="т" * 500),
    )
    schema.assertValid(etree.fromstring(pain001.write(file)))


def test_a_sole_trader_is_a_person_with_an_iin_and_a_company_an_organisation_with_a_bin():
    sole_trader = transfer(creditor=Party(name="ИП Тест", number="850630399010"))
    content = pain001.write(local_file(sole_trader)).decode()
    assert (
        "<Id><PrvtId><Othr><Id>850630399010</Id><SchmeNm><Prtry>IIN</Prtry></SchmeNm></Othr></PrvtId></Id>" in content
    )
    assert "<Id><OrgId><Othr><Id>230540990017</Id><SchmeNm><Prtry>BIN</Prtry></SchmeNm></Othr></OrgId></Id>" in content


def test_a_budget_code_longer_than_a_code_may_be_goes_into_the_information():
    content = pain001.write(local_file(transfer(budget_code="04/2/261/099/000/159"))).decode()
    assert "<Dtls><Tp>KBK</Tp><Inf>04/2/261/099/000/159</Inf></Dtls>" in content


def test_counts_and_control_sums_stand_in_the_header_and_in_each_block():
    file = payment_file(
        block(LOCAL, transfer("A-MB", "50668.10"), transfer("B-MB", "0.15")),
        block(REPUBLICAN, transfer("A-RB", "7.00")),
    )
    root = etree.fromstring(pain001.write(file))
    found = [(e.tag.rpartition("}")[2], e.text) for e in root.iter("{*}NbOfTxs", "{*}CtrlSum")]
    assert found == [
        ("NbOfTxs", "3"),
        ("CtrlSum", "50675.25"),
        ("NbOfTxs", "2"),
        ("CtrlSum", "50668.25"),
        ("NbOfTxs", "1"),
        ("CtrlSum", "7.00"),
    ]


def test_line_breaks_and_control_characters_never_get_into_a_text():
    name = Party(name="Test\r\n kindergarten\x00\x1b LLP\u2028", number="240640990012")
    content = pain001.write(local_file(transfer(creditor=name, purpose="line one\nline two\t\x07"))).decode()
    assert "<Nm>Test kindergarten LLP</Nm>" in content
    assert "<Ustrd>line one line two</Ustrd>" in content


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"amount_kzt": Decimal("0.00")}, "amount"),
        ({"amount_kzt": Decimal("-1.00")}, "amount"),
        ({"amount_kzt": Decimal("1.001")}, "amount"),
        ({"amount_kzt": Decimal("NaN")}, "amount"),
        ({"amount_kzt": Decimal(10) ** 16}, "amount"),
        ({"end_to_end_id": ""}, "EndToEndId"),
        ({"end_to_end_id": "A" * 36}, "EndToEndId"),
        ({"end_to_end_id": "A\n1"}, "EndToEndId"),
        ({"end_to_end_id": "акт-1"}, "EndToEndId"),
        ({"uetr": uuid.uuid5(uuid.NAMESPACE_DNS, "a")}, "UETR"),
        ({"uetr": uuid.uuid1()}, "UETR"),
        ({"kbe": "7"}, "KBE"),
        ({"knp": "85"}, "KNP"),
        ({"knp": "८५९"}, "KNP"),
        ({"budget_code": ""}, "budget code"),
        ({"budget_code": "0" * 36}, "budget code"),
        ({"act_number": "A\n7"}, "act number"),
        ({"act_number": "A" * 36}, "act number"),
        ({"purpose": " \n "}, "purpose"),
        ({"purpose": "Voucher of 190101599018"}, "an IIN in the purpose"),
        ({"creditor": Party(name="", number="240640990012")}, "no name"),
        ({"creditor": Party(name="X", number="240640990013")}, "check_digit"),
        ({"creditor": Party(name="X", number="850630399011")}, "check_digit"),
        ({"creditor": Party(name="X", number="")}, "format"),
        ({"account": Account(iban="KZ61999KZT0000000001", bic="DEMOKZK0")}, "IBAN"),
        ({"account": Account(iban="KZ60999KZT0000000001", bic="DEMORUK0")}, "BIC"),
        ({"account": Account(iban="KZ60999KZT0000000001", bic="demokzk0")}, "BIC"),
    ],
)
def test_a_wrong_transfer_is_refused_and_named(changes, problem):
    wrong = dataclasses.replace(transfer(), **changes)
    assert problem in problems_of(local_file(wrong, control_sum_kzt=Decimal(1)))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"msg_id": "E" * 33}, "MsgId"),
        ({"msg_id": "EVP 1\n"}, "MsgId"),
        ({"created_at": datetime.datetime(2025, 11, 5)}, "no offset"),  # noqa: DTZ001
        ({"kod": "1"}, "KOD"),
        ({"blocks": ()}, "no block"),
        ({"debtor": Party(name="X", number="230540990018")}, "debtor"),
    ],
)
def test_a_wrong_header_is_refused_and_named(changes, problem):
    assert problem in problems_of(dataclasses.replace(payment_file(), **changes))


def test_a_control_sum_that_the_transfers_do_not_make_is_refused():
    assert "its control sum is 50668.01" in problems_of(local_file(transfer(), control_sum_kzt=Decimal("50668.01")))


def test_an_identifier_or_a_source_that_stands_twice_is_refused():
    one = transfer("A-MB")
    again = dataclasses.replace(one, amount_kzt=Decimal("1.00"))
    found = problems_of(payment_file(block(LOCAL, one), block(REPUBLICAN, again), block(LOCAL, transfer("B-MB"))))
    assert "EndToEndId 'A-MB' twice" in found
    assert "UETR" in found
    assert "two blocks of source MB" in found


def test_every_problem_of_a_file_is_named_at_once():
    found = problems_of(local_file(transfer("A-MB", knp="x"), transfer("B-MB", kbe="x")))
    assert "'A-MB': KNP" in found
    assert "'B-MB': KBE" in found


def test_an_empty_block_is_refused():
    assert "no transfer" in problems_of(local_file())


def test_a_file_too_large_for_a_gateway_is_refused():
    assert "a gateway takes" in problems_of(large_file(6_000))


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("short", "short"),
        ("exactly ten", "exactly…"),
        ("0123456789", "0123456789"),
        ("0123456789a", "012345678…"),
        ("one, two three", "one, two…"),
        ("two words, x", "two words…"),
        ("a  b\n\tc", "a b c"),
    ],
)
def test_a_long_text_is_cut_at_the_end_of_a_word(text, cut):
    assert clean_text(text, 10) == cut


@given(st.text(max_size=400), st.integers(2, 140))
def test_a_cut_text_is_one_printable_line_within_its_limit(text, limit):
    cut = clean_text(text, limit)
    assert len(cut) <= limit
    assert cut.isprintable()
    assert clean_text(cut, limit) == cut


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300).filter(lambda text: clean_text(text))
AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("9999999999999.99"), places=2)


@given(names=st.lists(st.tuples(NAMES, NAMES, AMOUNTS), min_size=1, max_size=5))
def test_whatever_people_typed_the_file_is_valid_and_adds_up(schema, names):
    transfers = [
        transfer(
            f"A-{number}-MB", str(amount), creditor=Party(name=name, number="240640990012"), purpose=f"№ {purpose}"
        )
        for number, (name, purpose, amount) in enumerate(names)
    ]
    root = etree.fromstring(pain001.write(local_file(*transfers)))
    schema.assertValid(root)
    sums = [Decimal(element.text) for element in root.iter("{*}InstdAmt")]
    assert sum(sums) == sum(amount for _, _, amount in names) == Decimal(root.find(".//{*}CtrlSum").text)


def test_the_names_of_the_example_are_those_of_the_contract():
    root = etree.fromstring(golden(ORDER))
    assert root.findtext(".//{*}MsgId") == MSG_ID
    assert {e.text for e in root.iterfind(".//{*}DbtrAcct/{*}Id/{*}IBAN")} == {
        a.iban for a in DEBTOR_ACCOUNTS.values()
    }
