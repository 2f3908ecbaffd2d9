"""A whole made-up region, the same for the same seed: reference data and the feeds of its LMS.

    python -m integrations.emulators.region --out DIR --scale demo|city --seed N

The feeds come in phases, one for each poll of the portal, so that a demo can play three months one after the other.
"""

import argparse
import datetime
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import yaml

from integrations.emulators import region_stories as stories
from integrations.emulators.region_people import SIBLINGS, Family, Guardian, Numbers, People, Person
from integrations.emulators.region_places import ISSUER_BIN, LMS_CODE, PRESCHOOL, SCHOOL, Place, make_places
from integrations.emulators.region_reference import reference

OVER_CAPACITY = 0.015
OVERFULL_PLACES = 0.06
WITHOUT_ORDER = 0.005
SPECIAL_NEEDS = 0.03
FIRST_SIGNED_AT = datetime.datetime(2025, 6, 2, 9, tzinfo=stories.ALMATY_OFFSET)
SIGNING_DAYS = 85
# Examples of contracts/number-formats.md and REG §16: the demo's sign-in of a family must be known beforehand.
DEMO_GUARDIAN_IIN = "850721499001"
DEMO_PUPIL_IIN = "181103699006"
DEMO_PRESCHOOLER_IIN = "210517599016"
_CLASSES, _GROUPS = "АӘБВГ", ("Балапан", "Күншуақ", "Айгөлек", "Ромашка")


@dataclass(frozen=True)
class Scale:
    """How big a region is."""

    providers: int
    children: int


SCALES = {"demo": Scale(40, 2_500), "city": Scale(985, 88_000)}


@dataclass(frozen=True)
class Phase:
    """What the LMS knows at one poll, beyond the phases before it, and the month that is closed after it."""

    poll_on: str
    close: str
    contracts: str
    sheets: str


@dataclass(frozen=True)
class Region:
    """What `write_region` wrote; the same stands in region.json. Paths are absolute."""

    lms: str
    reference: str
    phases: tuple[Phase, ...]
    providers: int
    children: int
    items: dict[str, int]
    demo_guardian_iin: str
    demo_provider_bins: dict[str, str]


def reserved_numbers() -> set[str]:
    """Numbers that are known beforehand, so that nobody else gets them."""
    return {DEMO_GUARDIAN_IIN, DEMO_PUPIL_IIN, DEMO_PRESCHOOLER_IIN, ISSUER_BIN}


def write_region(folder: Path | str, scale: str | Scale = "demo", *, seed: int = 2025) -> Region:
    """Write reference.yaml, the feeds and region.json into `folder`, over what is there. City: half a minute."""
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    size = SCALES[scale] if isinstance(scale, str) else scale
    rng = random.Random(seed)
    numbers = Numbers(reserved_numbers())
    places = make_places(rng, numbers, size.providers)
    chosen = _choose_places(rng, places, size.children)
    _set_capacities(rng, places, Counter(place.bin for place in chosen))
    without_order, late_order = _orders(places)
    content = reference(places, Counter(place.programme for place in chosen), without_order, late_order)
    _write_yaml(folder / "reference.yaml", content)
    phases = tuple(
        Phase(str(day), str(month), *(str(folder / f"{feed}.{day}.ndjson") for feed in ("contracts", "sheets")))
        for day, month in zip(stories.POLLS, stories.MONTHS, strict=True)
    )
    with _Feeds(phases) as feeds:
        teller = stories.Teller(rng, places, numbers.bin(datetime.date(2024, 5, 1)), feeds.write)
        for story, child in zip(_plot(rng, len(chosen)), _children(rng, numbers, chosen), strict=True):
            story(teller, child)
    region = Region(
        lms=LMS_CODE,
        reference=str(folder / "reference.yaml"),
        phases=phases,
        providers=len(places),
        children=len(chosen),
        items=dict(feeds.items),
        demo_guardian_iin=DEMO_GUARDIAN_IIN,
        demo_provider_bins={place.programme: place.bin for place in chosen[:2]},
    )
    (folder / "region.json").write_text(json.dumps(asdict(region), indent=2))
    return region


class _Feeds:
    """The files of all phases, written as the stories go."""

    def __init__(self, phases: tuple[Phase, ...]) -> None:
        self.items: Counter[str] = Counter()
        self._phases = phases
        self._files: dict[tuple[str, int], BinaryIO] = {}
        self._open = ExitStack()
        self._encode: Callable[[dict], bytes] = msgspec.json.Encoder().encode

    def __enter__(self):
        for number, phase in enumerate(self._phases):
            for feed in ("contracts", "sheets"):
                self._files[feed, number] = self._open.enter_context(Path(getattr(phase, feed)).open("wb"))
        return self

    def __exit__(self, *exception) -> None:
        self._open.__exit__(*exception)

    def write(self, feed: str, phase: int, item: dict) -> None:
        """Add one line."""
        self.items[feed] += 1
        self._files[feed, phase].write(self._encode(item) + b"\n")


def _choose_places(rng: random.Random, places: list[Place], children: int) -> list[Place]:
    """The place of every child; the first two children are those of the demo family."""
    first = [next(place for place in places if place.programme == programme) for programme in (SCHOOL, PRESCHOOL)]
    return first + rng.choices(places, [place.popularity for place in places], k=children - len(first))


