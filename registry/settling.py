"""Deciding which contracts are funded, and making vouchers, parts, reservations and ledger follow.

Runs at the end of every poll and after every change of reference data, over all contracts that are new, changed or
unfunded. What was decided is written in batches, each a transaction: a killed run goes on where it stopped.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction

from registry.eligibility import Budgets, Candidate, Decision, Need, Places, decide
from registry.enums import FREEABLE, RESERVABLE, Funding, Source
from registry.ledger import SETTLING, OneRunner, lock_ledger
from registry.needs import Needs
from voucher_portal import sql
from voucher_portal.copying import copy_rows

BATCH = 5_000


def settle_contracts(*, now: datetime, by=None, progress: Callable[[int, int], None] | None = None) -> dict:
    """Decide on every contract that waits for it. One runner at a time; safe to repeat and to kill.

    Returns vouchers issued, contracts reserved and `unfunded` {reason: contracts}, as `poll_lms` reports them.
    Queries: some twenty, and thirty for every 5 000 contracts.
    """
    counts = Counter()
    with OneRunner(SETTLING):
        candidates = list(map(Candidate._make, sql.fetch("registry/settle_candidates")))
        decisions = _decide_all(candidates)
        before = {c.contract_id: c for c in candidates}
        news = [d for d in decisions if _is_news(before[d.contract_id], d)]
        with _order_months():
            for done, batch in _batches(news):
                counts["issued"] += _write(batch, now, by)
                if progress:
                    progress(done, len(news))
    counts["reserved"] = sum(
        d.funding == Funding.FUNDED and before[d.contract_id].funding != Funding.FUNDED for d in decisions
    )
    unfunded = Counter(str(d.unfunded_reason) for d in decisions if d.funding == Funding.UNFUNDED)
    return {"issued": counts["issued"], "reserved": counts["reserved"], "unfunded": dict(sorted(unfunded.items()))}


@contextmanager
def _order_months():
    """The temporary table of calendars and state orders that every batch reads."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS order_month")
        sql.execute("registry/order_months")
        yield
        cursor.execute("DROP TABLE order_month")


def _is_news(candidate: Candidate, decision: Decision) -> bool:
    """Whether something has to be written: an unfunded contract that stays so for the same reason needs nothing."""
    was = (candidate.funding, candidate.unfunded_reason)
    return not candidate.is_settled or was != (decision.funding, decision.unfunded_reason)


def _decide_all(candidates: list[Candidate]) -> list[Decision]:
    if not candidates:
        return []
    places, several = Places(), Counter((c.child_id, c.programme) for c in candidates)
    params = {"children": [c.child_id for c in candidates], "providers": list({c.provider_id for c in candidates})}
    for _id, child_id, provider_id, programme, first_day, end_day in sql.fetch("registry/funded_beside", **params):
        places.take(child_id, provider_id, programme, first_day, end_day)
        several[child_id, programme] += 1
    held, billed = _held_by([c.contract_id for c in candidates if c.funding == Funding.FUNDED])
    needs = Needs(frozenset(key for key, times in several.items() if times > 1), billed)
    left = {tuple(row[:4]): row[4] for row in sql.fetch("registry/budgets_left")}
    return decide(candidates, places, Budgets(left, held), needs)


def _held_by(contracts: list[int]) -> tuple[dict[int, Need], dict[int, frozenset[date]]]:
    """What funded contracts hold in open months, which they may use again; and their months that are closed, whose
    money moves with the next close only."""
    held, billed = defaultdict(lambda: defaultdict(Decimal)), defaultdict(frozenset)
    for contract_id, month, is_closed, local, republican in sql.fetch("registry/held_by", contracts=contracts):
        if is_closed:
            billed[contract_id] |= {month}
        else:
            held[contract_id][month.year, Source.LOCAL] += local
            held[contract_id][month.year, Source.REPUBLICAN] += republican
    return held, billed


def _batches(decisions: list[Decision]) -> Iterator[tuple[int, list[Decision]]]:
    for start in range(0, len(decisions), BATCH):
        batch = decisions[start : start + BATCH]
        yield start + len(batch), batch


@transaction.atomic
def _write(batch: list[Decision], now: datetime, by) -> int:
    """Write one batch of decisions and all that follows from them; returns how many vouchers were issued."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE settling (contract_id bigint, version int, funding text, unfunded_reason text,"
            " norm_id bigint) ON COMMIT DROP"
        )
    copy_rows(
        "settling",
        ("contract_id", "version", "funding", "unfunded_reason", "norm_id"),
        ((d.contract_id, d.version, str(d.funding), str(d.unfunded_reason), d.norm_id) for d in batch),
    )
    sql.execute("registry/settle_begin")
    issuers = [issuer_id for (issuer_id,) in sql.fetch("registry/issuers_touched")]
    lock_ledger(issuers)
    issued = sql.execute("registry/issue_vouchers", now=now)
    sql.execute("registry/reservation_targets")
    sql.execute("registry/issue_parts")
    sql.execute("registry/reserve", now=now)
    for issuer_id in issuers:
        sql.execute("registry/post_reservations", issuer=issuer_id, now=now, actor=by and by.pk)
    sql.execute("registry/move_parts_of_settling", reservable=RESERVABLE, freeable=FREEABLE)
    return issued
