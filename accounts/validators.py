"""Form and model validators of the numbers that people sign in with; the check itself is in the kernel."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from voucher_portal.identifiers import bin_error, iin_error


def validate_iin(value: str) -> None:
    """Raise `ValidationError` unless `value` is a well-formed IIN (contracts/number-formats.md §2)."""
    error = iin_error(value)
    if error == "format":
        raise ValidationError(_("An IIN has 12 digits. You typed %(count)s.") % {"count": len(value)}, code=error)
    if error == "century":
        raise ValidationError(_("An IIN of this series is not accepted here. Ask the operator for help."), code=error)
    if error:
        raise ValidationError(_("The IIN is wrong: its control digit does not match."), code=error)


def validate_bin_or_iin(value: str) -> None:
    """Raise `ValidationError` unless `value` is a BIN, or the IIN of a sole trader (number-formats.md §3)."""
    if bin_error(value) and iin_error(value):
        raise ValidationError(_("The BIN is wrong. Check its 12 digits."), code="bin")
