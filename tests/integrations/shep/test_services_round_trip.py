"""Any record survives the way to its register and back, and nothing that comes from there breaks the reader."""

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep.registers import Outcome, Reading
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.services_answers import FORMS, RECORDS, answer, records
from tests.integrations.shep.services_examples import answer_of

CODES = list(REGISTERS)
ONLY_ONE = {"KGD"}
NAMES = sorted(
    {name for code in CODES for name in (etree.QName(each).localname for each in answer_of(code).iter())}
    | {"result_code", "excludeStatus", "missingStatus", "FoundersFL", "HeaderOrganization", "resultText", "evil"}
)
VALUES = [
    "", " ", "1", "-1", "true", "2025-02-30", "2025-10-01T25:00:00", "9999-12-31T23:59:59-14:00", "1e5", "NaN",
    "0001-01-01T00:00:00+14:00", "FOUND", "NOT_FOUND", "002", "031", "00000", "OK", "12345678901", "٣", "x" * 2001,
    "999999999999999999999", "0.005", "\u200f", "2025-13",
]  # fmt: skip


def test_every_record_has_a_form():
    for record, form in FORMS.items():
        assert [field.name for field in fields(record)] == list(form), record


@pytest.mark.parametrize("code", CODES)
@given(data=st.data())
@settings(max_examples=25)
def test_records_come_back_as_they_were(code, data):
    written = data.draw(st.lists(records(RECORDS[code]), min_size=1, max_size=1 if code in ONLY_ONE else 3))
    namespace = data.draw(st.sampled_from([None, "", "urn:another"]))
    read = REGISTERS[code].read(answer(code, tuple(written), namespace))
    if code == "KGD" and written[0].total_kzt is None and not written[0].offices:
        assert read.outcome is Outcome.NO_DATA
    else:
        assert (read.outcome, read.records) == (Outcome.FOUND, tuple(written))


def copy_of(element):
    return etree.fromstring(etree.tostring(element, with_tail=False))


CHANGES = [
    lambda draw, element, other: element.getparent().remove(element),
    lambda draw, element, other: element.addnext(copy_of(element)),
    lambda draw, element, other: other.append(copy_of(element)),
    lambda draw, element, other: setattr(element, "tag", draw(st.sampled_from(NAMES))),
    lambda draw, element, other: setattr(element, "tag", f"{{urn:another}}{etree.QName(element).localname}"),
    lambda draw, element, other: setattr(element, "text", draw(st.sampled_from(VALUES))),
    lambda draw, element, other: element.clear(),
]


def change(draw, root):
    """An element goes, comes twice, comes again elsewhere, gets another name, namespace or text, or is emptied."""
    elements = st.sampled_from(list(root.iter())[1:])
    if len(root):
        draw(st.sampled_from(CHANGES))(draw, draw(elements), draw(elements))


@pytest.mark.parametrize("code", CODES)
@given(data=st.data())
@settings(max_examples=60)
def test_a_changed_answer_is_read_or_refused(code, data):
    root = answer_of(code)
    for _change in range(data.draw(st.integers(1, 4))):
        change(data.draw, root)
    assert_read_or_refused(code, root)


TREES = st.recursive(
    st.builds(lambda name, text: (name, text, []), st.sampled_from(NAMES), st.sampled_from(VALUES)),
    lambda inner: st.builds(
        lambda name, text, children: (name, text, children),
        st.sampled_from(NAMES), st.sampled_from(VALUES), st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip


def grow(parent, tree):
    name, text, children = tree
    element = etree.SubElement(parent, name)
    element.text = text
    for child in children:
        grow(element, child)


@pytest.mark.parametrize("code", CODES)
@given(trees=st.lists(TREES, max_size=4))
@settings(max_examples=30)
def test_an_answer_of_anything_is_read_or_refused(code, trees):
    root = etree.Element("data")
    for tree in trees:
        grow(root, tree)
    assert_read_or_refused(code, root)


def assert_read_or_refused(code, root):
    try:
        read = REGISTERS[code].read(root)
    except BadMessage as refused:
        read = Reading(Outcome.ERROR, reason=refused.reason)
        assert read.reason
    assert (read.outcome is Outcome.FOUND) == bool(read.records)
    assert len(read.reason) <= 300
