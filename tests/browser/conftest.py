"""One region for a whole file of stories, a server beside it, and browsers that report every complaint."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer

from tests.browser.desk import Desk
from tests.browser.town import TODAY, Town
from tests.pki import pki

__all__ = ["open_desk", "pki", "server", "town"]


@pytest.fixture(scope="module")
def town(django_db_setup, django_db_blocker) -> Iterator[Town]:
    """Written once and seen by the server; wiped at the end."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_TODAY", TODAY)
        cache.clear()
        try:
            yield Town()
        finally:
            cache.clear()
            call_command("flush", verbosity=0, interactive=False, allow_cascade=False)
            connections.close_all()  # Playwright's event loop gave this thread one more, which nobody else would close


@pytest.fixture(scope="module")
def server(town: Town, tmp_path_factory) -> Iterator[str]:
    """The address of the portal."""
    empty: Path = tmp_path_factory.mktemp("static")  # files collected earlier must not hide the newest ones
    with override_settings(
        STATIC_ROOT=empty, MEDIA_ROOT=tmp_path_factory.mktemp("media"), ALLOWED_HOSTS=["localhost"]
    ):
        running = LiveServer("localhost")
        yield running.url
        running.stop()


@pytest.fixture
def open_desk(browser: Browser, browser_context_args: dict, server: str):
    """`open_desk()` opens a browser of its own at the portal; at the end nothing may be left to complain about."""
    contexts: list[BrowserContext] = []
    desks: list[Desk] = []

    def open_one(width: int = 1280, **options) -> Desk:
        size = {"viewport": {"width": width, "height": 800}}
        contexts.append(browser.new_context(**(browser_context_args | size | options)))
        desks.append(Desk(contexts[-1].new_page(), server))
        return desks[-1]

    yield open_one
    for context in contexts:
        context.close()
    assert [complaint for desk in desks for complaint in desk.complaints] == []
