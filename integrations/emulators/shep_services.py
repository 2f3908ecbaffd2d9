"""The services behind the gateway: what each is asked by and what its records are made of. Source: shep.md §3-§5."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from integrations.emulators.shep_signatures import EXCLUSIVE, INCLUSIVE, Known, check_payload
from integrations.emulators.shep_wire import Refusal, Schema, parsed

PERSON = "http://message.persistence.interactive.nat"
LEGAL_ENTITY = "http://gbdulinfobybin_v2.egp.gbdul.tamur.kz"
TAX = "http://xmlns.kztc-cits/sign"
PROFILE = "urn:voucher-portal:shep:1"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
CONSENT_SERVICE = "KDP_SERVICE"


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the catalogue. `fields` are those of a record, in the order in which they are sent.

    One of `keys` must be given, `more_keys` may be; `needs` are the other parts of a question that must be there.
    """

    code: str
    service_id: str
    name_ru: str
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    more_keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    is_asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `payload_id` is the messageId inside the payload."""

    service: Service
    message_id: str
    correlation_id: str
    payload_id: str
    keys: Mapping[str, str]
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    year: int | None = None
    other: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The number by which the world is looked up."""
        return next((self.keys[name] for name in self.service.keys if name in self.keys), "")


_PERIOD = ("from", "to")
_TOTALS = (
    "totalArrear", "totalTaxArrear", "pensionContributionArrear", "socialContributionArrear",
    "socialHealthInsuranceArrear",
)  # fmt: skip
SERVICES = (
    Service("GBDFL", "GBDFLUniversal_token", "ГБД ФЛ", ("iin",), tuple("""
        iin surname name patronymic engFirstName engSurname birthDate deathDate gender nationality citizenship
        lifeStatus imprisonedStatus birthCertificate deathCertificate birthPlace regAddress personCapableStatus
        missingStatus disappearStatus excludeStatus repatriationStatus documents addresses removed
        """.split())),
    Service("GBDUL", "GbdulInfoByBin_v2", "ГБД ЮЛ", ("bin",), tuple("""
        BIN RegStatus RegistrationDepartment RegistrationDate RegistrationLastDate FullNameRu FullNameKz ShortNameRu
        ShortNameKz OrgForm OrganizationLeader FoundersFL FoundersUL FoundersCount HeaderOrganization Activity Address
        Liquidation
        """.split())),
    Service("ELIC", "ELIC_LicenseByBin", "Е-лицензирование", ("bin",), tuple("""
        iinBin globalUniqueNumber number issueDate validityStartDate validityEndDate status activityType licensiar
        suspendingStartDate suspendingEndDate documentUrl address
        """.split())),
    Service("KGD", "CITS_DEBTS", "КГД", ("bin",), ("iinBin", "nameRu", *_TOTALS, "taxOrgInfo")),
    Service("ESUTD", "ESUTD_ContractsByBin", "ЕСУТД", ("bin",), tuple("""
        employerBin employeeIin contractNumber contractDate beginDate position establishedPost partTime terminationDate
        """.split())),
    Service("RN", "RN_RightsByObject", "Регистр недвижимости", ("cadastralNumber", "bin"), tuple("""
        cadastralNumber address purpose square totalSquare flourCount buildingDate rightType rightHolderBin rightStart
        rightEnd encumbrance
        """.split())),
    Service("AR", "AR_AddressByCode", "Адресный регистр", ("arCode",), tuple("""
        arCode kato region district city street building corpus flat lat lon actual
        """.split())),
    Service("NOBD", "NOBD_Enrolment", "НОБД", ("iin", "bin"), tuple("""
        iin surName name middleName birthDate isStudent enterDate graduateDate schoolName schoolCategory schoolBin
        grade group language orderNumber
        """.split()), is_asynchronous=True),
    Service("ZAGS", "ZAGS_BirthByChild", "ЗАГС", ("iin",), tuple("""
        zags numberAkt regDate child mother father guardianship
        """.split())),
    Service("QUEUE", "QUEUE_OtherRegions", "Очередь других регионов", ("iin",), tuple("""
        regionKato queueNumber state enqueuedAt enrolledBin enrolledAt
        """.split())),
    Service("BORDER", "BORDER_Crossings", "Пересечение границы", ("iin",), ("direction", "crossedAt", "abroadNow"),
            needs=_PERIOD),
    Service("SANEPID", "SANEPID_Conclusion", "КСЭК", ("bin",), tuple("""
        conclusionNumber issuedAt result capacity objectAddress arCode validUntil
        """.split()), more_keys=("arCode",)),
    Service("FIRE", "FIRE_Inspection", "МЧС", ("bin",), ("actNumber", "inspectedAt", "result", "violation"),
            more_keys=("arCode",)),
    Service("ANTITERROR", "ANTITERROR_Passport", "МВД", ("bin",), tuple("""
        passportNumber approvedAt validUntil alarmButton videoToCenter guard result
        """.split()), more_keys=("arCode",)),
    Service("DFO", "DFO_Statements", "Депозитарий финансовой отчётности", ("bin",), tuple("""
        reportId year kind loadedAt auditAttached
        """.split()), needs=("year",)),
    Service("TREASURY", "TREASURY_PaymentStatus", "Казначейство", ("paymentId",), tuple("""
        state bookedAt amount reference limitRest
        """.split())),
    Service("ENPF", "ENPF_PaymentsByBin", "ЕНПФ", ("bin",), ("iin", "month", "amount"), needs=_PERIOD),
    Service("MED", "MED_Certificates", "Медицинские справки", ("iin",), tuple("""
        kind issuedAt from to issuerBin
        """.split()), needs=_PERIOD),
)  # fmt: skip
BY_CODE = {service.code: service for service in SERVICES}
BY_SERVICE_ID = {service.service_id: service for service in SERVICES} | {
    "GBDFL_UniversalServiceSync": BY_CODE["GBDFL"],
}
_LEGAL_ENTITY_SCHEMA = Schema("legal_entity.xsd")


