"""Reading pages in tests: one element by CSS, its text, and forms posted as they were rendered."""

import re

from django.http import HttpResponse
from django.test import Client
from lxml import html
from lxml.cssselect import CSSSelector

BLANKS = re.compile(r"[ \t\r\n\f]+")  # not U+00A0: it is part of a sum


def select(response: HttpResponse, css: str) -> list[html.HtmlElement]:
    """Every element of the answer that the selector finds, in document order."""
    page = html.document_fromstring(_content(response))
    return CSSSelector(css)(page)


def select_one(response: HttpResponse, css: str) -> str:
    """The one element as normal markup (blanks folded), so that two renderings can be compared."""
    return _markup(element(response, css))


def element(response: HttpResponse, css: str) -> html.HtmlElement:
    """The one element that the selector finds; none or several fail the test."""
    found = select(response, css)
    assert len(found) == 1, f"{len(found)} elements for {css!r}, status {response.status_code}"
    return found[0]


def text_of(response: HttpResponse, css: str) -> str:
    """The text of the one element, blanks folded; U+00A0 stays."""
    return _folded(element(response, css).text_content())


def texts_of(response: HttpResponse, css: str) -> list[str]:
    """The texts of every element that the selector finds."""
    return [_folded(found.text_content()) for found in select(response, css)]


def submit(client: Client, page: HttpResponse, css: str, *, follow: bool = False, **data) -> HttpResponse:
    """Send the form of `page` as rendered: hidden fields, preset values, CSRF token; `data` is what a person types.

    A button with a name is pressed by giving its name in `data`. The form's own method and address are used.
    """
    form = element(page, css)
    assert form.tag == "form", f"{css!r} is not a form"
    unknown = set(data) - {control.get("name") for control in form.xpath(".//*[@name]")}
    assert not unknown, f"the form has no field {sorted(unknown)}"
    values = {name: _values(form, name) for name in form.fields}
    sent = {name: value for name, value in values.items() if value} | data
    if form.method.upper() == "GET":
        return client.get(form.get("action") or page.request["PATH_INFO"], sent, follow=follow)
    here = f"{page.request['PATH_INFO']}?{page.request['QUERY_STRING']}"
    return client.post(form.get("action") or here, sent, follow=follow)


def _values(form: html.HtmlElement, name: str) -> list[str]:
    value = form.fields[name]
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _content(response: HttpResponse) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode(response.charset or "utf-8")


def _folded(text: str) -> str:
    return BLANKS.sub(" ", text).strip(" ")


def _markup(node: html.HtmlElement) -> str:
    return _folded(html.tostring(node, encoding="unicode", with_tail=False))
