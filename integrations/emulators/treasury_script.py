"""What the emulated treasury is told to do wrong: a small JSON or YAML document; `POST /control` changes it.

A fault of an answer is `drop`, `hang` or a status, and whether it comes before or after the request was carried out:
`drop_before`, `drop_after`, `hang_after`, `503_before`, `503_after`, `429`; alone it means before. `ok` is no fault.
Rules name a creditor's IBAN or an EndToEndId.
"""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

_FAULT = re.compile(r"(ok|drop|hang|[45][0-9]{2})(_before|_after)?")

FaultName = Annotated[str, msgspec.Meta(pattern=f"^{_FAULT.pattern}$")]
Code = Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{4}$")]  # an external code of ISO 20022
Change = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,12}\.[0-9]{2}$")]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]


class ScriptError(ValueError):
    """The script has an unknown key or a value of the wrong form; the text names it."""


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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

    def changed(self, changes: Mapping[str, Any]) -> "Script":
        """This script with the keys of `changes` replaced. Raises ScriptError."""
        if not isinstance(changes, Mapping):
            raise ScriptError("the script is not an object")
        try:
            return msgspec.convert(msgspec.to_builtins(self) | dict(changes), Script)
        except msgspec.ValidationError as error:
            raise ScriptError(str(error)) from None


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


def load(path: Path) -> Script:
    """The script in a JSON or YAML file. Raises ScriptError."""
    try:
        return Script().changed(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except yaml.YAMLError as error:
        raise ScriptError(f"{path}: {error}") from None
