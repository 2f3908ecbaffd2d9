"""The mass of a world in short rows: the region's providers with their people, its children with their contracts."""

import datetime
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import yaml

from integrations.emulators import cast
from integrations.emulators.pki_people import STRANGER
from integrations.emulators.region import reserved_numbers
from integrations.emulators.region_people import Numbers, People, Person
from voucher_portal.identifiers import iin_error

STAFF_A_PLACE = (5, 9)
# Nobody who works here is one of the region's parents, of whom the oldest were born in 1975.
BORN = (datetime.date(1955, 1, 1), datetime.date(1974, 12, 31))
OFFICE = "office"
_COMMON_NAMES = {"last_name": "last", "first_name": "first", "middle_name": "middle"}


class Human(msgspec.Struct, array_like=True, frozen=True):
    """A person. `born` is ISO 8601."""

    iin: str
    last: str
    first: str
    middle: str | None
    born: str

    @property
    def is_male(self) -> bool:
        """By the seventh digit: these numbers are ours, so it may be believed."""
        return self.iin[6] in "135"


class PlaceRow(msgspec.Struct, array_like=True, frozen=True):
    """A provider or an office with its head and its staff, the head first."""

    bin: str
    programme: str
    ownership: str
    name_ru: str
    name_kk: str
    address_ru: str
    lat: float
    lon: float
    since: str
    capacity: int
    staff: tuple[Human, ...]


class ContractRow(msgspec.Struct, array_like=True, frozen=True):
    """A child's contract with a provider; days are ISO 8601, the last one "" when it is open."""

    bin: str
    programme: str
    first: str
    last: str
    group: str
    language: str


class ChildRow(msgspec.Struct, array_like=True, frozen=True):
    """A child with the adult who signs for it."""

    child: Human
    guardian: Human
    contracts: tuple[ContractRow, ...]
    special_needs: bool


def rows_of_region(folder: Path, scale: str, seed: int) -> tuple[list[PlaceRow], list[ChildRow]]:
    """The rows of a region that `region.write_region` wrote with the same scale and seed."""
    rng = random.Random(f"shep {seed}")
    # Parents' IINs are of later years, children's of later centuries: nobody meets.
    people = People(
        rng, Numbers(reserved_numbers() | {player.iin for player in (*cast.STAFF, cast.GUARDIAN, STRANGER)})
    )
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reference = yaml.load((folder / "reference.yaml").read_text(encoding="utf-8"), loader)
    workplaces = {office.bin: place for place, office in cast.workplaces(scale, seed).items()}
    places = [_provider(fields, rng, people, workplaces) for fields in reference["providers"]]
    offices = [_office(place, office, rng, people) for place, office in cast.OFFICES.items()]
    return [*places, *offices], list(_children(sorted(folder.glob("contracts.*.ndjson"))))


def _provider(fields: dict, rng: random.Random, people: People, workplaces: dict[str, str]) -> PlaceRow:
    return PlaceRow(
        bin=fields["bin"],
        programme=fields["programmes"][0],
        ownership=fields["ownership"],
        name_ru=fields["name_ru"],
        name_kk=fields["name_kk"],
        address_ru=fields["address_ru"],
        lat=fields["lat"],
        lon=fields["lon"],
        since=str(fields["first_licensed_on"]),
        capacity=fields["sanitary_places"],
        staff=_staff(rng, people, workplaces.get(fields["bin"], "")),
    )


def _office(place: str, office: cast.Office, rng: random.Random, people: People) -> PlaceRow:
    since = f"20{office.bin[:2]}-{office.bin[2:4]}-01"
    address = "Алматы, Алмалинский район, улица Толе би, 1"
    staff = _staff(rng, people, place)
    return PlaceRow(
        office.bin, OFFICE, "state", office.name_ru, office.name_kk, address, 43.252, 76.917, since, 0, staff
    )


def _staff(rng: random.Random, people: People, place: str) -> tuple[Human, ...]:
    """The people of the cast who work there, the head first, and some more."""
    players = sorted((player for player in cast.STAFF if player.place == place), key=lambda player: not player.is_head)
    known = [_human_of_player(player) for player in players]
    more = [_worker(rng, people) for _number in range(rng.randint(*STAFF_A_PLACE))]
    return tuple(known + more if players and players[0].is_head else more[:1] + known + more[1:])


def _human_of_player(player: cast.Player) -> Human:
    return Human(player.iin, player.last_name, player.first_name, player.middle_name, born_of(player.iin))


def _worker(rng: random.Random, people: People) -> Human:
    born = BORN[0] + datetime.timedelta(days=rng.randrange((BORN[1] - BORN[0]).days))
    return _human_of_person(people.child(people.family(), born))


def _human_of_person(person: Person) -> Human:
    return Human(person.iin, person.last_name, person.first_name, person.middle_name, str(person.birth_date))


def born_of(iin: str) -> str:
    """The birth date inside a number of ours, ISO 8601."""
    century = {"3": "19", "4": "19", "5": "20", "6": "20"}[iin[6]]
    return f"{century}{iin[:2]}-{iin[2:4]}-{iin[4:6]}"


def _children(feeds: Iterable[Path]) -> Iterator[ChildRow]:
    """Every child of the feeds with its contracts as they are at the end; mistyped numbers are nobody's."""
    decode = msgspec.json.Decoder().decode
    contracts: dict[str, dict] = {}
    for feed in feeds:
        for line in feed.read_bytes().splitlines():
            item = decode(line)
            known = contracts.get(item["contract_id"])
            if known is None or known["version"] <= item["version"]:
                contracts[item["contract_id"]] = item
    by_child: dict[str, list[dict]] = {}
    for item in contracts.values():
        if not iin_error(item["child"]["iin"]):
            by_child.setdefault(item["child"]["iin"], []).append(item)
    for items in by_child.values():
        first = items[0]
        held = tuple(_contract(item) for item in items if item["status"] in ("signed", "ended"))
        yield ChildRow(_human(first["child"]), _human(first["guardian"]), held, first["special_needs"])


def _contract(item: dict) -> ContractRow:
    return ContractRow(
        item["provider_bin"],
        item["programme"],
        item["starts_on"],
        item["ends_on"] or "",
        item["group"],
        item["language"],
    )


def _human(fields: dict) -> Human:
    names = {short: fields[name] for name, short in _COMMON_NAMES.items()}
    return Human(iin=fields["iin"], born=fields.get("birth_date") or born_of(fields["iin"]), **names)
