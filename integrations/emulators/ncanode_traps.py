"""Answers of NCANode that say `valid` and do not mean it: contracts/ncalayer.md §4."""

from collections.abc import Callable, Sequence
from typing import Any

Answer = dict[str, Any]

_OTHER_PERSON = {"iin": "720415399005", "commonName": "БӨТЕНОВ ТИМУР", "surName": "БӨТЕНОВ"}
_OTHER_BIN = "250140990016"


def trapped(path: str, answer: Answer, traps: Sequence[str]) -> Answer:
    """`answer` with every trap that is set."""
    for trap in traps:
        if path == "/cms/extract":
            answer = answer | ({"data": "b3RoZXI="} if trap == "other_content" else {})
        elif path == "/cms/verify" and trap in _OF_SIGNERS:
            answer = answer | {"signers": _OF_SIGNERS[trap](answer["signers"])}
        elif trap in _OF_ANSWERS:
            answer = answer | _OF_ANSWERS[trap]
    return answer


def _with_certificate(change: Callable[[Answer], Answer]) -> Callable[[list[Answer]], list[Answer]]:
    """Each signer with each of his certificates changed."""

    def changed(signers: list[Answer]) -> list[Answer]:
        return [
            signer | {"certificates": [info | change(info) for info in signer["certificates"]]} for signer in signers
        ]

    return changed


def _revocation_unknown(info: Answer) -> Answer:
    entries = [entry | {"revoked": False, "reason": "Unknown status"} for entry in info["revocations"]]
    return {"valid": True, "revocations": entries}


def _without_iin(info: Answer) -> Answer:
    return {"subject": {name: value for name, value in info["subject"].items() if name != "iin"}}


_OF_ANSWERS: dict[str, Answer] = {
    "valid_as_text": {"valid": "true"},
    "status_500_inside": {"status": 500, "message": "Internal error"},
}
_OF_SIGNERS: dict[str, Callable[[list[Answer]], list[Answer]]] = {
    "inner_name_signers": lambda signers: [{"signers": signer["certificates"]} for signer in signers],
    "no_signers": lambda _signers: [],
    "no_certificate": lambda signers: [signer | {"certificates": []} for signer in signers],
    "two_certificates": lambda signers: [signer | {"certificates": signer["certificates"] * 2} for signer in signers],
    "two_signers": lambda signers: signers * 2,
    "no_revocations": _with_certificate(lambda _info: {"valid": True, "revocations": []}),
    "unknown_is_valid": _with_certificate(_revocation_unknown),
    "other_certificate": _with_certificate(
        lambda info: {"subject": info["subject"] | _OTHER_PERSON, "serialNumber": "7f3a"}
    ),
    "other_iin": _with_certificate(lambda info: {"subject": info["subject"] | _OTHER_PERSON}),
    "other_signature": _with_certificate(lambda _info: {"signature": "AAAA"}),
    "no_iin": _with_certificate(_without_iin),
    "other_bin": _with_certificate(lambda info: {"subject": info["subject"] | {"bin": _OTHER_BIN}}),
    "certificate_not_valid": _with_certificate(lambda _info: {"valid": False}),
    "other_key_usage": _with_certificate(lambda info: {"keyUsage": "AUTH" if info["keyUsage"] == "SIGN" else "SIGN"}),
}
