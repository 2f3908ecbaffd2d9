"""`manage.py export_charges YYYY-MM --issuer CODE --programme P`: the charges of a bill month as CSV."""

import csv

from django.core.management.base import BaseCommand

from acts.month_command import add_month_arguments, month_and_issuer
from voucher_portal import sql
from voucher_portal.commands import WrongInput

COLUMNS = (
    "provider_bin", "lms", "contract_id", "child_iin", "service_month", "kind", "part_nominal_kzt", "study_days",
    "paid_days", "amount_kzt", "local_kzt", "republican_kzt",
)  # fmt: skip


class Command(BaseCommand):
    help = "Print the charges of a bill month as CSV, ordered by all columns from the left."

    def add_arguments(self, parser):
        add_month_arguments(parser)

    def handle(self, *, month, issuer, programme, **_options):
        try:
            billed, payer = month_and_issuer(month, issuer)
        except WrongInput as error:
            self.stderr.write("\n".join(error.reasons))
            raise SystemExit(2) from error
        rows = sql.fetch("acts/export_charges", month=billed.first, issuer=payer.pk, programme=programme)
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
