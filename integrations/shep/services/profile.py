"""Our own profile of a question and an answer, for the registers whose real form is not public.

Source: contracts/shep.md §5, not confirmed.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import reading
from integrations.shep.registers import Asking, Outcome, Reading, Register
from integrations.shep.services import answers
from integrations.shep.services.keys import ProfileKey
from integrations.shep.services.passports import PASSPORTS

NAMESPACE = "urn:voucher-portal:shep:1"
_RECORDLESS = {
    "NOT_FOUND": Outcome.NOT_FOUND, "NO_DATA": Outcome.NO_DATA, "DENIED": Outcome.DENIED, "ERROR": Outcome.ERROR,
}  # fmt: skip

K = TypeVar("K", bound=ProfileKey)
R = TypeVar("R")


def register(
    code: str, key_from: Callable[[str], K], record: Callable[[etree._Element], R], **more: Any
) -> Register[K, R]:
    """The register `code`, asked by our profile; `record` reads one `record` of its answer.

    `more` are fields of Register that differ from what most registers have.
    """
    passport = PASSPORTS[code]
    return Register(
        code=code,
        service_id=passport.service_id,
        name_ru=passport.name_ru,
        key_from=key_from,
        write=functools.partial(query, code),
        read=functools.partial(answer, code, record),
        needs_consent=passport.needs_consent,
        keep=passport.keep,
        **more,
    )


def query(code: str, key: ProfileKey, asking: Asking) -> etree._Element:
    """The `Query` for `key`; its `requestId` is the messageId."""
    root = etree.Element(f"{{{NAMESPACE}}}Query", {"profile": f"{code}/1"}, nsmap={"v": NAMESPACE})
    _add(root, {"requestId": asking.message_id})
    _add(etree.SubElement(root, f"{{{NAMESPACE}}}key"), key.numbers)
    _add(root, {"asOf": asking.asked_at.date().isoformat()} | key.limits)
    if asking.consent:
        # Ours: §5 has no place for a consent. The names are those of the person register.
        _add(root, {"kdpToken": asking.consent.token, "publicKey": asking.consent.public_key})
    return root


def answer(code: str, record: Callable[[etree._Element], R], data: etree._Element) -> Reading[R]:
    """What an `Answer` of this register says. Raises BadMessage for what is no such answer."""
    if not len(data):
        return answers.EMPTY
    root = reading.required(data, "Answer")
    if root.get("profile") != f"{code}/1":
        raise BadMessage(f"the profile of Answer is not {code}/1")
    result = reading.code(root, "result")
    actual_at = reading.instant(root, "actualAt")
    records = reading.children(root, "record")
    words = reading.text(root, "resultText")
    if result == "FOUND":
        return answers.found(tuple(record(each) for each in records), actual_at)
    if result not in _RECORDLESS:
        return answers.unknown(result, words)
    if records:
        return answers.contradiction(result)
    return answers.without_records(_RECORDLESS[result], result, words, actual_at)


def _add(parent: etree._Element, values: dict[str, str]) -> None:
    for name, value in values.items():
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = value
