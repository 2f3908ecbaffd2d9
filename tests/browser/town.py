"""The people and the money of the stories: two kindergartens, October closed, November over and open."""

import datetime

from accounts.models import User
from acts.payments.orders import make_orders
from monitoring.enums import SignalCode
from monitoring.models import Commission, RiskSignal
from registry.models import Contract
from schools.models import Provider
from tests.acts.paying import NOW, make_region
from tests.factories import OCTOBER, MembershipFactory, OrganisationFactory, PutAsideFactory, SheetFactory, UserFactory

TODAY, PASSWORD = "2025-12-06", "factory-password"
NOVEMBER = datetime.date(2025, 11, 1)
ROLES = (
    "PROVIDER_DIRECTOR",
    "PROVIDER_CLERK",
    "DEPARTMENT_OFFICER",
    "DEPARTMENT_HEAD",
    "OPERATOR",
    "COMMISSION_MEMBER",
)
CHILDREN = 51  # a list of them has two pages


class Town:
    """The first kindergarten's act is accepted and ordered; the second's waits for its director.

    Everybody is written before the tests begin: what a test itself writes no server would see.
    """

    def __init__(self):
        region = make_region(providers=2)
        region.add_children(region.providers[1], CHILDREN - 2)
        self.issuer = region.issuer
        first, second = region.providers
        acts = {act.provider_id: act for act in region.close(10)}
        self.accepted, self.drawn_up = acts[first.pk], acts[second.pk]
        region.accept(self.accepted)
        make_orders(issuer=self.issuer, programme=None, now=NOW)
        for contract in Contract.objects.filter(provider__issuer=self.issuer):
            SheetFactory(contract=contract, month=NOVEMBER)
        self._note_signals()
        self.people = {(role, language): self._employ(role, language) for role in ROLES for language in ("ru", "kk")}
        self.people["GUARDIAN", "ru"] = self.accepted.charges.order_by("pk").first().contract.guardian
        self.aside = PutAsideFactory(provider=self.waiting_one, lms=self.waiting_one.lms)

    @property
    def paid_one(self) -> Provider:
        """The kindergarten whose act is accepted."""
        return self.accepted.provider

    @property
    def waiting_one(self) -> Provider:
        """The kindergarten whose act nobody has submitted."""
        return self.drawn_up.provider

    def person(self, role: str, language: str = "ru") -> User:
        """Someone of that role who reads that language."""
        return self.people[role, language]

    def _employ(self, role: str, language: str) -> User:
        person = UserFactory(language=language)
        MembershipFactory(user=person, role=role, organisation=self._organisation_of(role))
        return person

    def _organisation_of(self, role: str):
        if role.startswith("PROVIDER"):
            return self.waiting_one.organisation
        if role.startswith("DEPARTMENT"):
            return self.issuer.organisation
        if role == "COMMISSION_MEMBER":
            return self.commission.organisation
        return OrganisationFactory(kind="OPERATOR")

    def _note_signals(self) -> None:
        self.commission = Commission.objects.create(
            organisation=OrganisationFactory(kind="COMMISSION"), issuer=self.issuer
        )
        contract = Contract.objects.filter(provider=self.waiting_one).first()
        RiskSignal.objects.create(
            provider=self.waiting_one,
            contract=contract,
            child=contract.child,
            month=OCTOBER,
            code=SignalCode.values[0],
            days="1" + "0" * 30,
            noticed_at=NOW,
        )
