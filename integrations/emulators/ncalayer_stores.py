"""The key stores that the emulated NCALayer opens: what a person keeps on one token, and which key of it may sign."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from cryptography.x509 import ExtendedKeyUsage

from integrations.emulators import ncalayer_script as scenarios
from integrations.emulators.pki import Pki
from integrations.emulators.pki_people import AUTH, EMPLOYEE, EXPIRED, GOOD, SIGN, Holder

EMAIL_PROTECTION, CLIENT_AUTH = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"
EKU_OF_KEY_TYPE = {"SIGNATURE": EMAIL_PROTECTION, "AUTHENTICATION": CLIENT_AUTH}


class NoKey(Exception):
    """No key in the store fits what the page asks for."""


@dataclass(frozen=True)
class Store:
    """A token or a key file: certificates of one owner in one role, one for each purpose."""

    name: str
    holders: tuple[Holder, ...]

    @property
    def owner(self) -> Holder:
        """Whose it is; every row of the store says the same."""
        return self.holders[0]

    def is_called(self, name: str) -> bool:
        """By the store's own name or by the slug of a certificate in it."""
        return name == self.name or any(holder.slug == name for holder in self.holders)


class Stores:
    """Every store of a certification centre's people."""

    def __init__(self, pki: Pki):
        self._pki = pki
        found: dict[str, list[Holder]] = {}
        for holder in pki.people:
            found.setdefault(holder.slug.removesuffix(f"-{holder.purpose}"), []).append(holder)
        self.all = [Store(name, tuple(holders)) for name, holders in found.items()]

    def store(self, name: str) -> Store:
        """The store of that name, the first one for an empty name. Raises KeyError."""
        if not name:
            return self.all[0]
        found = next((store for store in self.all if store.is_called(name)), None)
        if found is None:
            raise KeyError(f"unknown signer: {name}")
        return found

    def holder_for(self, store: Store, oids: Collection[str], scenario: str) -> Holder:
        """The certificate that signs when the page asks for `oids`, or the wrong one that the scenario wants.

        Raises NoKey.
        """
        if scenario in (scenarios.AUTH_KEY, scenarios.SIGN_KEY):
            purpose = AUTH if scenario == scenarios.AUTH_KEY else SIGN
            return _first(holder for holder in store.holders if holder.purpose == purpose)
        if scenario == scenarios.OTHER_SIGNER:
            others = (holder for holder in self._good if holder.iin != store.owner.iin)
            return _first(holder for holder in others if self._fits(holder, oids))
        if scenario == scenarios.EXPIRED:
            expired = [holder for holder in self._pki.people if holder.state == EXPIRED]
            return _first(self._fitting_purpose(_own_first(expired, store.owner), oids))
        if scenario == scenarios.WRONG_ROLE:
            employees = [holder for holder in self._good if holder.role == EMPLOYEE]
            return _first(self._fitting_purpose(_own_first(employees, store.owner), oids))
        return _first(holder for holder in store.holders if self._fits(holder, oids))

    @property
    def _good(self) -> list[Holder]:
        return [holder for holder in self._pki.people if holder.state == GOOD]

    def _fitting_purpose(self, holders: Iterable[Holder], oids: Collection[str]) -> Iterable[Holder]:
        purposes = set(oids) & set(EKU_OF_KEY_TYPE.values())
        return (holder for holder in holders if self._fits(holder, purposes))

    def _fits(self, holder: Holder, oids: Collection[str]) -> bool:
        return set(oids) <= self._usages[holder.slug]

    @cached_property
    def _usages(self) -> dict[str, set[str]]:
        """What each certificate is for, by its slug: object identifiers."""
        certificates = {holder.slug: self._pki.certificate(holder.slug) for holder in self._pki.people}
        return {
            slug: {oid.dotted_string for oid in certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value}
            for slug, certificate in certificates.items()
        }


def _own_first(holders: list[Holder], owner: Holder) -> list[Holder]:
    """The owner's own ones, then those of his organisation, then the rest."""
    return sorted(holders, key=lambda holder: (holder.iin != owner.iin, holder.bin != owner.bin))


def _first(holders: Iterable[Holder]) -> Holder:
    found = next(iter(holders), None)
    if found is None:
        raise NoKey
    return found