def _set_capacities(rng: random.Random, places: list[Place], children: Counter[str]) -> None:
    """Room for everybody, but for some places that took more children than they may."""
    for place in places:
        place.sanitary_places = int(children[place.bin] * rng.uniform(1.1, 1.4)) + 5
    count = max(1, round(len(places) * OVERFULL_PLACES))
    big = sorted(places[1:], key=lambda place: (-children[place.bin], place.bin))
    overfull = [place for place in big if place.bin not in _demo_bins(places)][:count]
    too_many = max(1, round(children.total() * OVER_CAPACITY / count))
    for place in overfull:
        place.sanitary_places = max(1, children[place.bin] - too_many)
    for place in places:
        place.design_capacity = int(place.sanitary_places * rng.uniform(1.0, 1.15))


def _demo_bins(places: list[Place]) -> set[str]:
    return {next(place.bin for place in places if place.programme == code) for code in (SCHOOL, PRESCHOOL)}


def _orders(places: list[Place]) -> tuple[set[str], set[str]]:
    """The BINs of providers without a state order contract, and of those whose contract begins in October."""
    demo = _demo_bins(places)
    schools, kindergartens = (
        [place.bin for place in places if place.programme == code and place.bin not in demo]
        for code in (SCHOOL, PRESCHOOL)
    )
    count = max(1, round(len(places) * WITHOUT_ORDER / 2))
    return {*schools[:count], *kindergartens[:count]}, {*schools[count : 2 * count]}


def _plot(rng: random.Random, children: int) -> Iterator[Callable]:
    """The story of every child; the first two, of the demo family, are steady."""
    eventful = [story for story, share in stories.STORIES.items() for _ in range(max(2, round(share * children)))]
    rest = eventful + [stories.steady] * (children - 2 - len(eventful))
    rng.shuffle(rest)
    return itertools.chain([stories.steady] * 2, rest[: children - 2])


def _children(rng: random.Random, numbers: Numbers, chosen: list[Place]) -> Iterator[stories.Child]:
    """The children in the order in which their contracts were signed; brothers and sisters follow each other."""
    step = datetime.timedelta(days=SIGNING_DAYS) / len(chosen)
    people, families = People(rng, numbers), _families(rng, People(rng, numbers))
    for number, place in enumerate(chosen):
        signed_at = (FIRST_SIGNED_AT + step * number).replace(microsecond=0)
        if number < 2:
            family, person = _demo_family(), _demo_child(place.programme)
        else:
            family = next(families)
            person = people.child(family, _birth_date(rng, place.programme))
        yield _child(rng, person, family, place, signed_at)


def _families(rng: random.Random, people: People) -> Iterator[Family]:
    while True:
        family = people.family()
        yield from [family] * rng.choice(SIBLINGS)


def _birth_date(rng: random.Random, programme: str) -> datetime.date:
    """Kindergarten: two to six years on 1 September 2025; school: six to seventeen."""
    youngest, oldest = (730, 2190) if programme == PRESCHOOL else (2200, 6200)
    return datetime.date(2025, 9, 1) - datetime.timedelta(days=rng.randint(youngest, oldest))


def _child(
    rng: random.Random, person: Person, family: Family, place: Place, signed_at: datetime.datetime
) -> stories.Child:
    age = (datetime.date(2025, 9, 1) - person.birth_date).days / 365.25
    grade = min(11, max(1, int(age) - 5))
    is_school = place.programme == SCHOOL
    level = "primary" if grade <= 4 else "basic" if grade <= 9 else "upper"
    return stories.Child(
        person=person,
        family=family,
        place=place,
        level=level if is_school else "preschool",
        group=f"{grade}{rng.choice(_CLASSES)}" if is_school else rng.choice(_GROUPS),
        language=family.guardian.language,
        special_needs=rng.random() < SPECIAL_NEEDS,
        signed_at=signed_at,
    )


def _demo_family() -> Family:
    mother = Person(DEMO_GUARDIAN_IIN, "Сейтқали", "Гүлнәр", "Болатқызы", datetime.date(1985, 7, 21))
    return Family(True, "Сейтқали", "Асқар", Guardian(mother, "+77990000000", "guardian@example.kz", "kk"))


def _demo_child(programme: str) -> Person:
    if programme == SCHOOL:
        return Person(DEMO_PUPIL_IIN, "Сейтқали", "Айша", "Асқарқызы", datetime.date(2018, 11, 3))
    return Person(DEMO_PRESCHOOLER_IIN, "Сейтқали", "Әли", "Асқарұлы", datetime.date(2021, 5, 17))


def _write_yaml(path: Path, content: dict) -> None:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file, dumper, allow_unicode=True, sort_keys=False)


def main() -> None:
    """Write a region and print what was written."""
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.region", description="Make a demo region")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument("--scale", choices=sorted(SCALES), default="demo")
    parser.add_argument("--seed", type=int, default=2025)
    arguments = parser.parse_args()
    region = write_region(arguments.out, arguments.scale, seed=arguments.seed)
    sys.stdout.write(json.dumps(asdict(region), indent=2) + "\n")


if __name__ == "__main__":
    main()
