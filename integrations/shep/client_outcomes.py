"""What the gateway's own codes mean: the only place where they stand. Source: contracts/shep.md §3.

Success has three layers: no fault, a good `status/code`, and what the register says inside `data`. The last one is
read by the register itself.
"""

from dataclasses import dataclass

from integrations.shep.envelope import Answer, Fault
from integrations.shep.registers import Outcome, Reading, Register
from integrations.shep.wsse import CannotSign

PROCESSED = "SCSS001"
SAMPLE_PROCESSED = "Success"  # of the sample server of aarystanovv/shep-service: for tests only
REPEATED = frozenset({"SCSE003"})
FAULTS_OF_RIGHTS = frozenset({"ACCESS_DENIED", "SEC-SENDER"})  # our profile: no public list says more
HTTP_OF_RIGHTS = frozenset({401, 403})
HTTP_REPEATED = frozenset({502, 503, 504})

MAX_REASON = 300  # characters of the other side's words that we keep


@dataclass(eq=False)
class Failed(Exception):
    """The question got no answer that could be read; the outcome it ends with, and why.

    `may_repeat`: waiting can cure. `is_out_of_reach`: the service could not be reached, so an old answer may serve.
    """

    outcome: Outcome
    reason: str
    may_repeat: bool = False
    is_out_of_reach: bool = False


def out_of_reach(reason: str, *, may_repeat: bool = False) -> Failed:
    """The service did not answer, or was not asked because it does not answer."""
    return Failed(Outcome.TIMEOUT, reason, may_repeat, is_out_of_reach=True)


def failure_of_signing(error: CannotSign) -> Failed:
    """What a question ends with that could not be signed."""
    reason = f"the question could not be signed: {error}"[:MAX_REASON]
    return out_of_reach(reason) if error.is_passing else Failed(Outcome.ERROR, reason)


def failure_of_fault(fault: Fault) -> Failed:
    """What a fault ends a question with; never repeated."""
    outcome = Outcome.DENIED if FAULTS_OF_RIGHTS & set(fault.codes) else Outcome.ERROR
    words = "; ".join(f"{each.code} {each.message}" for each in (fault, *fault.causes))
    return Failed(outcome, f"fault {words}"[:MAX_REASON])


def failure_of_status(status: int) -> Failed:
    """What an HTTP status without a readable body ends a question with."""
    if status in HTTP_OF_RIGHTS:
        return Failed(Outcome.DENIED, f"HTTP {status}")
    if status in HTTP_REPEATED:
        return out_of_reach(f"HTTP {status}", may_repeat=True)
    return Failed(Outcome.ERROR, f"HTTP {status}")


def reading_of_code(answer: Answer, register: Register, *, accepts_sample: bool) -> Reading | None:
    """What `status/code` says of itself; None when `data` says it.

    Raises:
        Failed: the code is one of failure.
    """
    if answer.code == PROCESSED or (accepts_sample and answer.code == SAMPLE_PROCESSED):
        return None
    reason = f"{answer.code} {answer.message}"[:MAX_REASON]
    if answer.code in register.not_found_codes:
        return Reading(Outcome.NOT_FOUND, reason=reason)
    raise Failed(Outcome.ERROR, reason, may_repeat=answer.code in REPEATED)
