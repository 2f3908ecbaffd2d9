"""What people type about an act."""

from django import forms
from django.utils.translation import gettext_lazy as _

from voucher_portal.forms import PortalForm

REASON_LENGTH = 1_000


class ReturnForm(PortalForm):
    """Why the department gives an act back."""

    reason = forms.CharField(
        label=_("Reason of the return"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The organisation will read this text. Say which lines and days are wrong."),
    )
