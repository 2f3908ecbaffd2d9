"""Sign-in, the way home, language, organisation and the person's own page."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import menus, services, totp
from accounts.forms import PasswordForm, ProfileForm, SignInForm
from accounts.middleware import NEEDS_CODE_KEY, ORGANISATION_KEY

form_page = require_http_methods(["GET", "HEAD", "POST"])


class SignInView(LoginView):
    """IIN and password; django-axes counts the failures."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form) -> HttpResponse:
        """Sign in and bring the browser to the person's language, also for pages after leaving."""
        response = super().form_valid(form)
        self.request.session[NEEDS_CODE_KEY] = totp.is_required_of(form.get_user())
        _remember_language(response, form.get_user().language)
        return response


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
