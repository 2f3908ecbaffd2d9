"""`manage.py poll_lms [CODE] [--month YYYY-MM]`: pull the LMS feeds to their ends (contracts/reference-data.md)."""

from registry.polling import PollError, connected, poll_and_settle
from voucher_portal.commands import DONE, PUT_ASIDE, JsonCommand, WrongInput
from voucher_portal.dates import Month


class Command(JsonCommand):
    help = "Pull the feeds of all connected LMS, or of the one named, to their ends."

    def add_options(self, parser):
        parser.add_argument("code", nargs="?", help="the LMS; without it all are polled")
        parser.add_argument("--month", help="sheets of this month only, e.g. 2025-10")

    def run(self, *, code, month, **_options) -> dict:
        try:
            months = [Month.parse(month)] if month else None
            return poll_and_settle(connected(code), months=months, progress=self.progress)
        except (PollError, ValueError) as error:
            raise WrongInput(str(error)) from error

    def exit_status(self, result: dict) -> int:
        is_clean = not (result["failed"] or result["contracts"]["put_aside"] or result["sheets"]["put_aside"])
        return DONE if is_clean else PUT_ASIDE
