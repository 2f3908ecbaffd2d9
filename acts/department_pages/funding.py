"""What the department does about contracts that are not funded, by the reason."""

from django.utils.translation import gettext_lazy as _

from registry.enums import UnfundedReason

WHAT_TO_DO = {
    UnfundedReason.NO_STATE_ORDER: _("Conclude a state order contract with the organisation, or tell it why not."),
    UnfundedReason.PROVIDER_SUSPENDED: _("Check whether the faults are removed and resume the payment."),
    UnfundedReason.PROVIDER_TERMINATED: _("Help the parents to choose another organisation."),
    UnfundedReason.CHILD_ELSEWHERE: _("Find out where the child studies; the other contract has to be ended."),
    UnfundedReason.OVER_CAPACITY: _("Offer the parents another organisation, or confirm more places by papers."),
    UnfundedReason.NO_NORM: _("Approve a norm for this level, area and language."),
    UnfundedReason.BUDGET_EXHAUSTED: _("Raise the limit of the budget; then the contracts are funded by themselves."),
    UnfundedReason.CHILD_NOT_ELIGIBLE: _("Ask the organisation to check the child's papers and IIN."),
}
