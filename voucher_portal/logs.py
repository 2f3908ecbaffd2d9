"""Logs: one line per event with the request's id, readable here and JSON in production, never a whole IIN."""

import logging
import logging.config
import re
import time
import uuid

import structlog
from django.http import HttpRequest, HttpResponse

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Twelve digits that begin with a birth date and go on with the digit of century and sex.
IIN = re.compile(r"(?<!\d)(\d\d(?:0[1-9]|1[0-2]))(?:0[1-9]|[12]\d|3[01])[0-6]\d{3}(\d\d)(?!\d)")

NOT_LOGGED = ("/static/", "/healthz/")
QUIETER = {"axes.apps": "WARNING", "fontTools": "ERROR", "weasyprint": "ERROR"}

log = structlog.get_logger("portal.requests")


def mask_iins(text: str) -> str:
    """`text` with the birth day, sex and number of every IIN struck out: 190112500018 becomes 1901******18."""
    return IIN.sub(r"\1******\2", text)


class MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """Masks the finished line, so that no value, message or traceback goes around the mask."""

    def format(self, record: logging.LogRecord) -> str:
        """The line to write."""
        return mask_iins(super().format(record))


class RequestIdMiddleware:
    """Gives every request an id: the caller's own where it is well-formed, and hands it back in the answer.

    The id stands as `request.request_id`, in every log line of the request and on the error pages.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        request.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request.request_id):
            response = self.get_response(request)
            if not request.path.startswith(NOT_LOGGED):
                milliseconds = round((time.perf_counter() - started) * 1000)
                what = {"method": request.method, "path": request.path, "status": response.status_code}
                log.info("request", **what, milliseconds=milliseconds)
        response[REQUEST_ID_HEADER] = request.request_id
        return response


def _drop_whole_objects(_logger, _method: str, event: dict) -> dict:
    """Django hands the request to its log lines and Celery all of a task; their lines say enough without."""
    for name in ("request", "data"):
        event.pop(name, None)
    return event


def configure(*, level: str, json_lines: bool) -> None:
    """Send structlog and the standard library's logging through one formatter to standard error."""
    before_rendering = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _drop_whole_objects,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if json_lines
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before_rendering,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": MaskingFormatter,
                    "foreign_pre_chain": before_rendering,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {name: {"level": level} for name, level in QUIETER.items()},
        }
    )
