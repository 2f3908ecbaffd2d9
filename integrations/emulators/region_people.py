"""Synthetic people of the demo region: families with names in Kazakh and Russian, and numbers that nobody was issued.

IINs take the serials 99xx and BINs 99xxx, kept for tests (contracts/number-formats.md); phones the unused code 799.
"""

import datetime
import random
from collections import Counter
from dataclasses import dataclass

from voucher_portal.identifiers import check_digit

KAZAKH_SHARE = 0.78
WITHOUT_PATRONYMIC = 0.12
MOTHER_SIGNS = 0.7
SIBLINGS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3)

_KAZAKH_SURNAMES = """
Ахметов Омаров Сәрсенов Қасымов Жұмабаев Нұрғалиев Оспанов Сұлтанов Ибраев Әбдіров Бекболатов Тілеубеков Есенов
Мұратов Байжанов Қалиев Смағұлов Төлегенов Үсенов Ғабдуллин Жақсыбеков Сейтжанов Әлімбеков Ержанов Досанов
Құдайбергенов Ысқақов Мырзахметов Рахимов Шәріпов Нысанбаев Көшербаев Өтегенов Іскендіров Баймұханов Дәулетов
Тұрсынов Кенжебеков Сейтқали Төлеген Жүніс Әбілқасым Мұқан Ғалым Қожахмет Наурызбай
""".split()
_RUSSIAN_SURNAMES = """
Иванов Петров Соколов Кузнецов Попов Васильев Морозов Фёдоров Смирнов Волков Чернов Белоусов Литвинов Ким Цой
Шевченко Пак Зайцев Никитин Захаров
""".split()
_KAZAKH_BOYS = """
Алихан Нұрислам Әлихан Мирас Айсұлтан Санжар Ерасыл Бекзат Диас Арман Тимур Қуаныш Ғани Жәңгір Олжас Рамазан
Темірлан Нұрасыл Ислам Даниал Әмір Мансұр Ансар Шыңғыс Бауыржан
""".split()
_KAZAKH_GIRLS = """
Айша Аяла Аружан Томирис Кәусар Әмина Раяна Інжу Айым Жібек Дана Гүлім Мадина Асылым Жансая Сезім Ұлпан Әсел
Меруерт Нұрай Қарақат Үміт Көзайым Айгерім Хадиша
""".split()
_KAZAKH_FATHERS = """
Асқар Ержан Нұрлан Марат Серік Болат Қайрат Дәурен Ғалымжан Бақыт Ермек Талғат Азамат Руслан Жандос Мұрат Сәкен Әділ
""".split()
_KAZAKH_MOTHERS = """
Гүлнәр Айгүл Сәуле Динара Жанар Әлия Маржан Зәуре Қарлығаш Ләззат Бибігүл Назгүл Индира Алма Гүлмира Шолпан Перизат
""".split()
_RUSSIAN_BOYS = "Александр Артём Максим Дмитрий Кирилл Егор Матвей Роман Илья Тимофей".split()
_RUSSIAN_GIRLS = "София Мария Анна Алиса Виктория Полина Ксения Арина Варвара Вероника".split()
_RUSSIAN_FATHERS = {
    "Сергей": "Сергеев",
    "Андрей": "Андреев",
    "Алексей": "Алексеев",
    "Владимир": "Владимиров",
    "Игорь": "Игорев",
    "Николай": "Николаев",
    "Павел": "Павлов",
    "Олег": "Олегов",
}
_RUSSIAN_MOTHERS = "Ольга Елена Наталья Татьяна Светлана Ирина Юлия Марина".split()


@dataclass(frozen=True, slots=True)
class Person:
    """A child or an adult."""

    iin: str
    last_name: str
    first_name: str
    middle_name: str | None
    birth_date: datetime.date

    def fields(self) -> dict:
        """The person's fields in a feed, without those that only children or only adults have."""
        return {
            "iin": self.iin,
            "last_name": self.last_name,
            "first_name": self.first_name,
            "middle_name": self.middle_name,
        }


@dataclass(frozen=True, slots=True)
class Guardian:
    """The adult who signs for a family's children."""

    person: Person
    phone: str
    email: str | None
    language: str

    def fields(self) -> dict:
        """As in a feed."""
        return self.person.fields() | {"phone": self.phone, "email": self.email, "language": self.language}


@dataclass(frozen=True, slots=True)
class Family:
    """One surname, one father, one guardian."""

    is_kazakh: bool
    surname: str
    father: str
    guardian: Guardian


