"""One-time codes (TOTP): setting up the app, and the second step of sign-in for the roles that need it.

The setting `REQUIRE_TOTP` lists those roles; it is empty in the demo, where anyone may set up a code of his own.
"""

from base64 import b32encode

import django_otp
import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.forms import CodeForm
from accounts.models import User

form_page = require_http_methods(["GET", "HEAD", "POST"])


def is_required_of(user: User) -> bool:
    """Whether the person has a code already, or a role today that must have one."""
    must = any(membership.role in settings.REQUIRE_TOTP for membership in user.memberships_today)
    return must or TOTPDevice.objects.filter(user=user, confirmed=True).exists()


@never_cache
@form_page
def code(request: HttpRequest) -> HttpResponse:
    """The second step of sign-in; who must have a code and has none sets it up first."""
    device = TOTPDevice.objects.filter(user=request.user, confirmed=True).first()
    if device is None:
        return redirect("accounts:set_up_code")
    form = CodeForm(request.POST or None, device=device)
    if request.method == "POST" and form.is_valid():
        django_otp.login(request, device)
        return redirect("home")
    return render(request, "accounts/code.html", {"form": form})


@never_cache
@form_page
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the secret as a QR code until its first right code comes."""
    if TOTPDevice.objects.filter(user=request.user, confirmed=True).exists():
        return redirect("accounts:code" if not request.user.is_verified() else "accounts:profile")
    device, _made = TOTPDevice.objects.get_or_create(
        user=request.user, confirmed=False, defaults={"name": settings.OTP_TOTP_ISSUER}
    )
    form = CodeForm(request.POST or None, device=device)
    if request.method == "POST" and form.is_valid():
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        django_otp.login(request, device)
        messages.success(request, _("Sign-in with a one-time code is on."))
        return redirect("accounts:profile")
    picture = segno.make(device.config_url).svg_data_uri(scale=5, border=2)
    secret = b32encode(device.bin_key).decode()
    return render(request, "accounts/set_up_code.html", {"form": form, "picture": picture, "secret": secret})
