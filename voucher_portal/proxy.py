"""Whose request it is when a proxy stands before us."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that the lockout counts by: behind our proxy the one that the proxy saw, else the peer's.

    Only the last entry of X-Forwarded-For is our proxy's; the ones before it can be made up by the client.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.BEHIND_PROXY and forwarded:
        return forwarded.rpartition(",")[2].strip()
    return request.META["REMOTE_ADDR"]
