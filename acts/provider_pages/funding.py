"""Why a contract is not funded and what its organisation can do about it, in words."""

from django.utils.translation import gettext_lazy as _

from registry.enums import Funding, UnfundedReason
from registry.models import Contract

WHAT_TO_DO = {
    UnfundedReason.NO_STATE_ORDER: _("Conclude a state order contract with the department for these days."),
    UnfundedReason.PROVIDER_SUSPENDED: _(
        "Remove the grounds of the suspension; then the contract is looked at again."
    ),
    UnfundedReason.PROVIDER_TERMINATED: _("The contract with the department has ended: new children are not funded."),
    UnfundedReason.CHILD_ELSEWHERE: _("Ask the parent to end the contract with the other organisation."),
    UnfundedReason.OVER_CAPACITY: _("All places are taken. The contract is funded when a place becomes free."),
    UnfundedReason.NO_NORM: _("The department has to set a norm. Check the level and the language in your LMS."),
    UnfundedReason.BUDGET_EXHAUSTED: _("The department has to raise the limit. Nothing is asked of you."),
    UnfundedReason.CHILD_NOT_ELIGIBLE: _(
        "Check the child's IIN. If it is right, the parent asks the public service centre."
    ),
}


def funding_words(contract: Contract) -> str:
    """The reason for a contract that is not funded, else the state of its funding."""
    if contract.funding == Funding.UNFUNDED:
        return contract.get_unfunded_reason_display()
    return contract.get_funding_display()


def what_to_do(contract: Contract) -> str:
    """The next step of the organisation, empty when nothing is to be done."""
    return str(WHAT_TO_DO[contract.unfunded_reason]) if contract.funding == Funding.UNFUNDED else ""
