"""What is known of every state database before it is asked: whose it is, its name at the gateway, our terms.

ASSUMPTIONS, to be replaced by the passports of the services (https://sb.egov.kz/services/passport/<number>) and by the
agreements with their owners: the composition of the list (the sources give the number 16 only), every serviceId marked
"profile" in contracts/shep.md §4, `keep`, and `needs_consent`.

`keep` is for how long an answer is as good as a new one: a day for what is checked every day and changes seldom,
hours for what decides on money at once, a week for what changes by a procedure of weeks.

`needs_consent`: consent of the person (КДП, contracts/shep.md §3) where another body's register is asked about one
person by his IIN. The education ministry's own registers, and those asked by an organisation's BIN, are asked without.
The setting SHEP_WITHOUT_CONSENT opens those that the law opens.
"""

import datetime
from dataclasses import dataclass

_HOURS = datetime.timedelta(hours=1)
_DAYS = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Passport:
    """One state database. `source`: where its fields come from. `name_ru`: as the glossary has it.

    `key`: what stands between the commas of a key, for a person who asks by hand.
    """

    service_id: str
    name_ru: str
    owner: str
    key: str
    source: str
    keep: datetime.timedelta
    needs_consent: bool = False


_PROFILE = "our profile, contracts/shep.md §5"

_IIN, _BIN, _EITHER = "IIN", "BIN", "BIN or IIN"
_OBJECT = "BIN[,address code]"
_PERIOD = "IIN,first day,last day"

PASSPORTS = {
    "GBDFL": Passport(
        "GBDFLUniversal_token", "ГБД «Физические лица»", "МЮ", _IIN,
        "contracts/shep.md §4, note 1: XSD", 1 * _DAYS, needs_consent=True,
    ),
    "GBDUL": Passport(
        "GbdulInfoByBin_v2", "ГБД «Юридические лица»", "МЮ", _BIN,
        "contracts/shep.md §4, note 2: public clients", 1 * _DAYS,
    ),
    "ELIC": Passport(
        "ELIC_LicenseByBin", "Е-лицензирование", "МИИЦР", _EITHER, f"{_PROFILE}; names: note 3", 1 * _DAYS
    ),
    "KGD": Passport(
        "CITS_DEBTS", "КГД (ИСНА)", "КГД МФ", _EITHER, "contracts/shep.md §4, note 4: public clients", 12 * _HOURS
    ),
    "ESUTD": Passport(
        "ESUTD_ContractsByBin", "Единая система учёта трудовых договоров (ЕСУТД)", "МТСЗН", _BIN,
        f"{_PROFILE}; names: note 5", 1 * _DAYS,
    ),
    "RN": Passport(
        "RN_RightsByObject", "Регистр недвижимости", "МЮ", "cadastral number or BIN",
        f"{_PROFILE}; names of the object: note 6", 7 * _DAYS,
    ),
    "AR": Passport(
        "AR_AddressByCode", "Адресный регистр", "МИИЦР", "address code", f"{_PROFILE}; codes: note 7", 30 * _DAYS
    ),
    "NOBD": Passport("NOBD_Enrolment", "НОБД", "МП", _EITHER, f"{_PROFILE}; names: note 8", 1 * _DAYS),
    "ZAGS": Passport(
        "ZAGS_BirthByChild", "ИС «ЗАГС»", "МЮ", _IIN, f"{_PROFILE}; names: note 9", 7 * _DAYS, needs_consent=True
    ),
    "QUEUE": Passport("QUEUE_OtherRegions", "Очереди других регионов", "МИО / МП", _IIN, _PROFILE, 1 * _DAYS),
    "BORDER": Passport(
        "BORDER_Crossings", "Пересечение границы", "КНБ", _PERIOD, _PROFILE, 1 * _DAYS, needs_consent=True
    ),
    "SANEPID": Passport("SANEPID_Conclusion", "КСЭК", "МЗ", _OBJECT, _PROFILE, 1 * _DAYS),
    "FIRE": Passport("FIRE_Inspection", "МЧС", "МЧС", _OBJECT, _PROFILE, 1 * _DAYS),
    "ANTITERROR": Passport("ANTITERROR_Passport", "МВД", "МВД", _OBJECT, _PROFILE, 1 * _DAYS),
    "DFO": Passport(
        "DFO_Statements", "Депозитарий финансовой отчётности", "МФ", "BIN,year", f"{_PROFILE}; scope: note 11",
        7 * _DAYS,
    ),
    "TREASURY": Passport(
        "TREASURY_PaymentStatus", "ИС «Казначейство-Клиент»", "МФ", "payment id", f"{_PROFILE}; note 12", 1 * _HOURS
    ),
    "ENPF": Passport("ENPF_PaymentsByBin", "ЕНПФ", "МТСЗН", "BIN,month", _PROFILE, 7 * _DAYS),
    "MED": Passport(
        "MED_Certificates", "Медицинская информационная система", "МЗ", _PERIOD, _PROFILE, 1 * _DAYS,
        needs_consent=True,
    ),
}  # fmt: skip
