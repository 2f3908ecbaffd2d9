"""The business element inside `data`: elements, elements under a type, or a string that is XML itself.

Source: contracts/shep.md §2, §5. The reader does not rely on the form that a service is documented to have.
"""

from lxml import etree

from integrations.shep.envelope import text_document
from integrations.shep.registers import Form

XSI = "http://www.w3.org/2001/XMLSchema-instance"


def data_of(element: etree._Element, form: Form) -> etree._Element:
    """A `data` element with the business element in it.

    In the form TYPED the type is the element's own name; without a namespace there is no type to name.
    """
    if form is Form.TYPED:
        return _typed(element)
    data = etree.Element("data")
    if form is Form.ESCAPED:
        data.text = etree.tostring(element, encoding="unicode")
    else:
        data.append(element)
    return data


def _typed(element: etree._Element) -> etree._Element:
    name = etree.QName(element)
    if not name.namespace:
        data = etree.Element("data")
    else:
        prefix = element.prefix or "t"
        data = etree.Element("data", nsmap={prefix: name.namespace, "xsi": XSI})
        data.set(f"{{{XSI}}}type", f"{prefix}:{name.localname}")
    data.extend(list(element))
    return data


def content_of(data: etree._Element | None) -> etree._Element | None:
    """`data` as elements: itself, or a new one around what its text says; None where it says nothing.

    Raises:
        BadMessage: the text is not XML that we would read.
    """
    if data is None or len(data):
        return data
    text = (data.text or "").strip()
    if not text:
        return None
    found = etree.Element("data")
    found.append(text_document(text))
    return found
