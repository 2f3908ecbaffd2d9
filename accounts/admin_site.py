"""The site of the reference admin: our sign-in, and only there the looser browser policy that its look needs."""

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

# django-unfold is drawn by Alpine, which evaluates the expressions in its attributes.
POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class ReferenceAdminSite(UnfoldAdminSite):
    """Reference data and read-only support pages for people with `is_staff`."""

    def admin_view(self, view, cacheable=False):
        """Every page of the admin, with its own policy."""
        return csp_update(POLICY)(super().admin_view(view, cacheable))

    @login_not_required
    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """One sign-in page for everybody; who has signed in and has no right here is told so."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
