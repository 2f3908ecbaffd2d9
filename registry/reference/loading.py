"""Loading a reference file: all of it or nothing, in one transaction; twice the same file changes nothing."""

from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from registry.ledger import SETTLING, OneRunner
from registry.models import Contract
from registry.reference.document import read_document
from registry.reference.law import Law
from registry.reference.organisations import Organisations
from registry.reference.problems import Problems
from registry.reference.reading import ROWS_OF_SECTIONS, Reference, read_reference
from registry.reference.upsert import OUTCOMES
from registry.reference.values import days_between
from voucher_portal.dates import SchoolYear


@dataclass(frozen=True)
class Loaded:
    """`counts` by section: created, updated, unchanged. `contracts` will be looked at again by the next settling."""

    counts: dict[str, dict[str, int]]
    warnings: list[str]
    contracts: int


def load_reference(data: bytes) -> Loaded:
    """Check the whole file, then insert or update what it has by natural key. Safe to repeat.

    Waits for a settling of contracts that runs at the time, and lets none begin: it would decide by half of the file.
    The number of queries does not depend on the size of the file.

    Raises:
        WrongReference: the file cannot be taken; nothing was changed. Its lines name every fault.
    Source: contracts/reference-data.md.
    """
    problems = Problems()
    reference = read_reference(read_document(data), problems)
    with OneRunner(SETTLING), transaction.atomic():
        return _apply(reference, problems)


def _apply(reference: Reference, problems: Problems) -> Loaded:
    organisations = Organisations(reference, problems)
    law = Law(reference, organisations, problems)
    problems.stop_on_any()
    organisations.write()
    law.write()
    tallies = organisations.tallies | law.tallies
    return Loaded(
        counts={section: _counts(tallies.get(section, Counter())) for section in ROWS_OF_SECTIONS},
        warnings=problems.warnings,
        contracts=_look_again(organisations, law),
    )


def _counts(tally: Counter) -> dict[str, int]:
    return {outcome: tally[outcome] for outcome in OUTCOMES}


def _look_again(organisations: Organisations, law: Law) -> int:
    """Mark the contracts whose reserved days or parts may be others now; how many. At most one query.

    Reservations follow study days, parts and state orders. A norm stays for its contract, and capacity and budget
    only keep out contracts that are not funded, which every settling looks at anyway.
    """
    touched = Q()
    for programme, start_year in law.changed_years:
        year = SchoolYear(start_year)
        touched |= Q(programme=programme, days__overlap=days_between(year.first, year.last))
    orders = organisations.orders.touched
    before = [organisations.orders.was(order, "provider") for order in orders]
    if orders:
        touched |= Q(provider__in={provider.pk for provider in before + [order.provider for order in orders]})
    return Contract.objects.filter(touched).update(is_settled=False) if touched else 0
