"""The content security policy, tried in a browser: pages work under it, and nothing from elsewhere is loaded."""

import pytest
from django.urls import reverse

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def complaints(page):
    """What the browser complains about, and the addresses that it asked."""
    texts, addresses = [], []
    page.on("console", lambda message: texts.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: texts.append(str(error)))
    page.on("request", lambda request: addresses.append(request.url))
    return texts, addresses


def test_the_sign_in_page_loads_only_our_own_files_and_breaks_no_rule(page, live_server, complaints):
    page.goto(live_server.url + reverse("accounts:sign_in"))
    texts, addresses = complaints
    assert texts == []
    assert len(addresses) > 3
    assert all(address.startswith((live_server.url, "data:")) for address in addresses)
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Golos Text')
