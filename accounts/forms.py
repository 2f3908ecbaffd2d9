"""Sign-in, own data, password and one-time code: parsing and field errors in the words of the portal."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import signatures
from accounts.models import User
from accounts.signatures import Refusal, Signer, SignInRefused
from voucher_portal.forms import PortalForm
from voucher_portal.identifiers import validate_iin
from voucher_portal.phones import PhoneError, normalise_phone

PHONE_MESSAGES = {
    "format": _("Enter the number as +7 7XX XXX XX XX."),
    "foreign": _("The portal sends SMS to numbers of Kazakhstan only. Enter the number as +7 7XX XXX XX XX."),
    "landline": _("SMS do not reach a landline. Enter a mobile number as +7 7XX XXX XX XX."),
}


CLOSED = _("This sign-in is closed. Ask your organisation or the operator.")
REFUSALS = {
    Refusal.INVALID: _("The signature is not valid. Sign again, or sign in with the password."),
    Refusal.REVOKED: _("The certificate of this key is revoked. Get a new key, or sign in with the password."),
    Refusal.EXPIRED: _("The certificate of this key has expired. Get a new key, or sign in with the password."),
    Refusal.CERTIFICATE: _("One cannot sign in with this certificate. Choose another key of yours."),
    Refusal.SIGNING_KEY: _("This key is for signing documents. Choose the key for authentication."),
    Refusal.UNCHECKED: _(
        "The certification centre does not answer, and without it the certificate cannot be checked. "
        "Try again in a few minutes, or sign in with the password."
    ),
    Refusal.UNVERIFIED: _("The portal cannot check a signature of this kind now. Sign in with the password."),
    Refusal.UNKNOWN: _("The portal does not know the owner of this key. Ask your organisation or the operator."),
    Refusal.INACTIVE: CLOSED,
    Refusal.LOCKED: _("There were too many attempts to sign in. Try again later."),
    Refusal.USED: _("This signature has been used already. Sign again."),
    Refusal.OLD: _("More than two minutes passed before the signature came. Sign again."),
    Refusal.OTHER_SITE: _("This signature was made for another site. Sign on this page only."),
    Refusal.OTHER_BROWSER: _("This signature was made in another browser. Sign on this page."),
}


class SignInForm(PortalForm, AuthenticationForm):
    """IIN and password. Which of the two is wrong is not told."""

    error_messages = {
        "invalid_login": _("The IIN or the password is wrong. Check both and try again."),
        "inactive": CLOSED,
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        iin = self.fields["username"]
        iin.label = _("IIN")
        iin.validators.append(validate_iin)
        iin.widget.attrs |= {"inputmode": "numeric", "autocomplete": "username", "maxlength": 12}
        self.fields["password"].label = _("Password")


class SignatureForm(forms.Form):
    """What static/js/ncalayer.js sends: the signature of the bytes that `signatures.issue` gave, and those bytes."""

    cms = forms.CharField(required=False)
    data = forms.CharField(required=False)
    signer: Signer

    def __init__(self, request: HttpRequest | None = None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> None:
        """Finds out who signed; a signature that does not let in is told as an error of the whole form."""
        cleaned = super().clean()
        try:
            self._user, self.signer = signatures.read(
                self.request, cms=cleaned.get("cms", ""), data=cleaned.get("data", "")
            )
        except SignInRefused as refused:
            raise ValidationError(REFUSALS[refused.refusal], code=refused.refusal) from None

    def get_user(self) -> User:
        """The person who signed."""
        return self._user


class ProfileForm(PortalForm, forms.ModelForm):
    """What people may change about themselves: names come from the register."""

    class Meta:
        model = User
        fields = ["phone", "email", "language"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.attrs |= {"type": "tel", "autocomplete": "tel"}
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        self.fields["email"].error_messages["invalid"] = _("Enter an e-mail address, for example name@example.kz.")
        self.fields["phone"].help_text = _("For example +7 701 123 45 67")

    def clean_phone(self) -> str:
        """The mobile number in its normal form; an empty one stays empty, as does one that a register gave."""
        typed = self.cleaned_data["phone"]
        if not typed or "phone" not in self.changed_data:
            return typed
        try:
            return normalise_phone(typed)
        except PhoneError as error:
            raise ValidationError(PHONE_MESSAGES[error.code], code="phone") from None


class PasswordForm(PortalForm, PasswordChangeForm):
    """The old password and the new one, twice."""

    error_messages = PasswordChangeForm.error_messages | {
        "password_incorrect": _("The current password is wrong. Type it again."),
        "password_mismatch": _("The two passwords differ. Type the same one twice."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Current password")
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password2"].label = _("New password once more")
        self.fields["new_password2"].help_text = ""


class CodeForm(PortalForm):
    """Six digits of the app that makes one-time codes."""

    code = forms.RegexField(
        r"^[0-9]{6}$",
        label=_("One-time code"),
        error_messages={"invalid": _("The code has 6 digits.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6}),
    )

    def __init__(self, *args, device: TOTPDevice | None, **kwargs):
        super().__init__(*args, **kwargs)
        self.device = device

    def clean_code(self) -> str:
        """Refuses a wrong or used code; the device makes a guesser wait longer each time."""
        code = self.cleaned_data["code"]
        if self.device is None or not self.device.verify_is_allowed()[0] or not self.device.verify_token(code):
            raise ValidationError(_("The code does not fit. Wait for the next one and type it."), code="code")
        return code
