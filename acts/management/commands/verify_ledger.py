"""`manage.py verify_ledger [--issuer CODE]`: recompute the seals and every rule that is a query."""

from acts.verification import verify
from schools.models import Issuer
from voucher_portal.commands import DONE, PUT_ASIDE, JsonCommand, WrongInput


class Command(JsonCommand):
    help = "Recompute the seals of the ledger and ask every rule; exit status 1 when anything is found."

    def add_options(self, parser):
        parser.add_argument("--issuer", help="code of one issuer; without it all are verified")

    def run(self, *, issuer, **_options) -> dict:
        if issuer is None:
            return verify()
        payer = Issuer.objects.filter(code=issuer).first()
        if payer is None:
            raise WrongInput(f"there is no issuer with the code {issuer!r}")
        return verify(payer)

    def exit_status(self, result: dict) -> int:
        return PUT_ASIDE if any(result["rules"].values()) else DONE
