"""A key is right in itself, and its text gives it back."""

import datetime

import pytest

from integrations.shep.services import border, catalogue, elic, gbdfl
from integrations.shep.services.keys import (
    AddressKey,
    HolderKey,
    MonthKey,
    ObjectKey,
    OrganisationKey,
    PaymentKey,
    PeriodKey,
    PersonKey,
    RealtyKey,
    YearKey,
)
from tests.integrations.shep.services_examples import BIN, CHILD, EXAMPLES, Loopback

RIGHT = [
    (PersonKey, CHILD, {"iin": CHILD}, {}),
    (OrganisationKey, BIN, {"bin": BIN}, {}),
    (HolderKey, BIN, {"bin": BIN}, {}),
    (HolderKey, CHILD, {"iin": CHILD}, {}),
    (ObjectKey, BIN, {"bin": BIN}, {}),
    (ObjectKey, f"{BIN},0000000000000007", {"bin": BIN, "arCode": "0000000000000007"}, {}),
    (AddressKey, "0000000000000007", {"arCode": "0000000000000007"}, {}),
    (RealtyKey, "20:313:012:345", {"cadastralNumber": "20:313:012:345"}, {}),
    (RealtyKey, "20:313:012:345:1:12", {"cadastralNumber": "20:313:012:345:1:12"}, {}),
    (RealtyKey, BIN, {"bin": BIN}, {}),
    (PeriodKey, f"{CHILD},2025-10-01,2025-10-31", {"iin": CHILD}, {"from": "2025-10-01", "to": "2025-10-31"}),
    (PeriodKey, f"{CHILD},2024-01-01,2024-12-31", {"iin": CHILD}, {"from": "2024-01-01", "to": "2024-12-31"}),
    (YearKey, f"{BIN},2024", {"bin": BIN}, {"year": "2024"}),
    (MonthKey, f"{BIN},2024-02", {"bin": BIN}, {"from": "2024-02-01", "to": "2024-02-29"}),
    (PaymentKey, "PO-2025-000123", {"paymentId": "PO-2025-000123"}, {}),
]
WRONG = [
    (PersonKey, ""),
    (PersonKey, "190101599017"),
    (PersonKey, BIN),
    (PersonKey, f"{CHILD},"),
    (PersonKey, "١٩٠١٠١٥٩٩٠١٨"),
    (OrganisationKey, "240640990013"),
    (OrganisationKey, CHILD),
    (HolderKey, "24064099001"),
    (HolderKey, "190101599017"),
    (ObjectKey, f"{BIN},7"),
    (ObjectKey, f"{BIN},0000000000000007,1"),
    (AddressKey, "00000000000000x7"),
    (RealtyKey, "20"),
    (RealtyKey, "20:313:012:345:1:12:1:1:1"),
    (RealtyKey, "20:313:<x/>"),
    (PeriodKey, CHILD),
    (PeriodKey, f"{CHILD},2025-10-31,2025-10-01"),
    (PeriodKey, f"{CHILD},2024-01-01,2025-01-01"),
    (PeriodKey, f"{CHILD},2025-02-29,2025-03-01"),
    (PeriodKey, f"{CHILD},20251001,20251031"),
    (YearKey, f"{BIN},24"),
    (YearKey, f"{BIN},1800"),
    (MonthKey, f"{BIN},2024-13"),
    (PaymentKey, "-"),
    (PaymentKey, "x" * 37),
    (PaymentKey, "a b"),
]


@pytest.mark.parametrize(("kind", "text", "numbers", "limits"), RIGHT)
def test_the_text_of_a_key_gives_it_back(kind, text, numbers, limits):
    key = kind.parse(text)
    assert (str(key), key.numbers, key.limits) == (text, numbers, limits)
    assert kind.parse(str(key)) == key


@pytest.mark.parametrize(("kind", "text"), WRONG)
def test_a_key_that_cannot_be_one_is_refused_without_naming_the_number(kind, text):
    with pytest.raises(ValueError, match=r"\w") as refused:
        kind.parse(text)
    assert CHILD not in str(refused.value)
    assert "190101599017" not in str(refused.value)


@pytest.mark.parametrize("code", catalogue.REGISTERS)
def test_a_register_reads_the_key_that_its_typed_function_makes(code):
    gateway = Loopback()
    EXAMPLES[code].ask(gateway)
    assert catalogue.REGISTERS[code].key_from(str(gateway.key)) == gateway.key


@pytest.mark.parametrize(
    "ask",
    [
        lambda gateway: gbdfl.persons(gateway, "190101599017"),
        lambda gateway: elic.licences(gateway, "24064099001x"),
        lambda gateway: border.crossings(gateway, CHILD, datetime.date(2025, 2, 1), datetime.date(2025, 1, 1)),
    ],
)
def test_nothing_malformed_leaves_the_portal(ask):
    gateway = Loopback()
    with pytest.raises(ValueError, match="wrong|period"):
        ask(gateway)
    assert gateway.key is None
