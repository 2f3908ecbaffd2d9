"""What a register answers: records of the world as the `data` of its service. Source: contracts/shep.md §3-§6."""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from lxml import etree

from integrations.emulators.shep_script import Rule
from integrations.emulators.shep_services import LEGAL_ENTITY, PERSON, PROFILE, TAX, XSI_TYPE, Question
from integrations.emulators.shep_wire import PROCESSED, Stamp

Record = Mapping[str, Any]

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_STATUSES = {
    "not_found": ("404", "Nothing is found"),
    "no_match": ("SCSE001", "Error at the receiver"),
    "error": ("SBF-VE-8", "The request was not carried out"),
}
_REFUSED = {
    "not_found_in_answer": ("NOT_FOUND", "Сведений нет"),
    "no_data_in_answer": ("NO_DATA", "Сведения не поступили"),
    "denied": ("DENIED", "Нет права на эти сведения"),
    "error": ("ERROR", "Реестр не смог ответить"),
}
_PERSON_CODES = {"not_found_in_answer": "00404", "no_data_in_answer": "00000", "denied": "00403", "error": "00500"}
_LEGAL_ENTITY_CODES = {"not_found_in_answer": "031", "no_data_in_answer": "002", "denied": "403", "error": "500"}


def answer_to(
    question: Question, records: list[Record] | None, actual_at: datetime.datetime, rule: Rule, stamp: Stamp
) -> tuple[tuple[str, str], etree._Element | None]:
    """The status and the `data` of an answer; `records` is None where the world does not know the number."""
    outcome = rule.outcome
    if records is None and outcome in ("", "found"):
        outcome = "not_found"
    if outcome in _STATUSES:
        code, words = _STATUSES[outcome]
        return (rule.code or code, rule.message or words), None
    if outcome == "data_missing":
        return PROCESSED, None
    if outcome == "no_data":
        return PROCESSED, etree.Element("data")
    if not records and outcome in ("", "found"):
        outcome = "not_found_in_answer"
    return PROCESSED, data_of(question, records or [], actual_at, rule, stamp, outcome)


def data_of(
    question: Question, records: list[Record], actual_at: datetime.datetime, rule: Rule, stamp: Stamp, outcome: str
) -> etree._Element:
    """The `data` of an answer in the form of its service or of the rule; `outcome` "" or "found" gives the records."""
    records = [] if outcome in _REFUSED else records
    write = {"GBDFL": _person, "GBDUL": _legal_entity, "KGD": _tax}.get(question.service.code, _profile)
    root = write(question, records, actual_at, rule, stamp, outcome)
    usual = "escaped" if question.service.code == "GBDUL" else "inline"
    if (rule.form or usual) == "escaped":
        data = etree.Element("data")
        data.text = etree.tostring(root, encoding="unicode")
        return data
    if question.service.code != "GBDFL":
        data = etree.Element("data")
        data.append(root)
        return data
    data = etree.Element("data", nsmap={"cs": PERSON, "xsi": _XSI})
    data.set(XSI_TYPE, "cs:Response")
    data.extend(root)
    return data


def add_fields(parent: etree._Element, values: Mapping[str, Any], namespace: str = "") -> None:
    """The values as children, in their order: a mapping nests, a list repeats, None is left out."""
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            if each is None:
                continue
            child = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
            if isinstance(each, Mapping):
                add_fields(child, each, namespace)
            else:
                child.text = _text(each)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _coded(code: str, ru: str, kk: str) -> dict[str, str]:
    return {"code": code, "nameRu": ru, "nameKz": kk}


def _person(question, records, actual_at, rule, stamp, outcome) -> etree._Element:
    root = etree.Element(f"{{{PERSON}}}Response", nsmap={"cs": PERSON})
    code = rule.code or _PERSON_CODES.get(outcome, "00000")
    words = ("Успешно", "Сәтті") if code == "00000" else (_REFUSED.get(outcome, ("", "Ошибка"))[1], "Қате")
    head = {
        "messageId": str(uuid.uuid4()),
        "messageDate": str(stamp),
        "requestId": _request_id(question, rule),
        "sender": _coded("GBDFL", "ГБД ФЛ", "ЖТ МДҚ"),
        "receiver": _coded("PORTAL", "Портал ваучеров", "Ваучер порталы"),
        "messageResult": _coded(code, *words),
    }
    add_fields(root, head)
    persons = etree.SubElement(root, "persons")
    for record in records:
        add_fields(etree.SubElement(persons, "person"), record)
    return root


def _legal_entity(question, records, actual_at, rule, stamp, outcome) -> etree._Element:
    root = etree.Element(f"{{{LEGAL_ENTITY}}}responseDataType", nsmap={"u": LEGAL_ENTITY})
    code = rule.code or _LEGAL_ENTITY_CODES.get(outcome, "002")
    words = "Обработан" if code == "002" else _REFUSED.get(outcome, ("", "Ошибка"))[1]
    add_fields(root, {"Status": {"Code": code, "NameRu": words}})
    for record in records:
        add_fields(etree.SubElement(root, "Organization"), record)
    return root


def _tax(question, records, actual_at, rule, stamp, outcome) -> etree._Element:
    root = etree.Element(f"{{{TAX}}}response", nsmap={"edw": TAX})
    code = rule.code or _REFUSED.get(outcome, ("OK",))[0]
    local = f"{stamp.at.astimezone(datetime.timezone(datetime.timedelta(hours=5))):%Y-%m-%dT%H:%M:%S}"
    add_fields(root, {"messageId": str(uuid.uuid4()), "sendTime": local, "responseCode": code}, TAX)
    for record in records:
        add_fields(root, record, TAX)
    return root


def _profile(question, records, actual_at, rule, stamp, outcome) -> etree._Element:
    root = etree.Element(f"{{{PROFILE}}}Answer", nsmap={"v": PROFILE})
    root.set("profile", f"{question.service.code}/1")
    result, words = _REFUSED.get(outcome, ("FOUND", None))
    result = rule.code or result
    head = {
        "requestId": _request_id(question, rule),
        "result": result,
        "resultText": rule.message or words,
        "actualAt": str(Stamp(actual_at, stamp.offset)),
    }
    add_fields(root, head, PROFILE)
    for record in records:
        add_fields(etree.SubElement(root, f"{{{PROFILE}}}record"), record, PROFILE)
    return root


def _request_id(question: Question, rule: Rule) -> str:
    return str(uuid.uuid4()) if rule.wrong == "other_request_id" else question.payload_id
