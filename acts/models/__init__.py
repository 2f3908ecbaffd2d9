"""Tables of acts and payments, by noun."""

from acts.models.acts import Act, ActDocument, ActEvent
from acts.models.closing import Charge, MonthClose
from acts.models.payments import (
    BookedEntry,
    PayerAccount,
    PaymentAttempt,
    PaymentFile,
    PaymentOrder,
    SetOff,
    TreasuryCursor,
    TreasuryReport,
)

__all__ = [
    "Act",
    "ActDocument",
    "ActEvent",
    "BookedEntry",
    "Charge",
    "MonthClose",
    "PayerAccount",
    "PaymentAttempt",
    "PaymentFile",
    "PaymentOrder",
    "SetOff",
    "TreasuryCursor",
    "TreasuryReport",
]
