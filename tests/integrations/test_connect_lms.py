"""The command that registers an LMS: what it stores, what it refuses."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from integrations.models import FeedCursor, Lms

pytestmark = pytest.mark.django_db


def connect(*args):
    """What the command printed, and its exit status."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("connect_lms", *args, "--json", stdout=out, stderr=err)
    except SystemExit as stop:
        status = stop.code
    return json.loads(out.getvalue()), err.getvalue(), status


def test_a_new_lms_is_registered(monkeypatch):
    monkeypatch.setenv("DEMO_TOKEN", "secret")
    answer, told, status = connect("demo-lms", "https://lms.example/v1/", "--token-env", "DEMO_TOKEN")
    assert answer == {"code": "demo-lms", "url": "https://lms.example/v1"}
    assert (told, status) == ("demo-lms is registered\n", 0)
    lms = Lms.objects.get()
    assert (lms.url, lms.token_env, lms.is_active) == ("https://lms.example/v1", "DEMO_TOKEN", True)


def test_a_changed_address_keeps_how_far_the_feeds_were_read():
    lms = Lms.objects.create(code="demo-lms")
    FeedCursor.objects.create(lms=lms, feed="contracts", cursor="17")
    connect("demo-lms", "http://127.0.0.1:8100", "--token-env", "DEMO_TOKEN")
    assert connect("demo-lms", "http://127.0.0.1:8200", "--token-env", "DEMO_TOKEN")[2] == 0
    lms.refresh_from_db()
    assert (lms.url, lms.cursors.get().cursor) == ("http://127.0.0.1:8200", "17")


def test_a_variable_that_is_not_set_is_only_a_warning(monkeypatch):
    monkeypatch.delenv("DEMO_TOKEN", raising=False)
    _answer, told, status = connect("demo-lms", "https://lms.example/v1", "--token-env", "DEMO_TOKEN")
    assert "warning: the variable DEMO_TOKEN is not set here" in told
    assert status == 0


@pytest.mark.parametrize(
    "url",
    ["https://lms.example", "http://lms:8080/v1", "http://[::1]:80/v1", "http://localhost/v1", "HTTP://10.0.0.1"],
)
def test_addresses_of_every_network_are_taken(url):
    assert connect("demo-lms", url, "--token-env", "T")[0]["url"] == url


@pytest.mark.parametrize(
    ("code", "url", "variable", "fault"),
    [
        (
            "demo lms",
            "https://lms.example",
            "T",
            "CODE: must be 1 to 40 Latin letters, digits, hyphens or underscores",
        ),
        ("", "https://lms.example", "T", "CODE: must be 1 to 40 Latin letters, digits, hyphens or underscores"),
        ("a", "ftp://lms.example", "T", "URL: must begin with http:// or https://"),
        ("a", "javascript:alert(1)", "T", "URL: must begin with http:// or https://"),
        ("a", "lms.example", "T", "URL: must begin with http:// or https://"),
        ("a", "https://", "T", "URL: is not an address"),
        ("a", "https://lms.example:99999", "T", "URL: is not an address"),
        ("a", "https://lms example", "T", "URL: is not an address"),
        ("a", "https://lms.example/\nv1", "T", "URL: is not an address"),
        ("a", "https://[::1", "T", "URL: is not an address"),
        ("a", "https://lms.example/" + "x" * 200, "T", "URL: is not an address"),
        (
            "a",
            "https://me:word@lms.example",
            "T",
            "URL: must not have a name or password: the token comes from the variable",
        ),
        ("a", "https://lms.example/?a=1", "T", "URL: must be a base address, without ? and #"),
        ("a", "https://lms.example", "2 T", "--token-env: must be the name of an environment variable"),
        ("a", "https://lms.example", "T=x", "--token-env: must be the name of an environment variable"),
    ],
)
def test_wrong_input_is_told_and_nothing_is_stored(code, url, variable, fault):
    answer, told, status = connect(code, url, f"--token-env={variable}")
    assert (answer, status) == ({"errors": [fault]}, 2)
    assert fault in told
    assert not Lms.objects.exists()


def test_the_name_of_the_variable_is_asked_for():
    with pytest.raises(CommandError, match="--token-env"):
        call_command("connect_lms", "a", "https://lms.example")
