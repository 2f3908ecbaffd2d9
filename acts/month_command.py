"""What the commands about a month of an issuer have in common."""

from schools.enums import Programme
from schools.models import Issuer
from voucher_portal.commands import WrongInput
from voucher_portal.dates import Month


def add_month_arguments(parser) -> None:
    """`YYYY-MM --issuer CODE --programme P`."""
    parser.add_argument("month", help="e.g. 2025-10")
    parser.add_argument("--issuer", required=True, help="code of the issuer")
    parser.add_argument("--programme", required=True, choices=Programme.values)


def month_and_issuer(month: str, issuer: str) -> tuple[Month, Issuer]:
    """The month and issuer that the words of the command name.

    Raises:
        WrongInput: either is unknown.
    """
    try:
        return Month.parse(month), Issuer.objects.get(code=issuer)
    except ValueError as error:
        raise WrongInput(str(error)) from error
    except Issuer.DoesNotExist:
        raise WrongInput(f"there is no issuer with the code {issuer!r}") from None
