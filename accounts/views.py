"""Sign-in, the way home, language, organisation and the person's own page."""

from base64 import b64encode

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import menus, services, signatures, totp
from accounts.forms import PasswordForm, ProfileForm, SignatureForm, SignInForm
from accounts.middleware import NEEDS_CODE_KEY, ORGANISATION_KEY

form_page = require_http_methods(["GET", "HEAD", "POST"])
# A session names the backend that reads its person on every page; only ModelBackend does.
PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"

log = structlog.get_logger("portal.sign_in")


class SignInView(LoginView):
    """IIN and password; django-axes counts the failures."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    method = "password"

    def get_context_data(self, **kwargs) -> dict:
        """With what the way by signature needs; it is not shown where no certification centre is trusted."""
        return super().get_context_data(takes_signatures=signatures.is_on(), **kwargs)

    def form_valid(self, form) -> HttpResponse:
        """Sign in and bring the browser to the person's language, also for pages after leaving."""
        response = super().form_valid(form)
        person = form.get_user()
        self.request.session[NEEDS_CODE_KEY] = totp.is_required_of(person)
        _remember_language(response, person.language)
        log.info("signed_in", person=person.pk, method=self.method)
        return response


@method_decorator(login_not_required, name="dispatch")
class SignInBySignatureView(SignInView):
    """A signature made by NCALayer in place of the password."""

    authentication_form = SignatureForm
    method = "signature"
    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """There is nothing at this address where no signature is taken."""
        if not signatures.is_on():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Nothing to see: who reloads after a refusal, or changes the language, comes to the page with both ways."""
        return redirect("accounts:sign_in")

    def get_context_data(self, *, form, **kwargs) -> dict:
        """Both ways again, with what was wrong beside the one that was tried and the focus not on the other."""
        by_password = SignInForm(self.request)
        del by_password.fields["username"].widget.attrs["autofocus"]
        return super().get_context_data(form=by_password, signature_form=form, **kwargs)

    def form_valid(self, form) -> HttpResponse:
        """Sign in for the organisation that the certificate names, where the person belongs to it."""
        form.get_user().backend = PASSWORD_BACKEND
        response = super().form_valid(form)
        mine = {m.organisation.bin: m.organisation_id for m in form.get_user().memberships_today}
        if form.signer.bin in mine:
            self.request.session[ORGANISATION_KEY] = mine[form.signer.bin]
        return response

    def form_invalid(self, form) -> HttpResponse:
        """The page with the reason."""
        (reason,) = [error.code for error in form.non_field_errors().as_data()]
        log.warning("sign_in_refused", method=self.method, reason=str(reason))
        return super().form_invalid(form)


@login_not_required
@never_cache
@require_POST
def bytes_to_sign(request: HttpRequest) -> HttpResponse:
    """What one signs to sign in, for static/js/ncalayer.js; good for one attempt within two minutes."""
    if not signatures.is_on():
        raise Http404
    if request.user.is_authenticated:
        return redirect("home")
    data = signatures.issue(session=request.session, site=signatures.site_of(request), now=timezone.now())
    encoded = b64encode(data).decode()
    return JsonResponse({"documents": [encoded], "fields": {"data": encoded}})


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials=None, **_kwargs
) -> HttpResponse:
    """429 of django-axes: too many wrong attempts; says when to come back."""
    return render(request, "accounts/locked_out.html", {"hours": settings.AXES_COOLOFF_TIME}, status=429)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("accounts:sign_in")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the place where the person's role works."""
    return redirect(f"/{menus.area_of(request.user)}/")


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language with the browser and the person, and come back to the same page."""
    language = request.POST.get("language", "")
    response = redirect(_way_back(request))
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        if request.user.is_authenticated:
            services.choose_language(user=request.user, language=language)
        _remember_language(response, language)
    return response


@require_POST
def choose_organisation(request: HttpRequest) -> HttpResponse:
    """Act for another of one's organisations from now on in this session; someone else's is 404."""
    mine = {str(membership.organisation_id) for membership in request.user.memberships_today}
    wish = request.POST.get("organisation", "")
    if wish not in mine:
        raise Http404
    request.session[ORGANISATION_KEY] = int(wish)
    return redirect("home")


@never_cache
@form_page
def profile(request: HttpRequest) -> HttpResponse:
    """Own data: read from the register, with phone, e-mail and language to change."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        person = form.save()
        messages.success(request, _("Saved."))
        response = redirect("accounts:profile")
        _remember_language(response, person.language)
        return response
    memberships, family = request.user.memberships_today, menus.address_of("family:home")
    return render(request, "accounts/profile.html", {"form": form, "memberships": memberships, "family": family})


@never_cache
@form_page
def change_password(request: HttpRequest) -> HttpResponse:
    """A new password; this session stays, every other one ends."""
    form = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(request, _("The password is changed."))
        return redirect("accounts:profile")
    return render(request, "accounts/password.html", {"form": form})


def _remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=settings.LANGUAGE_COOKIE_AGE, samesite="Lax", httponly=True
    )


def _way_back(request: HttpRequest) -> str:
    wish = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wish, {request.get_host()}, require_https=request.is_secure())
    return wish if is_ours else "/"
