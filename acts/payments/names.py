"""What things are called on the wire, at most 35 characters each. Source: contracts/payments.md §5, grain A."""

import datetime

from integrations.treasury.messages import FundingSource, payment_info_id
from registry.enums import Source

WIRE = {Source.LOCAL: FundingSource.LOCAL, Source.REPUBLICAN: FundingSource.REPUBLICAN}


def message_name(day: datetime.date, number: int) -> str:
    """MsgId: one for each content of a file. `number` is never given twice."""
    return f"EVP-{day:%Y%m%d}-{number:06d}"


def block_name(msg_id: str, source: str) -> str:
    """PmtInfId: one for each file and source."""
    return payment_info_id(msg_id, WIRE[source])


def transfer_name(act_number: str, source: str, attempt: int) -> str:
    """EndToEndId and InstrId: one for each attempt, `…-R2` from the second on."""
    retry = f"-R{attempt}" if attempt > 1 else ""
    return f"{act_number}-{WIRE[source]}{retry}"
