"""`manage.py reconcile_payments`: ask the treasury for outcomes and redeem what was paid."""

from django.utils import timezone

from acts.payments.errors import PaymentError
from acts.payments.reconciling import reconcile_payments
from voucher_portal.commands import DONE, PUT_ASIDE, JsonCommand, WrongInput


class Command(JsonCommand):
    help = "Ask the treasury what became of the payments; exit status 1 when something is refused or unknown."

    def run(self, **_options) -> dict:
        try:
            reconciled = reconcile_payments(now=timezone.now(), progress=self.progress)
        except PaymentError as error:
            raise WrongInput(str(error)) from error
        for problem in reconciled.problems:
            self.progress(problem)
        self.has_problems = bool(reconciled.problems)
        return reconciled.as_json()

    def exit_status(self, result: dict) -> int:
        is_clean = not (self.has_problems or result["rejected"] or result["returned"] or result["unknown"])
        return DONE if is_clean else PUT_ASIDE
