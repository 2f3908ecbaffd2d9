"""Error pages: what happened, what it means, what to do; nothing technical but the request's id."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def _error_page(request: HttpRequest, status: int, template: str | None = None) -> HttpResponse:
    context = {"request_id": getattr(request, "request_id", "")}
    return render(request, f"errors/{template or status}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request cannot be understood."""
    return _error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: it is there, but this person may not."""
    return _error_page(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was too old or came from elsewhere; sending it again from a fresh page helps."""
    return _error_page(request, 403, "403_csrf")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing there, or nothing of yours."""
    return _error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. Rendered without the request: no context processor may ask a database that is down."""
    page = render_to_string("errors/500.html", {"request_id": getattr(request, "request_id", "")})
    return HttpResponse(page, status=500)
