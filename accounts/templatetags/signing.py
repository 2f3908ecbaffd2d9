"""What a form needs to be signed with NCALayer (templates/components/signing.html)."""

from django import template
from django.conf import settings
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
def signs(*, signer: str, source: str) -> str:
    """Attributes of the form: which keys may sign, where the bytes come from, where NCALayer listens."""
    keys = " data-portal-sign-test-keys" if settings.EDS_TEST_KEYS else ""
    return format_html(
        'data-portal-sign="{}" data-portal-sign-source="{}" data-portal-sign-address="{}"{}',
        signer,
        source,
        settings.NCALAYER_ADDRESS,
        keys,
    )
