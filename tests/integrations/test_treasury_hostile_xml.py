"""Hostile and broken XML: neither the portal's readers nor the emulated gateway may be hurt by it."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from integrations.emulators.treasury_orders import Invalid, read_message
from integrations.safe_xml import MAX_BYTES, BadMessage
from integrations.treasury import camt054, pain002
from tests.integrations.treasury_examples import BOOKING, ORDER, STATUS, golden

READERS = [
    pytest.param(pain002.parse, STATUS, BadMessage, id="pain.002"),
    pytest.param(camt054.parse, BOOKING, BadMessage, id="camt.054"),
    pytest.param(read_message, ORDER, Invalid, id="gateway"),
]
BOMB = b"<!DOCTYPE b [" + b"".join(
    b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10 if level else b"ha" * 100) for level in range(12)
)
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'


def with_prologue(name, prologue, text=b""):
    """A golden message with `prologue` before its root, and `text` in its first identifier."""
    content = golden(name).removeprefix(DECLARATION)
    return DECLARATION + prologue + content.replace(b"<MsgId>", b"<MsgId>" + text, 1)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("top secret")
    return path


@pytest.mark.parametrize(("read", "name", "error"), READERS)
def test_a_file_of_this_machine_is_not_read_into_a_message(read, name, error, secret):
    prologue = b'<!DOCTYPE b [<!ENTITY x SYSTEM "%s">]>' % secret.as_uri().encode()
    with pytest.raises(error) as refused:
        read(with_prologue(name, prologue, b"&x;"))
    assert "top secret" not in str(refused.value)


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@pytest.mark.parametrize("reference", [b"&e11;", b""])
def test_an_entity_bomb_costs_nothing(read, name, error, reference):
    started = time.process_time()
    with pytest.raises(error):
        read(with_prologue(name, BOMB + b"]>", reference))
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE b SYSTEM "http://127.0.0.1:9/evil.dtd">',
        b'<!DOCTYPE b PUBLIC "-//X" "http://127.0.0.1:9/evil.dtd">',
        b'<!DOCTYPE b [<!ENTITY % p SYSTEM "http://127.0.0.1:9/evil.dtd"> %p;]>',
        b'<!DOCTYPE b [<!ATTLIST Amt Ccy CDATA "KZT">]>',
    ],
)
def test_any_document_type_is_refused(read, name, error, prologue):
    with pytest.raises(error, match="document type"):
        read(with_prologue(name, prologue))


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp037"])
def test_a_document_type_does_not_hide_in_another_encoding(read, name, error, encoding):
    text = with_prologue(name, b"<!DOCTYPE b []>").decode().replace("UTF-8", encoding)
    with pytest.raises(error):
        read(text.encode(encoding))


@pytest.mark.parametrize(("read", "name", "error"), READERS)
def test_a_declared_encoding_other_than_utf_8_is_refused(read, name, error):
    with pytest.raises(error, match="not UTF-8"):
        read(golden(name).replace(b'encoding="UTF-8"', b'encoding="UTF-7"'))


@pytest.mark.parametrize(("read", "name", "error"), READERS)
def test_a_message_above_five_mebibytes_is_refused_unread(read, name, error):
    padding = b"<!-- " + b"x" * MAX_BYTES + b" -->"
    with pytest.raises(error, match="larger than"):
        read(with_prologue(name, padding))


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{}",
        b"<a>",
        b"<a/>",
        b"\x00" * 100,
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        b"<Document/>",
        b"<a xmlns='x'><b></a>",
        b"<a" + b"<a>" * 10_000,
        b"<Document>" * 5_000 + b"</Document>" * 5_000,
        b"<?xml version='1.0'?><?php x ?><Document/>",
        b"<Document a='" + b"x" * 4_000_000 + b"'/>",
        b"<Document><![CDATA[<!ENTITY]]></Document>",
    ],
)
def test_what_is_no_message_is_refused(read, name, error, content):
    with pytest.raises(error):
        read(content)


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@given(content=st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_the_one_error(read, name, error, content):
    with pytest.raises(error):
        read(content)


NASTY = st.sampled_from(
    [b"", b"<", b"&", b"&#0;", b"&#x41;", b"]]>", b"\x00", b"\xff", b"NaN", b"-1", b"1e9", b"9" * 40, b"2025-99-99"]
    + [
        b"0001-01-01T00:00:00Z",
        b"2099-12-31T23:59:59-14:00",
        b"NOTPROVIDED",
        b" ",
        "Қазақ".encode(),
        b"<x/>",
        b"<!-- -->",
    ]
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), NASTY | st.binary(max_size=8)), min_size=1, max_size=6)


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@given(edits=EDITS)
@settings(max_examples=300)
def test_a_mutated_message_is_read_or_refused_and_nothing_else(read, name, error, edits):
    content = golden(name)
    for place, length, text in edits:
        start = int(place * len(content))
        content = content[:start] + text + content[start + length :]
    with contextlib.suppress(error):
        read(content)


VALUES = st.text(st.characters(codec="utf-8"), max_size=60) | NASTY.map(lambda text: text.decode("utf-8", "replace"))


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@given(data=st.data())
@settings(max_examples=200)
def test_any_text_in_any_element_is_read_or_refused_and_nothing_else(read, name, error, data):
    root = etree.fromstring(golden(name))
    leaves = [element for element in root.iter() if len(element) == 0]
    for element in data.draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=4)):
        with contextlib.suppress(ValueError):  # control characters, which no XML can hold
            element.text = data.draw(VALUES)
    with contextlib.suppress(error):
        read(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


@pytest.mark.parametrize(("read", "name", "error"), READERS)
@given(data=st.data())
@settings(max_examples=200)
def test_elements_left_out_doubled_or_moved_are_read_or_refused_and_nothing_else(read, name, error, data):
    root = etree.fromstring(golden(name))
    for _change in range(data.draw(st.integers(1, 4))):
        elements = [element for element in root.iter() if element is not root]
        if not elements:
            break
        chosen = data.draw(st.sampled_from(elements))
        target = data.draw(st.sampled_from([root, *elements]))
        if data.draw(st.booleans()):
            chosen.getparent().remove(chosen)
        elif target is not chosen and chosen not in target.iterancestors():
            target.append(chosen)
    with contextlib.suppress(error):
        read(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
