"""Items that break the contract of a feed, or wait for something unknown: kept with reason and raw text."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from integrations.lms.items import Contract, Rejected, Sheet
from registry.enums import UNKNOWN_CONTRACT, UNKNOWN_PROVIDER, ItemKind
from registry.models import PutAside
from voucher_portal import sql
from voucher_portal.copying import copy_rows

COLUMNS = ("kind", "key", "version", "provider_bin", "reason", "message", "raw", "waits_for")


@dataclass(frozen=True, slots=True)
class Aside:
    """One row of the staging table `aside`."""

    kind: str
    key: str
    version: int | None
    provider_bin: str | None
    reason: str
    message: str
    raw: str
    waits_for: str = ""

    @property
    def row(self) -> tuple:
        return tuple(getattr(self, column) for column in COLUMNS)


def key_of(kind: str, contract_id: str | None, month: str | None, raw: str) -> str:
    """The item's own key where it can be read, else a hash of its text: the same broken item is one row."""
    if contract_id is None:
        return "sha256:" + hashlib.sha256(raw.encode()).hexdigest()
    return contract_id if kind == ItemKind.CONTRACT else f"{contract_id} {month}"


def rejected(kind: str, item: Rejected, month: str | None = None) -> Aside:
    """An item that the parser refused."""
    key = key_of(kind, item.contract_id, month or item.month, item.raw_text)
    return Aside(kind, key, item.version, item.provider_bin, item.reason, item.message, item.raw_text)


def of_unknown_provider(item: Contract) -> Aside:
    """A good contract whose provider is not in the registry yet."""
    return Aside(
        ItemKind.CONTRACT, item.contract_id, item.version, item.provider_bin, UNKNOWN_PROVIDER, "",
        msgspec.json.encode(item).decode(), item.provider_bin,
    )  # fmt: skip


def of_unknown_contract(item: Sheet) -> Aside:
    """A good sheet that came before its contract."""
    return Aside(
        ItemKind.SHEET, f"{item.contract_id} {item.month}", item.version, None, UNKNOWN_CONTRACT, "",
        msgspec.json.encode(item).decode(), item.contract_id,
    )  # fmt: skip


def put_aside(lms_id: int, asides: list[Aside], now) -> None:
    """Keep `asides`; of one item the newest version stays. Three queries. Repeatable."""
    if not asides:
        return
    newest = {}
    for aside in asides:
        known = newest.get((aside.kind, aside.key))
        if known is None or (known.version or 0) <= (aside.version or 0):
            newest[aside.kind, aside.key] = aside
    sql.execute("registry/stage_aside")
    copy_rows("aside", COLUMNS, (aside.row for aside in newest.values()))
    sql.execute("registry/put_aside", lms=lms_id, now=now)


def resolve(lms_id: int, kind: str, taken: Iterable[tuple[str, int]], now) -> None:
    """Take `(key, version)` off the list: a good version of at least the one put aside has come. Two queries.

    `taken` has at least one, and is read only when something waits.
    """
    if PutAside.objects.waiting().filter(lms_id=lms_id, kind=kind).exists():
        keys, versions = zip(*taken, strict=True)
        sql.execute("registry/resolve_aside", lms=lms_id, kind=kind, keys=list(keys), versions=list(versions), now=now)
