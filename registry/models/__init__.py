"""Tables of the registry, by noun."""

from registry.models.children import Child, Contract, ContractVersion
from registry.models.ledger import LedgerBalance, LedgerEntry, LedgerSeal
from registry.models.rules import Budget, Norm, RuleSet, SchoolCalendar, StudyMonth
from registry.models.sheets import ClosedThrough, LateFact, PutAside, Sheet, SheetVersion
from registry.models.vouchers import Reservation, Voucher, VoucherPart

__all__ = [
    "Budget",
    "Child",
    "ClosedThrough",
    "Contract",
    "ContractVersion",
    "LateFact",
    "LedgerBalance",
    "LedgerEntry",
    "LedgerSeal",
    "Norm",
    "PutAside",
    "Reservation",
    "RuleSet",
    "SchoolCalendar",
    "Sheet",
    "SheetVersion",
    "StudyMonth",
    "Voucher",
    "VoucherPart",
]
