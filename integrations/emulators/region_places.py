"""The providers of the demo region: made-up schools and kindergartens in the eight districts of Almaty."""

import datetime
import random
from dataclasses import dataclass

from integrations.emulators.region_people import Numbers
from voucher_portal.identifiers import expected_bic

SCHOOL, PRESCHOOL = "school", "preschool"
SCHOOL_SHARE = 0.4
STATE_SHARE = 0.2
LMS_CODE = "demo-lms"
ISSUER = "ALA"
ISSUER_BIN = "200940990006"

# Name, latitude and longitude of the middle, streets.
_DISTRICTS = [
    ("Алатауский", 43.288, 76.832, ["улица Момышулы", "улица Рыскулова", "микрорайон Шанырак"]),
    ("Алмалинский", 43.252, 76.917, ["улица Толе би", "улица Гоголя", "улица Ауэзова"]),
    ("Ауэзовский", 43.226, 76.853, ["улица Саина", "проспект Абая", "улица Жандосова"]),
    ("Бостандыкский", 43.214, 76.905, ["улица Тимирязева", "улица Розыбакиева", "проспект Гагарина"]),
    ("Жетысуский", 43.296, 76.935, ["улица Серикова", "проспект Райымбека", "улица Акан серэ"]),
    ("Медеуский", 43.237, 76.965, ["проспект Достык", "улица Каблукова", "улица Бузурбаева"]),
    ("Наурызбайский", 43.200, 76.790, ["улица Кунаева", "улица Жанибека", "микрорайон Калкаман"]),
    ("Турксибский", 43.340, 76.970, ["улица Майлина", "проспект Суюнбая", "улица Шемякина"]),
]
_SCHOOL_NAMES = """
Шаңырақ Самал Тұмар Арман Болашақ Жұлдыз Қайнар Мұрагер Зерде Дарын Парасат Өрлеу Керуен Ақниет Ұлағат Ғасыр
""".split()
_KINDERGARTEN_NAMES = """
Балапан Балдырған Балауса Күншуақ Айгөлек Ботақан Ертөстік Қарлығаш Еркемай Нұрсәби Ақбота Қызғалдақ Бәйтерек
Таңшолпан Мерей Сандуғаш Ромашка Солнышко Родничок Теремок
""".split()
_BANK_CODES = ["722", "601", "821", "856"]
_JITTER_DEGREES = 0.014


@dataclass(slots=True)
class Place:
    """A provider; the capacities are set when it is known how many children came."""

    bin: str
    programme: str
    ownership: str
    name_ru: str
    name_kk: str
    address_ru: str
    lat: float
    lon: float
    licensed_on: datetime.date
    iban: str
    kbe: str
    popularity: float
    design_capacity: int = 0
    sanitary_places: int = 0

    def fields(self) -> dict:
        """As in the reference file."""
        return {
            "bin": self.bin,
            "name_ru": self.name_ru,
            "name_kk": self.name_kk,
            "ownership": self.ownership,
            "issuer": ISSUER,
            "programmes": [self.programme],
            "area": "city",
            "design_capacity": self.design_capacity,
            "sanitary_places": self.sanitary_places,
            "first_licensed_on": self.licensed_on.isoformat(),
            "address_ru": self.address_ru,
            "lat": self.lat,
            "lon": self.lon,
            "iban": self.iban,
            "bic": expected_bic(self.iban),
            "kbe": self.kbe,
            "lms": LMS_CODE,
        }


def make_places(rng: random.Random, numbers: Numbers, count: int) -> list[Place]:
    """`count` providers, schools first; the first school and the first kindergarten are private."""
    schools = round(count * SCHOOL_SHARE)
    return [
        _place(
            rng, numbers, SCHOOL if number < schools else PRESCHOOL, number if number < schools else number - schools
        )
        for number in range(count)
    ]


def _place(rng: random.Random, numbers: Numbers, programme: str, number: int) -> Place:
    is_state = number > 0 and rng.random() < STATE_SHARE
    licensed_on = datetime.date(rng.randint(2008, 2023), rng.randint(1, 12), rng.randint(1, 28))
    district, lat, lon, streets = _DISTRICTS[number % len(_DISTRICTS)]
    name_ru, name_kk = _names(programme, is_state, number)
    business_number = numbers.bin(licensed_on)
    return Place(
        bin=business_number,
        programme=programme,
        ownership="state" if is_state else "private",
        name_ru=name_ru,
        name_kk=name_kk,
        address_ru=f"Алматы, {district} район, {rng.choice(streets)}, {rng.randint(1, 190)}",
        lat=round(lat + rng.uniform(-_JITTER_DEGREES, _JITTER_DEGREES), 5),
        lon=round(lon + rng.uniform(-_JITTER_DEGREES, _JITTER_DEGREES), 5),
        licensed_on=licensed_on,
        iban=_iban(rng.choice(_BANK_CODES), int(business_number[4:11])),
        kbe={(SCHOOL, True): "12", (PRESCHOOL, True): "16"}.get((programme, is_state), "17"),
        popularity=rng.lognormvariate(0, 0.45),
    )


def _names(programme: str, is_state: bool, number: int) -> tuple[str, str]:
    if programme == SCHOOL:
        if is_state:
            return f"Общеобразовательная школа № {900 + number}", f"№ {900 + number} жалпы білім беретін мектеп"
        name = _numbered(_SCHOOL_NAMES, number)
        return f"Частная школа «{name}»", f"«{name}» жекеменшік мектебі"
    if is_state:
        return f"Ясли-сад № {900 + number}", f"№ {900 + number} бөбекжай-балабақша"
    name = _numbered(_KINDERGARTEN_NAMES, number)
    return f"Детский сад «{name}»", f"«{name}» балабақшасы"


def _numbered(names: list[str], number: int) -> str:
    """Самал; the second round is Самал-2."""
    round_number, place = divmod(number, len(names))
    return names[place] if round_number == 0 else f"{names[place]}-{round_number + 1}"


def _iban(bank_code: str, account: int) -> str:
    """A valid IBAN with an account that no bank opens (TEST and nine digits)."""
    rest = f"{bank_code}TEST{account:09}"
    number = int("".join(str(int(sign, 36)) for sign in f"{rest}KZ00"))
    return f"KZ{98 - number % 97:02}{rest}"
