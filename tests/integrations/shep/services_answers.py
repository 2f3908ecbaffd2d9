"""The other side of every answer: records as the `data` of their register, for round trips.

Which field of a record stands in which element, and of what kind it is, is written down here a second time on purpose.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from lxml import etree

from integrations.shep.reading import Coded
from integrations.shep.services import (
    ar,
    border,
    dfo,
    elic,
    enpf,
    esutd,
    gbdfl,
    gbdul,
    kgd,
    med,
    nobd,
    permits,
    queue,
    rn,
    treasury,
    zags,
)
from voucher_portal.dates import ALMATY, Month

PROFILE = "urn:voucher-portal:shep:1"
TAX = "http://xmlns.kztc-cits/sign"

ALPHABET = st.characters(exclude_categories=["C", "Zl", "Zp"])
TEXT = st.text(ALPHABET, min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(bool)
NUMBER = st.text("0123456789", min_size=12, max_size=12)
DAY = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1))
# Of the single time zone.
INSTANT = st.integers(1_709_319_600, 4_102_444_800).map(lambda second: datetime.datetime.fromtimestamp(second, ALMATY))
MONEY = st.decimals(-(10**12), 10**12, places=2)
DECIMAL = st.decimals(0, 10**6, places=6)
INTEGER = st.integers(-(10**9) + 1, 10**9 - 1)
BOOLEAN = st.booleans()
MONTH = st.builds(Month, st.integers(1991, 2100), st.integers(1, 12))
# A dictionary value without any part is no value where a plain text may stand in its place.
CODED = st.builds(Coded, TEXT, st.none() | TEXT, st.none() | TEXT)


@dataclass(frozen=True)
class Certain:
    """A value that is never missing from the record."""

    kind: st.SearchStrategy


@dataclass(frozen=True)
class Nested:
    """A record inside a record; `many`: any number of them."""

    record: type
    many: bool = False


# Record -> its fields in order -> the element that each stands in, and its kind.
FORMS: dict[type, dict[str, tuple[str, Any]]] = {
    gbdfl.Residence: {
        "district": ("district", TEXT), "region": ("region", TEXT), "city": ("city", TEXT),
        "street": ("street", TEXT), "building": ("building", TEXT), "flat": ("flat", TEXT),
        "begin_on": ("beginDate", DAY), "end_on": ("endDate", DAY), "ar_code": ("arCode", TEXT),
    },
    gbdfl.Person: {
        "iin": ("iin", NUMBER), "last_name": ("surname", TEXT), "first_name": ("name", TEXT),
        "middle_name": ("patronymic", TEXT), "birth_date": ("birthDate", DAY), "death_date": ("deathDate", DAY),
        "gender": ("gender", CODED), "citizenship": ("citizenship", CODED), "life_status": ("lifeStatus", CODED),
        "residence": ("regAddress", Nested(gbdfl.Residence)),
        "capable_status": ("personCapableStatus/capableStatus", CODED),
        "is_missing": ("missingStatus/missing", Certain(BOOLEAN)),
        "exclude_reason": ("excludeStatus/excludeReason", CODED), "is_removed": ("removed", Certain(BOOLEAN)),
    },
    gbdul.Head: {
        "iin": ("IIN", NUMBER), "last_name": ("SurName", TEXT), "first_name": ("Name", TEXT),
        "middle_name": ("MiddleName", TEXT),
    },
    gbdul.Activity: {"oked": ("OKED", TEXT), "is_main": ("Main", BOOLEAN)},
    gbdul.LegalAddress: {
        "ar_code": ("RKA", TEXT), "kato": ("KATO", TEXT), "district": ("DistrictRu", TEXT),
        "region": ("RegionRu", TEXT), "city": ("CityRu", TEXT), "street": ("StreetRu", TEXT),
        "building": ("BuildingNumber", TEXT),
    },
    gbdul.Founder: {"number": ("IIN", Certain(NUMBER)), "name": ("FullNameRu", TEXT)},
    gbdul.Organisation: {
        "bin": ("BIN", NUMBER), "status": ("RegStatus", CODED), "registered_on": ("RegistrationDate", DAY),
        "name_ru": ("FullNameRu", TEXT), "name_kk": ("FullNameKz", TEXT), "legal_form": ("OrgForm", CODED),
        "head": ("OrganizationLeader", Nested(gbdul.Head)),
        "activities": ("Activity", Nested(gbdul.Activity, many=True)),
        "address": ("Address", Nested(gbdul.LegalAddress)),
        "founders": ("FoundersFL", Nested(gbdul.Founder, many=True)),
        "head_organisation_bin": ("HeaderOrganization/BIN", NUMBER),
        "has_liquidation": ("Liquidation", Certain(BOOLEAN)),
    },
    elic.LicensedAddress: {"ar_code": ("arCode", TEXT), "text": ("text", TEXT)},
    elic.Licence: {
        "holder_number": ("iinBin", NUMBER), "global_number": ("globalUniqueNumber", TEXT), "number": ("number", TEXT),
        "issued_on": ("issueDate", DAY), "valid_from": ("validityStartDate", DAY),
        "valid_to": ("validityEndDate", DAY), "status": ("status", CODED), "activity": ("activityType", CODED),
        "licensor": ("licensiar", TEXT), "suspended_from": ("suspendingStartDate", DAY),
        "suspended_to": ("suspendingEndDate", DAY), "document_url": ("documentUrl", TEXT),
        "addresses": ("address", Nested(elic.LicensedAddress, many=True)),
    },
    kgd.TaxOffice: {
        "name_ru": ("nameRu", TEXT), "code": ("charCode", TEXT), "accrued_at": ("reportAcrualDate", INSTANT),
        "total_kzt": ("totalArrear", MONEY),
    },
    kgd.TaxDebt: {
        "number": ("iinBin", NUMBER), "name_ru": ("nameRu", TEXT), "total_kzt": ("totalArrear", MONEY),
        "tax_kzt": ("totalTaxArrear", MONEY), "pension_kzt": ("pensionContributionArrear", MONEY),
        "social_kzt": ("socialContributionArrear", MONEY), "health_kzt": ("socialHealthInsuranceArrear", MONEY),
        "offices": ("taxOrgInfo", Nested(kgd.TaxOffice, many=True)),
    },
    esutd.LabourContract: {
        "employer_bin": ("bin", NUMBER), "employee_iin": ("iin", NUMBER), "number": ("contractNumber", TEXT),
        "concluded_on": ("contractDate", DAY), "begins_on": ("beginDate", DAY), "position": ("position", TEXT),
        "established_post": ("establishedPost", TEXT), "is_part_time": ("partTime", BOOLEAN),
        "ends_on": ("terminationDate", DAY),
    },
    rn.Realty: {
        "cadastral_number": ("cadastralNumber", TEXT), "address": ("address", TEXT), "purpose": ("purpose", CODED),
        "area_m2": ("square", DECIMAL), "total_area_m2": ("totalSquare", DECIMAL), "floors": ("flourCount", INTEGER),
        "built_on": ("buildingDate", DAY), "right": ("rightType", CODED), "holder_number": ("rightHolderBin", NUMBER),
        "right_from": ("rightStart", DAY), "right_to": ("rightEnd", DAY),
        "encumbrances": ("encumbrance", Nested(Coded, many=True)),
    },
    ar.Address: {
        "ar_code": ("arCode", TEXT), "kato": ("kato", TEXT), "region": ("region", TEXT),
        "district": ("district", TEXT), "city": ("city", TEXT), "street": ("street", TEXT),
        "building": ("building", TEXT), "corpus": ("corpus", TEXT), "flat": ("flat", TEXT),
        "latitude": ("lat", DECIMAL), "longitude": ("lon", DECIMAL), "is_actual": ("actual", BOOLEAN),
    },
    nobd.Enrolment: {
        "iin": ("iin", NUMBER), "last_name": ("surName", TEXT), "first_name": ("name", TEXT),
        "middle_name": ("middleName", TEXT), "birth_date": ("birthDate", DAY), "is_student": ("isStudent", BOOLEAN),
        "enrolled_on": ("enterDate", DAY), "left_on": ("graduateDate", DAY), "school_name": ("schoolName", TEXT),
        "school_category": ("schoolCategory", CODED), "school_bin": ("schoolBin", NUMBER), "grade": ("grade", TEXT),
        "group": ("group", TEXT), "language": ("language", CODED), "order_number": ("orderNumber", TEXT),
    },
    zags.Relative: {
        "iin": ("iin", NUMBER), "last_name": ("surname", TEXT), "first_name": ("name", TEXT),
        "middle_name": ("secondname", TEXT), "birth_date": ("birthDate", DAY),
    },
    zags.Guardianship: {
        "guardian_iin": ("req_iin", NUMBER), "child_iin": ("child_iin", NUMBER),
        "decision_number": ("decision_number", TEXT), "decided_on": ("decision_issuedate", DAY),
        "ends_on": ("guardianship_end_date", DAY),
    },
    zags.Birth: {
        "office": ("zags", TEXT), "act_number": ("numberAkt", TEXT), "registered_on": ("regDate", DAY),
        "child": ("child", Nested(zags.Relative)), "mother": ("mother", Nested(zags.Relative)),
        "father": ("father", Nested(zags.Relative)),
        "guardianships": ("guardianship", Nested(zags.Guardianship, many=True)),
    },
    queue.QueueEntry: {
        "region_kato": ("regionKato", TEXT), "queue_number": ("queueNumber", TEXT), "state": ("state", CODED),
        "queued_at": ("enqueuedAt", INSTANT), "enrolled_bin": ("enrolledBin", NUMBER),
        "enrolled_on": ("enrolledAt", DAY),
    },
    border.Crossing: {
        "direction": ("direction", CODED), "crossed_at": ("crossedAt", INSTANT),
        "is_abroad_now": ("abroadNow", BOOLEAN),
    },
    permits.SanitaryConclusion: {
        "number": ("conclusionNumber", TEXT), "issued_on": ("issuedAt", DAY), "result": ("result", CODED),
        "capacity": ("capacity", INTEGER), "address": ("objectAddress", TEXT), "ar_code": ("arCode", TEXT),
        "valid_to": ("validUntil", DAY),
    },
    permits.Violation: {"code": ("code", TEXT), "deadline_on": ("deadline", DAY), "fixed_on": ("fixedAt", DAY)},
    permits.FireInspection: {
        "act_number": ("actNumber", TEXT), "inspected_on": ("inspectedAt", DAY), "result": ("result", CODED),
        "violations": ("violation", Nested(permits.Violation, many=True)),
    },
    permits.AntiterrorPassport: {
        "number": ("passportNumber", TEXT), "approved_on": ("approvedAt", DAY), "valid_to": ("validUntil", DAY),
        "has_alarm_button": ("alarmButton", BOOLEAN), "has_video_to_center": ("videoToCenter", BOOLEAN),
        "has_guard": ("guard", BOOLEAN), "result": ("result", CODED),
    },
    dfo.Statement: {
        "report_id": ("reportId", TEXT), "year": ("year", INTEGER), "kind": ("kind", CODED),
        "loaded_on": ("loadedAt", DAY), "is_audit_attached": ("auditAttached", BOOLEAN),
    },
    treasury.PaymentStatus: {
        "state": ("state", CODED), "booked_at": ("bookedAt", INSTANT), "amount_kzt": ("amount", MONEY),
        "reference": ("reference", TEXT), "limit_rest_kzt": ("limitRest", MONEY),
    },
    enpf.PensionPayment: {"iin": ("iin", NUMBER), "month": ("month", MONTH), "amount_kzt": ("amount", MONEY)},
    med.MedicalCertificate: {
        "kind": ("kind", CODED), "issued_on": ("issuedAt", DAY), "first_on": ("from", DAY), "last_on": ("to", DAY),
        "issuer_bin": ("issuerBin", NUMBER),
    },
}  # fmt: skip
CODED_PARTS = {"code": "code", "name_ru": "nameRu", "name_kk": "nameKz"}
RECORDS = {
    "GBDFL": gbdfl.Person,
    "GBDUL": gbdul.Organisation,
    "ELIC": elic.Licence,
    "KGD": kgd.TaxDebt,
    "ESUTD": esutd.LabourContract,
    "RN": rn.Realty,
    "AR": ar.Address,
    "NOBD": nobd.Enrolment,
    "ZAGS": zags.Birth,
    "QUEUE": queue.QueueEntry,
    "BORDER": border.Crossing,
    "SANEPID": permits.SanitaryConclusion,
    "FIRE": permits.FireInspection,
    "ANTITERROR": permits.AntiterrorPassport,
    "DFO": dfo.Statement,
    "TREASURY": treasury.PaymentStatus,
    "ENPF": enpf.PensionPayment,
    "MED": med.MedicalCertificate,
}


def records(record: type) -> st.SearchStrategy:
    """Any record of this type; every field may be missing, but those that are yes or no."""
    if record is Coded:
        return CODED
    return st.builds(record, **{name: _values(kind) for name, (_element, kind) in FORMS[record].items()})


def _values(kind: Any) -> st.SearchStrategy:
    if isinstance(kind, Nested):
        inner = records(kind.record)
        return st.lists(inner, max_size=2).map(tuple) if kind.many else st.none() | inner
    return kind.kind if isinstance(kind, Certain) else st.none() | kind


def answer(code: str, found: tuple[Any, ...], namespace: str | None = None) -> etree._Element:
    """The `data` by which the register `code` says `found`; `namespace` in place of the register's own."""
    data = etree.Element("data")
    if code == "GBDFL":
        etree.SubElement(etree.SubElement(data, "messageResult"), "code").text = "00000"
        return _with_all(etree.SubElement(data, "persons"), "person", found, data)
    if code == "GBDUL":
        root = etree.SubElement(data, "responseDataType")
        etree.SubElement(etree.SubElement(root, "Status"), "Code").text = "002"
        return _with_all(root, "Organization", found, data)
    if code == "KGD":
        inside = TAX if namespace is None else namespace
        (debt,) = found
        root = add(data, "response", debt, inside)
        etree.SubElement(root, _tag("responseCode", inside)).text = "OK"
        return data
    inside = PROFILE if namespace is None else namespace
    root = etree.SubElement(data, _tag("Answer", inside), profile=f"{code}/1")
    etree.SubElement(root, _tag("result", inside)).text = "FOUND"
    return _with_all(root, "record", found, data, inside)


def _with_all(parent, name, found, data, namespace="") -> etree._Element:
    for each in found:
        add(parent, name, each, namespace)
    return data


def add(parent: etree._Element, path: str, value: Any, namespace: str = "") -> etree._Element:
    """`value` at `path` below `parent`, made of what FORMS say."""
    *above, last = path.split("/")
    for name in above:
        parent = etree.SubElement(parent, _tag(name, namespace))
    element = etree.SubElement(parent, _tag(last, namespace))
    if isinstance(value, Coded):
        fields = [(CODED_PARTS[name], getattr(value, name)) for name in CODED_PARTS]
    elif type(value) in FORMS:
        fields = [(path, getattr(value, name)) for name, (path, _kind) in FORMS[type(value)].items()]
    else:
        element.text = _text(value)
        return element
    for inner, inside in fields:
        for each in inside if isinstance(inside, tuple) else (inside,):
            if each is not None:
                add(element, inner, each, namespace)
    return element


def _tag(name: str, namespace: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
