"""`manage.py route_payments --issuer CODE [--programme P]`: orders for accepted acts that are not held; submit."""

from django.utils import timezone

from acts.payments.errors import PaymentError
from acts.payments.routing import route_payments
from schools.enums import Programme
from schools.models import Issuer
from voucher_portal.commands import DONE, PUT_ASIDE, JsonCommand, WrongInput
from voucher_portal.dates import today


class Command(JsonCommand):
    help = "Make payment orders for accepted acts and send those that are not held to the treasury."

    def add_options(self, parser):
        parser.add_argument("--issuer", required=True, help="code of the issuer")
        parser.add_argument("--programme", choices=Programme.values, help="without it both programmes")

    def run(self, *, issuer, programme, **_options) -> dict:
        payer = Issuer.objects.filter(code=issuer).first()
        if payer is None:
            raise WrongInput(f"there is no issuer with the code {issuer!r}")
        try:
            routed = route_payments(
                issuer=payer, programme=programme, now=timezone.now(), today=today(), progress=self.progress
            )
        except PaymentError as error:
            raise WrongInput(str(error)) from error
        for problem in routed.problems:
            self.progress(problem)
        self.has_problems = bool(routed.problems)
        return routed.as_json()

    def exit_status(self, result: dict) -> int:
        return PUT_ASIDE if self.has_problems else DONE
