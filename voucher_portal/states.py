"""How a state looks: one of five signs with one colour, the same in cells, badges, charts and print (ui.md).

States of parts, acts, payment orders, contracts, sheets and checks share the five looks, so a person learns them once.
A word always stands beside the sign: it comes from the enum of the model.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """A colour's name (`is-<colour>` in portal.css) and a sign that survives black and white."""

    colour: str
    sign: str


ACTIVE = Look("active", "○")
RESERVED = Look("reserved", "●")
WRITTEN_OFF = Look("written-off", "◑")
REDEEMED = Look("redeemed", "✓")
PROBLEM = Look("problem", "!")

_LOOKS = {
    # grey: nothing has happened yet, or nothing more will
    ACTIVE: "ACTIVE ANNULLED EXPIRED DRAFT PREPARED NEW NONE ENDED CLOSED QUEUED INACTIVE",
    # blue: promised, on its way
    RESERVED: "RESERVED APPROVED SENT SIGNED IN_FORCE TO_PROVIDER SUBMITTED RUNNING OFFERED",
    # amber: waits for somebody, money is owed
    WRITTEN_OFF: "WRITTEN_OFF TO_CUSTOMER ACCEPTED HELD UNKNOWN PENDING STALE SLOW SET_ASIDE WAITING",
    # green: done
    REDEEMED: "REDEEMED PAID FUNDED CONFIRMED MATCHED DONE PASS RESUMED FIXED DELIVERED UP",
    # red: somebody has to decide
    PROBLEM: "UNFUNDED REJECTED RETURNED FAILED FAIL DISPUTED MISMATCHED SUSPENDED TERMINATED NOT_FIXED DOWN",
}
LOOKS = {state: look for look, states in _LOOKS.items() for state in states.split()}
PREFIXES = ("ACT_", "SHEET_", "ORDER_", "MSG_")


def look_of(state: str) -> Look:
    """The look of a state by its value in the database; one that is not listed looks like nothing happened yet."""
    code = str(state).upper()
    for prefix in PREFIXES:
        code = code.removeprefix(prefix)
    return LOOKS.get(code, ACTIVE)
