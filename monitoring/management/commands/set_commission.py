"""`manage.py set_commission BIN --issuer CODE`: whose providers a monitoring commission watches."""

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from monitoring.models import Commission
from schools.models import Issuer
from voucher_portal.commands import JsonCommand, WrongInput


class Command(JsonCommand):
    help = "Set or change the issuer whose providers a monitoring commission watches."

    def add_options(self, parser):
        parser.add_argument("bin", help="BIN of the commission, an organisation that is there already")
        parser.add_argument("--issuer", required=True, help="code of the issuer")

    def run(self, *, bin, issuer, **_options) -> dict:
        organisation = Organisation.objects.filter(bin=bin, kind=OrganisationKind.COMMISSION).first()
        watched = Issuer.objects.filter(code=issuer).first()
        wrong = []
        if organisation is None:
            wrong.append(f"there is no commission with the BIN {bin!r}")
        if watched is None:
            wrong.append(f"there is no issuer with the code {issuer!r}")
        if wrong:
            raise WrongInput(*wrong)
        Commission.objects.update_or_create(organisation=organisation, defaults={"issuer": watched})
        return {"bin": bin, "issuer": issuer}
