"""What every request of a signed-in person needs to know: the organisation acted for and the person's language."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation

ORGANISATION_KEY = "acting_organisation"
NEEDS_CODE_KEY = "needs_code"
# Where one may go between the password and the one-time code.
OPEN_BEFORE_CODE = frozenset({"accounts:code", "accounts:set_up_code", "accounts:sign_out", "accounts:language"})


class PersonMiddleware:
    """After authentication: the session's organisation goes to the user, the user's language to the page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            request.user.acting_organisation_id = request.session.get(ORGANISATION_KEY)
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """Who signed in by password and owes a one-time code gets no other page before it."""
        if not request.session.get(NEEDS_CODE_KEY) or not request.user.is_authenticated:
            return None
        if request.user.is_verified() or request.resolver_match.view_name in OPEN_BEFORE_CODE:
            return None
        return redirect("accounts:code")
