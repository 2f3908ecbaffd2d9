"""Every rule of design.md §5 that is a query, asked of the whole database: nothing may be found."""

from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from registry.models.ledger import ENTRY_TEXT
from schools.models import Issuer
from voucher_portal import sql


def verify(issuer: Issuer | None = None) -> dict:
    """Recompute the seals and count what breaks each rule, for one issuer or for all; one snapshot of the data.

    Returns: seals, and rules {name: violations}. Reads only; its queries do not grow with the number of children.
    """
    params, is_outermost = {"issuer": issuer and issuer.pk}, not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(sql.statement("registry/verify_seals").replace("{entry_text}", ENTRY_TEXT), params)
        seals, broken, unchained = cursor.fetchone()
        rules = {"seals_match_their_entries": broken, "seals_are_chained": unchained}
        for name, statement in _rules():
            ((rules[name],),) = sql.fetch(statement, **params)
    return {"seals": seals, "rules": rules}


def _rules() -> list[tuple[str, str]]:
    """Name and statement of every rule: one file each in registry/sql/rules and acts/sql/rules."""
    found = [("entries_are_sealed", "registry/verify_unsealed")]
    for app in ("registry", "acts"):
        files = sorted((Path(settings.BASE_DIR) / app / "sql" / "rules").glob("*.sql"))
        found += [(file.stem, f"{app}/rules/{file.stem}") for file in files]
    return found
