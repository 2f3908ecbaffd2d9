"""What is measured, stage by stage, each beside its floor."""

import os
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from acts.closing import close_month
from benchmarks import feed, floors, pages, wires
from integrations.emulators.lms_process import lms_process
from integrations.models import Lms
from registry.intake.polling import poll
from registry.settling import settle_contracts
from schools.models import Issuer
from voucher_portal.dates import Month

TOKEN_ENV = "BENCH_LMS_TOKEN"
OCTOBER, NOVEMBER = Month(2025, 10), Month(2025, 11)
CONTRACT_TABLES = (
    "registry_child", "accounts_user", "registry_contract", "registry_voucher", "registry_voucherpart",
    "registry_reservation", "registry_ledgerentry",
)  # fmt: skip


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@contextmanager
def counted():
    """Counts the queries of a block."""
    queries = [0]

    def count(execute, *args):
        queries[0] += 1
        return execute(*args)

    with connection.execute_wrapper(count):
        yield queries


def measured(items: int, work) -> dict:
    """Seconds and queries of `work()`."""
    with counted() as queries:
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
    return {"items": items, "seconds": round(seconds, 2), "queries": queries[0]}


def held_against(result: dict, floor_seconds: float, rows: int) -> dict:
    ratio = round(result["seconds"] / floor_seconds, 2)
    say(f"  {result['seconds']} s, floor {floor_seconds:.2f} s, ratio {ratio}, {rows} rows")
    return {
        "items": result["items"], "rows_written": rows, "seconds": result["seconds"],
        "floor_seconds": round(floor_seconds, 2), "ratio": ratio, "queries": result["queries"],
    }  # fmt: skip


def run_all(folder: Path, options) -> dict:
    """Every stage; what a later one builds on beside that runs unmeasured."""
    say("setting up")
    call_command("migrate", verbosity=0)
    result = {} if options.only_wires else _region(folder, options)
    _rest()
    say("wires")
    result["wires"] = wires.measure(folder, asks=options.asks, signatures=options.signatures)
    return result


def _region(folder: Path, options) -> dict:
    """The month of a city: contracts, sheets, close, pages."""
    feeds = folder / "feeds"
    feeds.mkdir(parents=True, exist_ok=True)
    children, providers = options.children, options.providers
    reference = feed.write_reference(feeds / "reference.yaml", children, providers)
    call_command("load_reference", str(reference), "--json")
    contracts = feed.write_lines(feeds / "contracts.ndjson", feed.contracts(children, providers))
    sheets = feed.write_lines(feeds / "sheets.ndjson", feed.sheets(children, str(OCTOBER)))
    os.environ[TOKEN_ENV] = "bench"
    result = {"children": children, "providers": providers}
    with lms_process(contracts=[contracts], sheets=[sheets], token="bench") as url:
        Lms.objects.filter(code=feed.LMS).update(url=url, token_env=TOKEN_ENV)
        lms = Lms.objects.get(code=feed.LMS)
        result |= _intake(lms, children)
        result["close"] = _close(lms, children, sheets)
    result["pages"] = _pages(options.requests)
    return result


def _pages(requests: int) -> dict:
    say("pages")
    is_small = bool(os.environ.get("BENCH_IS_SMALL"))
    small = {} if is_small else pages.queries_of_a_small_region()
    full = pages.measure(requests)
    return {
        name: {"p95_ms": page["p95_ms"], "queries_small": small.get(name), "queries_full": page["queries"]}
        for name, page in full.items()
    }


def _intake(lms: Lms, children: int) -> dict:
    say("intake_contracts")

    def contracts():
        poll(lms, months=[])
        say(f"  {time.perf_counter():.1f} feed read")
        settle_contracts(now=timezone.now())

    first = measured(children, contracts)
    floors.make_scratch()
    intake_contracts = held_against(first, *floors.copy_floor(CONTRACT_TABLES))
    _rest()
    say("intake_sheets")
    second = measured(children, lambda: poll(lms, months=[OCTOBER]))
    intake_sheets = held_against(second, *floors.copy_floor(("registry_sheet",)))
    return {"intake_contracts": intake_contracts, "intake_sheets": intake_sheets}


def _rest() -> None:
    """Do now what the server would do in the background while the next stage is measured."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _close(lms: Lms, children: int, sheets: Path) -> dict:
    say("close (October first, unmeasured)")
    issuer = Issuer.objects.get(code=feed.ISSUER)
    _close_both(issuer, OCTOBER)
    feed.write_lines(sheets, feed.sheets(children, str(OCTOBER), version=2, one_in=20, absent="NNN"))
    feed.write_lines(sheets, feed.sheets(children, str(NOVEMBER)))
    poll(lms, months=[OCTOBER, NOVEMBER])
    _prepare_close_floor()
    _rest()
    say("close")
    result = measured(children, lambda: _close_both(issuer, NOVEMBER))
    return held_against(result, *floors.close_floor(_close_statements()))


def _close_both(issuer: Issuer, month: Month) -> None:
    for programme in ("school", "preschool"):
        close_month(issuer=issuer, programme=programme, month=month, today=date(2025, 12, 5), now=timezone.now())


def _prepare_close_floor() -> None:
    floors.make_scratch()
    floors.copy_of("registry_voucherpart", filled=True)
    for table in ("acts_charge", "registry_ledgerentry", "acts_act"):
        floors.copy_of(table)


def _close_statements() -> list[str]:
    """The rows that the close has just written once more: charges from the marks, parts, ledger; unchecked."""
    return [
        """
        INSERT INTO scratch.acts_charge (id, close_id, act_id, contract_id, voucher_id, service_month, bill_month,
            kind, study_days, paid_days, nominal_kzt, amount_kzt, local_kzt, republican_kzt, reverses_id)
        SELECT c.id, c.close_id, c.act_id, c.contract_id, c.voucher_id, c.service_month, c.bill_month, c.kind,
            r.study_days, length(s.marks) - length(translate(s.marks, 'PSLQ', '')), r.nominal_kzt,
            round(r.nominal_kzt * (length(s.marks) - length(translate(s.marks, 'PSLQ', ''))) / r.study_days, 2),
            c.local_kzt, c.republican_kzt, c.reverses_id
        FROM public.acts_charge c
        JOIN public.registry_reservation r ON r.contract_id = c.contract_id AND r.month = c.service_month
        JOIN public.registry_sheet s ON s.contract_id = c.contract_id AND s.month = c.service_month
        WHERE c.bill_month = '2025-11-01'
        """,
        """
        UPDATE scratch.registry_voucherpart p SET state = 'WRITTEN_OFF'
        FROM public.acts_charge c
        WHERE c.bill_month = '2025-11-01' AND c.service_month = '2025-11-01' AND p.voucher_id = c.voucher_id
          AND p.month = c.service_month
        """,
        """
        INSERT INTO scratch.registry_ledgerentry
        SELECT * FROM public.registry_ledgerentry
        WHERE at >= (SELECT min(closed_at) FROM public.acts_monthclose WHERE month = '2025-11-01')
          AND reason <> 'ISSUED'
        """,
    ]