def question_in(
    data: etree._Element | None, service: Service, message_id: str, correlation_id: str, known: Known | None
) -> Question:
    """Read the payload of a request in the one form that its service takes.

    Without `known` signatures of payloads are not asked for. Raises Refusal.
    """
    if data is None:
        raise Refusal("VAL-DATA", f"requestData of {service.service_id} has no data.")
    read = {"GBDFL": _person, "GBDUL": _legal_entity, "KGD": _tax}.get(service.code, _profile)
    keys, payload_id, more = read(data, service, known)
    if read is _profile and payload_id != message_id:
        raise Refusal("VAL-DATA", "requestId must be the messageId.")
    unknown = set(keys) - {*service.keys, *service.more_keys}
    if unknown or not set(keys) & set(service.keys):
        raise Refusal("VAL-KEY", f"{service.service_id} is asked by {' or '.join(service.keys)}, not by {[*keys]}.")
    return Question(service, message_id, correlation_id, payload_id, keys, **more)


def _person(data: etree._Element, service: Service, known: Known | None):
    if _qualified(data, data.get(XSI_TYPE, "")) != f"{{{PERSON}}}Request":
        raise Refusal("VAL-DATA", f'data must have xsi:type="cs:Request" of {PERSON}.')
    fields = {child.tag: (child.text or "").strip() for child in data.iterchildren(etree.Element)}
    if "iin" not in fields:
        raise Refusal("VAL-KEY", f"{service.service_id} is asked by iin here.")
    other = {name: fields[name] for name in ("kdpToken", "publicKey")}
    return {"iin": fields["iin"]}, fields["messageId"], {"other": other}


def _legal_entity(data: etree._Element, service: Service, known: Known | None):
    if len(data):
        raise Refusal("VAL-DATA", f"data of {service.service_id} is an escaped string, not elements.")
    root = parsed((data.text or "").strip().encode())
    _LEGAL_ENTITY_SCHEMA.check(root, "VAL-DATA")
    if known:
        check_payload(root, known, (EXCLUSIVE, INCLUSIVE))
    return {"bin": root.findtext("BIN")}, "", {}


def _tax(data: etree._Element, service: Service, known: Known | None):
    root = _only_child(data, f"{{{TAX}}}request", service)
    if known:
        check_payload(root, known, (INCLUSIVE,))
    return {"bin": root.findtext(f"{{{TAX}}}iinBin")}, root.findtext(f"{{{TAX}}}messageId"), {}


def _profile(data: etree._Element, service: Service, known: Known | None):
    root = _only_child(data, f"{{{PROFILE}}}Query", service)
    if root.get("profile") != f"{service.code}/1":
        raise Refusal("VAL-PROFILE", f'profile must be "{service.code}/1", it is "{root.get("profile")}".')
    parts = {etree.QName(child).localname: (child.text or "").strip() for child in root.iterchildren(etree.Element)}
    missing = [name for name in service.needs if name not in parts]
    if missing:
        raise Refusal("VAL-KEY", f"{service.service_id} needs {' and '.join(missing)}.")
    key = root.find(f"{{{PROFILE}}}key")
    keys = {etree.QName(child).localname: (child.text or "").strip() for child in key.iterchildren(etree.Element)}
    more = {
        "other": {name: parts[name] for name in ("kdpToken", "publicKey") if name in parts},
        "first_day": _day(parts.get("from")),
        "last_day": _day(parts.get("to")),
        "year": int(parts["year"][:4]) if "year" in parts else None,
    }
    return keys, parts["requestId"], more


def _only_child(data: etree._Element, tag: str, service: Service) -> etree._Element:
    children = list(data.iterchildren(etree.Element))
    if len(children) != 1 or children[0].tag != tag:
        found = ", ".join(child.tag for child in children) or "text"
        raise Refusal("VAL-DATA", f"data of {service.service_id} must hold one {tag}, it holds {found}.")
    return children[0]


def _qualified(element: etree._Element, name: str) -> str:
    prefix, _, local = name.strip().rpartition(":")
    return f"{{{element.nsmap.get(prefix or None, '')}}}{local}"


def _day(text: str | None) -> datetime.date | None:
    """The day of an xs:date, which may carry an offset behind its ten characters. Raises Refusal for another era."""
    try:
        return datetime.date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise Refusal("VAL-KEY", f"{text} is no day of this time.") from None
