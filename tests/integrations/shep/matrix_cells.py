"""The matrix of the state databases: what is asked, what the other side does, and what must become of it."""

from dataclasses import dataclass, field
from typing import Any

from integrations.shep.registers import Outcome
from tests.integrations.shep.emulator_requests import BIN, IIN, NOBODYS_BIN

NOBODYS_IIN = "050515699017"
MONTH = "2025-10-01,2025-10-31"
# By register: a key that is found in the small world, and one that nobody has.
KEYS = {
    "GBDFL": (IIN, NOBODYS_IIN),
    "GBDUL": (BIN, NOBODYS_BIN),
    "ELIC": (BIN, NOBODYS_BIN),
    "KGD": (BIN, NOBODYS_BIN),
    "ESUTD": (BIN, NOBODYS_BIN),
    "RN": ("20:313:012:345", "20:313:999:999"),
    "AR": ("0000000000000007", "0000000000000009"),
    "NOBD": (IIN, NOBODYS_IIN),
    "ZAGS": (IIN, NOBODYS_IIN),
    "QUEUE": (IIN, NOBODYS_IIN),
    "BORDER": (f"{IIN},2025-09-01,2025-09-30", f"{NOBODYS_IIN},{MONTH}"),
    "SANEPID": (f"{BIN},0000000000000007", NOBODYS_BIN),
    "FIRE": (BIN, NOBODYS_BIN),
    "ANTITERROR": (BIN, NOBODYS_BIN),
    "DFO": (f"{BIN},2024", f"{NOBODYS_BIN},2024"),
    "TREASURY": ("PO-2025-000123", "PO-2025-999999"),
    "ENPF": (f"{BIN},2025-10", f"{NOBODYS_BIN},2025-10"),
    "MED": (f"{IIN},{MONTH}", f"{NOBODYS_IIN},{MONTH}"),
}
# Their own codes are not public beyond "found", so that nothing but ERROR may become of any other (shep.md §3).
OWN_CODES = ("GBDFL", "GBDUL", "KGD")


@dataclass(frozen=True)
class Cell:
    """What the other side does, and what becomes of a question; `own` by register where its own codes decide.

    A `transport` trouble of the asynchronous register strikes when the answer is fetched: it stays ASKED.
    """

    rule: dict[str, Any]
    outcome: Outcome
    own: dict[str, Outcome] = field(default_factory=dict)
    is_transport: bool = False
    is_known: bool = True
    is_impatient: bool = False
    tries: int = 1


def _transport(ends: Outcome, **rule) -> Cell:
    return Cell(rule, ends, is_transport=True)


_ERRORS = dict.fromkeys(OWN_CODES, Outcome.ERROR)
CELLS = {
    "found": Cell({}, Outcome.FOUND),
    "found, other forms": Cell({"form": "escaped", "session_id": "bare", "offset": ""}, Outcome.FOUND),
    "found, other offset": Cell({"form": "inline", "session_id": "none", "offset": "+06:00"}, Outcome.FOUND),
    # HTTP's charset wins over the XML declaration (RFC 7303 §3.2).
    "found, declared as windows-1251": Cell({"hostile": "cp1251"}, Outcome.FOUND, is_transport=True),
    "not found": Cell({}, Outcome.NOT_FOUND, is_known=False),
    "not found, business status": Cell(
        {"outcome": "not_found_in_answer"}, Outcome.NOT_FOUND, {"GBDFL": Outcome.ERROR, "KGD": Outcome.ERROR}
    ),
    "no match": Cell({"outcome": "no_match"}, Outcome.ERROR, {"NOBD": Outcome.NOT_FOUND}),
    "no data, empty": Cell({"outcome": "no_data"}, Outcome.NO_DATA),
    "no data, missing": Cell({"outcome": "data_missing"}, Outcome.NO_DATA),
    "no data, business status": Cell({"outcome": "no_data_in_answer"}, Outcome.NO_DATA, {"KGD": Outcome.ERROR}),
    "denied": Cell({"outcome": "denied"}, Outcome.DENIED, _ERRORS),
    "denied by a fault": _transport(Outcome.DENIED, outcome="fault", code="ACCESS_DENIED"),
    "denied by HTTP": _transport(Outcome.DENIED, http_status=403),
    "error": Cell({"outcome": "error", "code": "SBF-VE-8"}, Outcome.ERROR),
    "fault": _transport(Outcome.ERROR, outcome="fault"),
    "slow": Cell({"delay_seconds": 0.05}, Outcome.FOUND, is_transport=True),
    "silent": Cell({"silence_seconds": 30}, Outcome.TIMEOUT, is_transport=True, is_impatient=True),
    "in drops": Cell({"hostile": "drip"}, Outcome.TIMEOUT, is_transport=True, is_impatient=True),
    "down, 502": Cell({"http_status": 502}, Outcome.TIMEOUT, is_transport=True, tries=3),
    "down, 503": Cell({"http_status": 503}, Outcome.TIMEOUT, is_transport=True, tries=3),
    "redirected": _transport(Outcome.ERROR, http_status=302),
    "truncated": Cell({"hostile": "truncated"}, Outcome.TIMEOUT, is_transport=True, tries=3),
    # In brackets: the check (module:function) without which the cell fails.
    "answer to another message (client_questions:read_sync)": Cell({"wrong": "other_message_id"}, Outcome.ERROR),
    "answer of another chain (client_questions:read_sync)": _transport(Outcome.ERROR, wrong="foreign_correlation"),
    # Only our profile names the question once more inside the answer.
    "answer to another question (client_questions:read_business)": Cell(
        {"wrong": "other_request_id"}, Outcome.ERROR, dict.fromkeys(OWN_CODES, Outcome.FOUND)
    ),
    **{
        f"garbage: {name}": _transport(Outcome.ERROR, hostile=name)
        for name in ("garbage", "html", "empty", "cp1251_header", "deep")
    },
    **{
        f"hostile: {name}": _transport(Outcome.ERROR, hostile=name.split()[0])
        for name in (
            "entity_bomb",
            "external_entity (safe_xml:_refuse_dangerous)",
            "wrapped",
            "wrapped_in_header (wsse_verification:verified_body)",
            "two_signatures (wsse_verification:verified_body)",
            "large (safe_xml:MAX_BYTES)",
            "huge (safe_xml:MAX_BYTES)",
            "endless (safe_xml:MAX_BYTES)",
            "gzip_bomb (safe_xml:MAX_BYTES)",
        )
    },
    **{
        f"hostile: {name} (wsse_verification:verified_body)": _transport(Outcome.ERROR, wrong=name)
        for name in ("unsigned", "broken_digest", "other_key", "other_certificate")
    },
}
