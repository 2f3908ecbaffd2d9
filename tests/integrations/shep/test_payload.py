"""What `data` holds, whatever form the service chose."""

import pytest
from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import payload
from integrations.shep.registers import Form

ELEMENT = '<u:Answer xmlns:u="urn:x"><name>ТОО «Ә» &amp; Ко</name></u:Answer>'


def data(content: str = "", **attributes: str) -> etree._Element:
    element = etree.fromstring(f"<data>{content}</data>")
    element.attrib.update(attributes)
    return element


def escaped(xml: str) -> etree._Element:
    element = etree.Element("data")
    element.text = xml
    return element


@pytest.mark.parametrize(
    "found",
    [
        data(ELEMENT),
        data(f"\n  {ELEMENT}\n"),
        escaped(ELEMENT),
        escaped(f"\n  {ELEMENT} \n"),
        escaped(f'<?xml version="1.0" encoding="windows-1251"?>{ELEMENT}'),
        escaped(f'\ufeff<?xml version="1.0" encoding="UTF-16"?>\n{ELEMENT}'),
        data(f"<![CDATA[{ELEMENT}]]>"),
    ],
    ids=["element", "indented", "string", "blanks", "declaration", "byte order mark", "cdata"],
)
def test_an_element_and_a_string_are_read_alike(found):
    (root,) = payload.content_of(found)
    assert root.tag == "{urn:x}Answer"
    assert root.findtext("name") == "ТОО «Ә» & Ко"


def test_elements_under_a_type_are_the_content():
    found = data("<iin>190101599018</iin><name>Ә</name>")
    assert [child.tag for child in payload.content_of(found)] == ["iin", "name"]


@pytest.mark.parametrize("found", [None, data(), data(" \n ")], ids=["none", "empty", "blank"])
def test_nothing_is_nothing(found):
    assert payload.content_of(found) is None


@pytest.mark.parametrize(
    "text",
    [
        "Сервис временно недоступен",
        "<a>",
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
        "<a>" * 300 + "</a>" * 300,
        "<a>" + "<b/>" * 300_001 + "</a>",
    ],
    ids=["words", "open", "entity", "bomb", "deep", "wide"],
)
def test_a_string_is_parsed_with_the_same_care(text):
    with pytest.raises(BadMessage):
        payload.content_of(escaped(text))


@pytest.mark.parametrize("form", Form)
def test_what_is_written_is_read_back(form):
    element = etree.fromstring(ELEMENT)
    found = payload.content_of(etree.fromstring(etree.tostring(payload.data_of(element, form))))
    names = found if form is Form.TYPED else found[0]
    assert names.findtext("name") == "ТОО «Ә» & Ко"


def test_the_type_is_the_elements_own_name():
    found = payload.data_of(etree.fromstring('<cs:Request xmlns:cs="urn:x"><iin/></cs:Request>'), Form.TYPED)
    assert found.get(f"{{{payload.XSI}}}type") == "cs:Request"
    assert found.nsmap["cs"] == "urn:x"


def test_an_element_without_a_namespace_names_no_type():
    found = payload.data_of(etree.fromstring("<Request><uin/></Request>"), Form.TYPED)
    assert etree.tostring(found) == b"<data><uin/></data>"


def test_a_string_holds_no_markup_of_the_message():
    written = etree.tostring(payload.data_of(etree.fromstring(ELEMENT), Form.ESCAPED))
    assert len(etree.fromstring(written)) == 0
    assert b"&lt;u:Answer" in written
