"""What the emulated treasury is told to do wrong: a small JSON or YAML document; `POST /control` changes it.

A fault of an answer is `drop`, `hang` or a status, and whether it comes before or after the request was carried out:
`drop_before`, `drop_after`, `hang_after`, `503_before`, `503_after`, `429`; alone it means before. `ok` is no fault.
Rules name a creditor's IBAN or an EndToEndId.
"""

import dataclasses
import re
from typing import Annotated

import msgspec

from integrations.emulators.script import BaseScript, Seconds

_FAULT = re.compile(r"(ok|drop|hang|[45][0-9]{2})(_before|_after)?")

FaultName = Annotated[str, msgspec.Meta(pattern=f"^{_FAULT.pattern}$")]
Code = Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{4}$")]  # an external code of ISO 20022
Change = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,12}\.[0-9]{2}$")]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]


class Script(BaseScript, frozen=True, kw_only=True):
    """Everything that can go wrong. Lists are used up, one for each request or file; the rest holds until changed.

    - `refuse`, `send_back`: rule -> reason code; refused at settlement, or sent back `send_back_after_polls` polls
      after the booking.
    - `refuse_files`: a reason code for each of the next files, refused as a whole with no transaction listed.
    - `wrong_amounts`: rule -> what is added to the amount that the notification tells ("-0.01").
    - `delay_polls`, `delay_seconds`: how long a file lies before the bank works on it.
    - `repeat_reports`: every report comes twice, and its entries once more in a new report.
    - `out_of_order`: the reports of a file come in reverse order.
    """

    refuse: dict[str, Code] = {}
    send_back: dict[str, Code] = {}
    send_back_after_polls: NotNegative = 1
    refuse_files: tuple[Code, ...] = ()
    wrong_amounts: dict[str, Change] = {}
    delay_polls: NotNegative = 0
    delay_seconds: Seconds = 0.0
    repeat_reports: bool = False
    out_of_order: bool = False
    submit_faults: tuple[FaultName, ...] = ()
    ask_faults: tuple[FaultName, ...] = ()
    poll_faults: tuple[FaultName, ...] = ()
    hang_seconds: Seconds = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one answer: `ok`, `drop`, `hang` or a status as text."""

    name: str
    is_after: bool

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read `503_after`."""
        name, _, when = text.partition("_")
        return cls(name, when == "after")


NO_FAULT = Fault("ok", False)
