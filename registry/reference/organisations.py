"""Issuers, providers, their LMS and state order contracts: from rows of the file to rows of the database."""

from collections import Counter, defaultdict
from typing import Any

from django.db.models import Q

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from integrations.models import Lms
from registry.models import Contract
from registry.reference.problems import Problems
from registry.reference.ranges import overlapping
from registry.reference.reading import Reference
from registry.reference.rows import IssuerRow, ProviderRow, StateOrderRow
from registry.reference.upsert import CREATED, UNCHANGED, UPDATED, Upsert, new_tally
from registry.reference.values import EMPTY
from schools.models import Issuer, Provider, StateOrderContract

PLAIN_PROVIDER_VALUES = (
    "ownership",
    "programmes",
    "area",
    "design_capacity",
    "sanitary_places",
    "first_licensed_on",
    "address_ru",
    "lat",
    "lon",
    "iban",
    "bic",
    "kbe",
)


class Organisations:
    """Who pays and who teaches, as the file and the database together have it. Six queries, three more for faults."""

    def __init__(self, reference: Reference, problems: Problems) -> None:
        self.reference, self.problems = reference, problems
        self.tallies: dict[str, Counter] = defaultdict(new_tally)
        rows = reference.rows
        orders: list[StateOrderRow] = rows["state_order_contracts"]
        self._fetch(
            bins={row.bin for row in rows["issuers"] + rows["providers"]} | {row.provider_bin for row in orders},
            lms={row.lms for row in rows["providers"] if row.lms},
            numbers={row.number for row in orders},
        )
        self._plan_issuers(rows["issuers"])
        self._plan_providers(rows["providers"])
        self._plan_orders(orders)

    def _fetch(self, *, bins: set[str], lms: set[str], numbers: set[str]) -> None:
        organisations = list(Organisation.objects.filter(Q(bin__in=bins) | Q(issuer__isnull=False)))
        self.organisations = Upsert(Organisation, organisations, lambda row: row.bin)
        by_id = {row.pk: row for row in organisations}
        issuers = list(Issuer.objects.all())
        for issuer in issuers:
            issuer.organisation = by_id[issuer.organisation_id]
        self.issuers = Upsert(Issuer, issuers, lambda row: row.code)
        self.lms = Upsert(Lms, Lms.objects.all(), lambda row: row.code)
        issuer_by_id = {row.pk: row for row in issuers}
        lms_by_id = {row.pk: row for row in self.lms.rows.values()}
        providers = list(Provider.objects.filter(organisation__bin__in=bins))
        for provider in providers:
            provider.organisation = by_id[provider.organisation_id]
            provider.issuer = issuer_by_id[provider.issuer_id]
            provider.lms = lms_by_id.get(provider.lms_id)
        self.providers = Upsert(Provider, providers, lambda row: row.organisation.bin)
        orders = StateOrderContract.objects.filter(Q(number__in=numbers) | Q(provider__in=[p.pk for p in providers]))
        self.orders = Upsert(
            StateOrderContract,
            orders.select_related("provider__organisation", "provider__issuer", "issuer"),
            lambda row: row.number,
        )

    def write(self) -> None:
        """Save everything, what others point at first. At most eleven queries."""
        self.organisations.write()
        self.issuers.write()
        self.lms.write()
        self.providers.write()
        moved = [
            row.pk for row in self.orders.updated if self.orders.has_changed(row, "days", "provider", "programme")
        ]
        if moved:
            # Two state orders may exchange their days: first all let go of theirs.
            StateOrderContract.objects.filter(pk__in=moved).update(days=EMPTY)
        self.orders.write()

    def issuer(self, code: str, path: str) -> Issuer | None:
        """The issuer of that code, which `path` names; None after the fault was noted."""
        issuer = self.issuers.rows.get(code)
        if issuer is None and code not in self.reference.broken:
            self.problems.add(path, f"there is no issuer {code}")
        return issuer

    def _put_organisation(self, row: IssuerRow | ProviderRow, kind: str, own: Organisation | None) -> str | None:
        """Give the organisation of `row` its names; None after a fault: the BIN is another's, or of another kind."""
        found = self.organisations.rows.get(row.bin)
        if found is not None and found.kind != kind:
            self.problems.add(f"{row.path}.bin", f"belongs to an organisation of another kind, {found.kind}")
            return None
        if own is not None and own is not found:
            if found is not None:
                self.problems.add(f"{row.path}.bin", "belongs to another organisation")
                return None
            self.organisations.rows[row.bin] = own
        return self.organisations.put(
            row.bin, row.path, bin=row.bin, name_ru=row.name_ru, name_kk=row.name_kk, kind=kind
        )

    def _plan_issuers(self, rows: list[IssuerRow]) -> None:
        owners = {id(issuer.organisation): issuer.code for issuer in self.issuers.rows.values()}
        for row in rows:
            present = self.issuers.rows.get(row.code)
            outcome = self._put_organisation(
                row, OrganisationKind.DEPARTMENT, present.organisation if present else None
            )
            if outcome is None:
                self.reference.broken.add(row.code)
                continue
            organisation = self.organisations.rows[row.bin]
            if owners.setdefault(id(organisation), row.code) != row.code:
                self.problems.add(f"{row.path}.bin", "belongs to another issuer")
                continue
            own = self.issuers.put(
                row.code, row.path, organisation=organisation, code=row.code, kato=row.kato, kind=row.kind
            )
            self.tallies["issuers"][_both(own, outcome)] += 1

    def _plan_providers(self, rows: list[ProviderRow]) -> None:
        for row in rows:
            issuer = self.issuer(row.issuer, f"{row.path}.issuer")
            outcome = self._put_organisation(row, OrganisationKind.PROVIDER, None)
            if issuer is None or outcome is None:
                self.reference.broken.add(row.bin)
                continue
            if row.bank_of_account:
                self.problems.warn(f"{row.path}.bic", f"the account is one of {row.bank_of_account}")
            values = {name: getattr(row, name) for name in PLAIN_PROVIDER_VALUES}
            organisation = self.organisations.rows[row.bin]
            own = self.providers.put(
                row.bin, row.path, organisation=organisation, issuer=issuer, lms=self._lms(row), **values
            )
            self.tallies["providers"][_both(own, outcome)] += 1
        self._refuse_moves()

    def _lms(self, row: ProviderRow) -> Lms | None:
        """The LMS of a provider; one that nobody has connected yet has no address."""
        if row.lms is None:
            return None
        if row.lms not in self.lms.rows:
            self.lms.put(row.lms, row.path, code=row.lms)
        return self.lms.rows[row.lms]

    def _refuse_moves(self) -> None:
        """Children's contracts, vouchers and ledger belong to the issuer that a provider had when they began."""
        moved = [row for row in self.providers.updated if self.providers.has_changed(row, "issuer")]
        if not moved:
            return
        with_contracts = set(
            Contract.objects.filter(provider__in=[row.pk for row in moved])
            .values_list("provider", flat=True)
            .distinct()
        )
        for row in moved:
            if row.pk in with_contracts:
                issuer = self.providers.was(row, "issuer").code
                self.problems.add(
                    f"{self.providers.path_of(row)}.issuer", f"the provider has children's contracts paid by {issuer}"
                )

    def _plan_orders(self, rows: list[StateOrderRow]) -> None:
        for row in rows:
            issuer = self.issuer(row.issuer, f"{row.path}.issuer")
            provider = self._provider_of(row)
            if issuer is None or provider is None:
                continue
            if row.programme not in provider.programmes:
                self.problems.add(f"{row.path}.programme", "is not one of the provider's programmes")
            outcome = self.orders.put(
                row.number,
                row.path,
                number=row.number,
                issuer=issuer,
                provider=provider,
                programme=row.programme,
                signed_on=row.signed_on,
                days=row.days,
            )
            self.tallies["state_order_contracts"][outcome] += 1
        self._refuse_other_issuers()
        self._refuse_other_parties()
        self._refuse_overlaps()

    def _provider_of(self, row: StateOrderRow) -> Provider | None:
        provider = self.providers.rows.get(row.provider_bin)
        if provider is None and row.provider_bin not in self.reference.broken:
            self.problems.add(f"{row.path}.provider_bin", "there is no provider with this BIN")
        return provider

    def _refuse_other_issuers(self) -> None:
        """A provider is paid by its own issuer, so its state orders are that issuer's."""
        for order in self.orders.rows.values():
            provider = self.providers.rows.get(order.provider.organisation.bin, order.provider)
            if order.issuer == provider.issuer:
                continue
            if path := self.orders.path_of(order):
                self.problems.add(f"{path}.issuer", f"the provider belongs to the issuer {provider.issuer.code}")
            elif path := self.providers.path_of(provider):
                reason = f"the provider has the state order {order.number} of {order.issuer.code}"
                self.problems.add(f"{path}.issuer", reason)

    def _refuse_other_parties(self) -> None:
        """A state order keeps its parties while the provider has children's contracts of its programme."""
        names = ("issuer", "provider", "programme")
        changed = [row for row in self.orders.updated if self.orders.has_changed(row, *names)]
        if not changed:
            return
        parties = {(self.orders.was(row, "provider").pk, self.orders.was(row, "programme")): row for row in changed}
        used = Contract.objects.filter(provider__in={provider for provider, _programme in parties})
        for party in set(used.values_list("provider", "programme").distinct()) & parties.keys():
            path = self.orders.path_of(parties[party])
            self.problems.add(path, "children have contracts under this number: give the new state order its own")

    def _refuse_overlaps(self) -> None:
        groups: dict[Any, list[StateOrderContract]] = defaultdict(list)
        for row in self.orders.rows.values():
            groups[row.provider.organisation.bin, row.programme].append(row)
        for rows in groups.values():
            for one, other in overlapping(rows):
                path, beside = self.orders.path_of(other), one
                if path is None:
                    path, beside = self.orders.path_of(one), other
                if path is not None:
                    self.problems.add(f"{path}.from", f"shares days with the provider's state order {beside.number}")


def _both(one: str, other: str) -> str:
    """What happened to a row that is kept in two tables."""
    if CREATED in (one, other):
        return CREATED if one == CREATED else UPDATED
    return UPDATED if UPDATED in (one, other) else UNCHANGED
