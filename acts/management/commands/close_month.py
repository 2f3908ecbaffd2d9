"""`manage.py close_month YYYY-MM --issuer CODE --programme P`: close, charge, draw up acts."""

from django.utils import timezone

from acts.closing import CloseError, close_month
from acts.month_command import add_month_arguments, month_and_issuer
from voucher_portal.commands import JsonCommand, WrongInput
from voucher_portal.dates import today


class Command(JsonCommand):
    help = "Close a month of a programme; a month that is closed gives its result again."

    def add_options(self, parser):
        add_month_arguments(parser)

    def run(self, *, month, issuer, programme, **_options) -> dict:
        closed, payer = month_and_issuer(month, issuer)
        try:
            return close_month(
                issuer=payer, programme=programme, month=closed, today=today(), now=timezone.now(),
                progress=lambda stage: self.progress(f"{closed} {programme}: {stage.label}"),
            )  # fmt: skip
        except CloseError as error:
            raise WrongInput(str(error)) from error
