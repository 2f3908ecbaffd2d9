"""The people of the demo whose numbers are known beforehand: they sign in, they sign, state databases know them.

The IINs take the serials 99xx kept for tests; nobody of the region was born before 1975, so none meets another.
"""

import random
from dataclasses import dataclass

from integrations.emulators.region import DEMO_GUARDIAN_IIN, SCALES, reserved_numbers
from integrations.emulators.region_people import Numbers
from integrations.emulators.region_places import ISSUER_BIN, PRESCHOOL, Place, make_places
from integrations.emulators.region_places import SCHOOL as SCHOOL_PROGRAMME

SCHOOL, KINDERGARTEN, DEPARTMENT, OPERATOR, COMMISSION, OVERSIGHT, FAMILY = (
    "школа", "детский сад", "управление", "оператор", "комиссия", "надзор", "семья",
)  # fmt: skip


@dataclass(frozen=True)
class Office:
    """An organisation of the demo that is not a provider."""

    bin: str
    name_ru: str
    name_kk: str


@dataclass(frozen=True)
class Player:
    """A person of the demo and the place where he works; the head of a place signs for it."""

    place: str
    iin: str
    last_name: str
    first_name: str
    middle_name: str
    is_head: bool = False


SCHOOL_DIRECTOR = Player(SCHOOL, "610314399003", "Жұмабаев", "Марат", "Серікұлы", is_head=True)
SCHOOL_CLERK = Player(SCHOOL, "701005499001", "Соколова", "Ирина", "Павловна")
KINDERGARTEN_DIRECTOR = Player(KINDERGARTEN, "660521499004", "Оспанова", "Гүлнәр", "Қайратқызы", is_head=True)
KINDERGARTEN_CLERK = Player(KINDERGARTEN, "730129499009", "Ким", "Елена", "Андреевна")
OFFICER = Player(DEPARTMENT, "721108499005", "Әбдірова", "Сәуле", "Болатқызы")
DEPARTMENT_HEAD = Player(DEPARTMENT, "630817399001", "Қасымов", "Ержан", "Нұрланұлы", is_head=True)
OPERATOR_STAFF = Player(OPERATOR, "740402399008", "Морозов", "Олег", "Игоревич")
INSPECTOR = Player(COMMISSION, "710612499000", "Сейтжанова", "Айгүл", "Ермекқызы")
AUDITOR = Player(OVERSIGHT, "680927399009", "Литвинов", "Сергей", "Николаевич")
ADMINISTRATOR = Player(OPERATOR, "691203399007", "Ысқақов", "Дәурен", "Асқарұлы")
GUARDIAN = Player(FAMILY, DEMO_GUARDIAN_IIN, "Сейтқали", "Гүлнәр", "Болатқызы")
STAFF = (
    SCHOOL_DIRECTOR, SCHOOL_CLERK, KINDERGARTEN_DIRECTOR, KINDERGARTEN_CLERK, OFFICER, DEPARTMENT_HEAD,
    OPERATOR_STAFF, INSPECTOR, AUDITOR, ADMINISTRATOR,
)  # fmt: skip
OFFICES = {
    DEPARTMENT: Office(ISSUER_BIN, "Управление образования города Алматы", "Алматы қаласының Білім басқармасы"),
    OPERATOR: Office("250140990016", "Оператор ваучеров", "Ваучер операторы"),
    COMMISSION: Office("250240990031", "Комиссия по мониторингу", "Мониторинг комиссиясы"),
    OVERSIGHT: Office("250340990033", "Департамент аудита", "Аудит департаменті"),
}


def providers(scale: str, seed: int) -> list[Place]:
    """The providers of the demo region of that scale and seed, the same ones that `write_region` writes."""
    return make_places(random.Random(seed), Numbers(reserved_numbers()), SCALES[scale].providers)


def workplaces(scale: str, seed: int) -> dict[str, Office]:
    """Every place of the demo's people but the family: the offices, the first school, the first kindergarten."""
    places = providers(scale, seed)
    first = {
        place: next(found for found in places if found.programme == programme)
        for place, programme in ((SCHOOL, SCHOOL_PROGRAMME), (KINDERGARTEN, PRESCHOOL))
    }
    return OFFICES | {place: Office(found.bin, found.name_ru, found.name_kk) for place, found in first.items()}