class Numbers:
    """Gives out numbers, each once and none of the reserved ones."""

    def __init__(self, reserved: set[str]) -> None:
        self._reserved = reserved
        self._iins: Counter[str] = Counter()
        self._bins = 0
        self._phones = 0

    def iin(self, birth_date: datetime.date, is_male: bool) -> str:
        """A valid IIN of the test range. Raises ValueError when those of this day and sex are used up."""
        century = (1 if birth_date.year < 1900 else 3 if birth_date.year < 2000 else 5) + (not is_male)
        start = f"{birth_date:%y%m%d}{century}"
        while self._iins[start] < 100:
            first_eleven = f"{start}99{self._iins[start]:02}"
            self._iins[start] += 1
            if number := self._free(first_eleven):
                return number
        raise ValueError(f"no test IIN is left for {birth_date}")

    def bin(self, registered_on: datetime.date) -> str:
        """A valid BIN of the test range: a resident company, head unit."""
        while True:
            first_eleven = f"{registered_on:%y%m}4099{self._bins % 1000:03}"
            self._bins += 1
            if number := self._free(first_eleven):
                return number

    def _free(self, first_eleven: str) -> str | None:
        last = check_digit(first_eleven)
        number = f"{first_eleven}{last}"
        return None if last is None or number in self._reserved else number

    def phone(self) -> str:
        """A phone number that belongs to nobody."""
        self._phones += 1
        return f"+7799{self._phones:07}"


class People:
    """Makes families and their children, the same ones for the same random numbers."""

    def __init__(self, rng: random.Random, numbers: Numbers) -> None:
        self.rng = rng
        self.numbers = numbers

    def family(self) -> Family:
        """A new family with the adult who signs for it."""
        rng = self.rng
        is_kazakh = rng.random() < KAZAKH_SHARE
        surname = rng.choice(_KAZAKH_SURNAMES if is_kazakh else _RUSSIAN_SURNAMES)
        father = rng.choice(_KAZAKH_FATHERS if is_kazakh else list(_RUSSIAN_FATHERS))
        return Family(is_kazakh, surname, father, self._guardian(is_kazakh, surname, father))

    def child(self, family: Family, birth_date: datetime.date) -> Person:
        """A child of the family, born on that day."""
        rng = self.rng
        is_boy = rng.random() < 0.51
        names = {
            (True, True): _KAZAKH_BOYS,
            (True, False): _KAZAKH_GIRLS,
            (False, True): _RUSSIAN_BOYS,
            (False, False): _RUSSIAN_GIRLS,
        }[family.is_kazakh, is_boy]
        return self._person(
            rng.choice(names), family.surname, family.father, birth_date, is_kazakh=family.is_kazakh, is_male=is_boy
        )

    def _guardian(self, is_kazakh: bool, surname: str, father: str) -> Guardian:
        rng = self.rng
        is_mother = rng.random() < MOTHER_SIGNS
        mothers = _KAZAKH_MOTHERS if is_kazakh else _RUSSIAN_MOTHERS
        name = rng.choice(mothers) if is_mother else father
        grandfather = rng.choice(_KAZAKH_FATHERS if is_kazakh else list(_RUSSIAN_FATHERS))
        born = datetime.date(rng.randint(1975, 1999), 1, 1) + datetime.timedelta(days=rng.randrange(365))
        person = self._person(name, surname, grandfather, born, is_kazakh=is_kazakh, is_male=not is_mother)
        phone = self.numbers.phone()
        email = f"parent{phone[-7:]}@example.kz" if rng.random() < 0.6 else None
        language = "kk" if rng.random() < (0.75 if is_kazakh else 0.05) else "ru"
        return Guardian(person, phone, email, language)

    def _person(
        self, name: str, surname: str, father: str, born: datetime.date, *, is_kazakh: bool, is_male: bool
    ) -> Person:
        has_patronymic = self.rng.random() >= WITHOUT_PATRONYMIC
        return Person(
            iin=self.numbers.iin(born, is_male),
            last_name=surname_of(surname, is_male),
            first_name=name,
            middle_name=patronymic(father, is_kazakh, is_male) if has_patronymic else None,
            birth_date=born,
        )


def surname_of(surname: str, is_male: bool) -> str:
    """The surname as a man or a woman bears it: Омаров, Омарова; Сейтқали, Ким and Шевченко do not change."""
    return surname if is_male or not surname.endswith(("ов", "ев", "ёв", "ин")) else f"{surname}а"


def patronymic(father: str, is_kazakh: bool, is_male: bool) -> str:
    """Асқарұлы, Асқарқызы; Сергеевич, Сергеевна."""
    if is_kazakh:
        return f"{father}{'ұлы' if is_male else 'қызы'}"
    return f"{_RUSSIAN_FATHERS[father]}{'ич' if is_male else 'на'}"
