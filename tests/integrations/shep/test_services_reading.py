"""Each getter gives its type, None for what is missing, or refuses by the element's name."""

import datetime
from decimal import Decimal

import pytest
from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import reading
from integrations.shep.reading import Coded
from voucher_portal.dates import ALMATY, Month

GETTERS = [
    reading.text, reading.label, reading.code, reading.number, reading.day, reading.instant, reading.month,
    reading.money, reading.decimal, reading.integer, reading.boolean, reading.coded,
]  # fmt: skip


def of(inside):
    return etree.fromstring(f"<r>{inside}</r>")


def value(text):
    return of(f"<a>{text}</a>")


def at(*parts):
    return datetime.datetime(*parts, tzinfo=ALMATY)


@pytest.mark.parametrize("getter", GETTERS)
@pytest.mark.parametrize("inside", ["", "<b>1</b>", "<a/>", "<a> \n </a>", '<a nil="true"/>'])
def test_what_is_missing_or_empty_is_none(getter, inside):
    assert getter(of(inside), "a") is None


@pytest.mark.parametrize("getter", GETTERS)
def test_what_stands_twice_is_refused(getter):
    with pytest.raises(BadMessage, match="a stands more than once"):
        getter(of("<a>1</a><a>1</a>"), "a")


@pytest.mark.parametrize("getter", [each for each in GETTERS if each not in (reading.coded, reading.label)])
def test_elements_in_the_place_of_a_value_are_refused(getter):
    with pytest.raises(BadMessage, match="a has elements where a value belongs"):
        getter(of("<a><b/></a>"), "a")


@pytest.mark.parametrize("getter", GETTERS)
def test_a_text_without_end_is_refused(getter):
    with pytest.raises(BadMessage, match="a is longer than"):
        getter(value("1" * 2001), "a")


@pytest.mark.parametrize(
    ("getter", "text", "expected"),
    [
        (reading.text, "  ӘЛІ \n ТЕСТОВ ", "ӘЛІ ТЕСТОВ"),
        (reading.code, "KZ00", "KZ00"),
        (reading.number, "190101599018", "190101599018"),
        (reading.day, "2020-01-15", datetime.date(2020, 1, 15)),
        (reading.day, "2020-01-15+06:00", datetime.date(2020, 1, 15)),
        (reading.day, "2020-01-15Z", datetime.date(2020, 1, 15)),
        (reading.day, "2025-01-14T20:00:00Z", datetime.date(2025, 1, 15)),
        (reading.instant, "2025-11-05T10:15:00+05:00", at(2025, 11, 5, 10, 15)),
        (reading.instant, "2025-11-05T11:15:00+06:00", at(2025, 11, 5, 10, 15)),
        (reading.instant, "2025-11-05T10:15:00", at(2025, 11, 5, 10, 15)),
        (reading.instant, "2025-11-05T05:15:00.123456789Z", at(2025, 11, 5, 10, 15, 0, 123456)),
        (reading.instant, "2025-11-05", at(2025, 11, 5)),
        (reading.month, "2025-10", Month(2025, 10)),
        (reading.month, "2025-10+05:00", Month(2025, 10)),
        (reading.month, "2025-10-31", Month(2025, 10)),
        (reading.money, "0", Decimal("0.00")),
        (reading.money, "-12500.5", Decimal("-12500.50")),
        (reading.money, "+3.1000", Decimal("3.10")),
        (reading.decimal, "43.238949", Decimal("43.238949")),
        (reading.integer, "-15", -15),
        (reading.boolean, "true", True),
        (reading.boolean, "0", False),
        (reading.coded, "PAID", Coded("PAID")),
        (reading.coded, "<code>1</code><nameRu>Да</nameRu><nameKz>Иә</nameKz>", Coded("1", "Да", "Иә")),
        (reading.coded, "<NameRu>Да</NameRu><Code>1</Code>", Coded("1", "Да")),
        (reading.coded, "<other>1</other>", Coded()),
        (reading.label, "Алматы", "Алматы"),
        (reading.label, "<code>75</code><nameRu>Алматы</nameRu>", "Алматы"),
        (reading.label, "<code>75</code><nameKz>Алматы қ.</nameKz>", "Алматы қ."),
        (reading.label, "<code>75</code>", "75"),
    ],
)
def test_a_value_is_read(getter, text, expected):
    assert getter(value(text), "a") == expected
    assert str(getter(value(text), "a")) == str(expected)


@pytest.mark.parametrize(
    ("getter", "text"),
    [
        (reading.code, "a\u200fb"),
        (reading.code, "x" * 101),
        (reading.number, "19010159901"),
        (reading.number, "١٩٠١٠١٥٩٩٠١٨"),
        (reading.day, "15.01.2020"),
        (reading.day, "2020-02-30"),
        (reading.day, "0000-01-01"),
        (reading.day, "2020-1-5"),
        (reading.day, "2020-01-15+6"),
        (reading.day, "0001-01-01T00:00:00+14:00"),
        (reading.instant, "9999-12-31T23:59:59-14:00"),
        (reading.instant, "2025-11-05T24:00:00"),
        (reading.instant, "2025-11-05T10:15:00+99:00"),
        (reading.instant, "2025-11-05 10:15:00"),
        (reading.month, "2025-13"),
        (reading.month, "0000-01"),
        (reading.money, "12 500.00"),
        (reading.money, "12500,00"),
        (reading.money, "1e5"),
        (reading.money, "NaN"),
        (reading.money, "0.001"),
        (reading.money, "1" * 16),
        (reading.decimal, ".5"),
        (reading.integer, "1.0"),
        (reading.integer, "1" * 10),
        (reading.boolean, "yes"),
        (reading.boolean, "True"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_repeated(getter, text):
    with pytest.raises(BadMessage, match="^a (is|has) ") as refused:
        getter(value(text), "a")
    assert text not in refused.value.reason


def test_a_path_goes_downwards_in_any_namespace_or_none():
    root = etree.fromstring('<r xmlns:x="urn:x"><x:a><b xmlns="urn:y">1</b></x:a></r>')
    assert reading.text(root, "a/b") == "1"
    assert reading.text(root, "a/c") is None
    assert reading.text(root, "c/b") is None


def test_children_are_counted():
    assert len(reading.children(of("<a/>" * 10_000), "a")) == 10_000
    with pytest.raises(BadMessage, match="a stands more than 10000 times"):
        reading.children(of("<a/>" * 10_001), "a")
    assert reading.children(of(""), "b/a") == []


def test_what_has_to_be_there_is_asked_for():
    with pytest.raises(BadMessage, match="a is missing"):
        reading.required(of(""), "a")


@pytest.mark.parametrize(
    ("inside", "says"),
    [("", False), ("<a/>", False), ("<a>false</a>", False), ("<a>0</a>", False), ("<a>1</a>", True),
     ("<a><b/></a>", True)],
)  # fmt: skip
def test_whether_anything_is_said(inside, says):
    assert reading.has(of(inside), "a") is says
