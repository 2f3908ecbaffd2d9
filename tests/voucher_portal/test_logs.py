"""What stands in the logs, and what never does."""

import io
import json
import logging

import pytest
import structlog
from django.http import HttpResponse
from django.test import RequestFactory

from voucher_portal import logs

IIN = "190112500018"
MASKED = "1901******18"


@pytest.fixture(params=[True, False], ids=["json", "readable"])
def written(request):
    """Everything that is logged in the test, as one text; in production's form and in the developer's."""
    root, kept = logging.getLogger(), logging.getLogger().handlers[:]
    logs.configure(level="INFO", json_lines=request.param)
    stream = io.StringIO()
    ours = [handler for handler in root.handlers if isinstance(handler.formatter, logs.MaskingFormatter)]
    for handler in ours:
        handler.setStream(stream)
    yield stream.getvalue
    root.handlers[:] = kept
    logs.configure(level="INFO", json_lines=False)
    root.handlers[:] = kept


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (IIN, MASKED),
        (f"child {IIN}, guardian 850615300123.", f"child {MASKED}, guardian 8506******23."),
        (f'{{"iin": "{IIN}"}}', f'{{"iin": "{MASKED}"}}'),
        (f"/child/{IIN}/", f"/child/{MASKED}/"),
        ("BIN 250140990016", "BIN 250140990016"),
        ("not a day 191399500018", "not a day 191399500018"),
        ("longer 1901125000181", "longer 1901125000181"),
        ("no century 190112900018", "no century 190112900018"),
    ],
)
def test_only_numbers_that_look_like_an_iin_are_masked(text, masked):
    assert logs.mask_iins(text) == masked


def test_iins_are_masked_in_events_values_and_tracebacks(written):
    structlog.get_logger("test").info(f"found {IIN}", iin=IIN, nested={"children": [IIN]})
    logging.getLogger("elsewhere").warning("child %s", IIN)
    try:
        raise ValueError(f"no child {IIN}")
    except ValueError:
        logging.getLogger("elsewhere").exception("failed")
        structlog.get_logger("test").exception("failed")
    assert IIN not in written()
    assert written().count(MASKED) >= 6


def test_a_request_has_one_id_in_its_answer_and_in_its_log_lines(written):
    def view(request):
        structlog.get_logger("test").info("in the view")
        return HttpResponse(request.request_id)

    response = logs.RequestIdMiddleware(view)(RequestFactory().get("/x/", headers={"X-Request-ID": "caller-1234"}))
    assert response["X-Request-ID"] == "caller-1234"
    assert response.content == b"caller-1234"
    assert written().count("caller-1234") == 2


def test_an_ill_formed_id_is_replaced():
    middleware = logs.RequestIdMiddleware(lambda request: HttpResponse())
    response = middleware(RequestFactory().get("/", headers={"X-Request-ID": "<script>"}))
    assert len(response["X-Request-ID"]) == 32


def test_json_lines_can_be_read_by_machines(capsys):
    kept = logging.getLogger().handlers[:]
    logs.configure(level="INFO", json_lines=True)
    logging.getLogger("elsewhere").info("Ә %s", 1)
    logging.getLogger().handlers[:] = kept
    line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    assert (line["event"], line["level"], line["logger"]) == ("Ә 1", "info", "elsewhere")
