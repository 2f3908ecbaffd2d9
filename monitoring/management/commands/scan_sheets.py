"""`manage.py scan_sheets [--all]`: look for signals of risk in the sheets, as the schedule does."""

from django.utils import timezone

from monitoring.signals_of_sheets import scan_sheets
from voucher_portal.commands import JsonCommand


class Command(JsonCommand):
    help = "Raise and end the signals of the sheets that came since the last scan."

    def add_options(self, parser):
        parser.add_argument("--all", action="store_true", help="look through every sheet, as after a new calendar")

    def run(self, **options) -> dict:
        return scan_sheets(now=timezone.now(), is_whole=options["all"])
