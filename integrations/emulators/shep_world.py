"""What the emulated registers know: a YAML file a person can read, and for a whole region short rows beside it.

    python -m integrations.emulators.shep_world --out DIR --scale demo --seed 2025

writes DIR/world.yaml (the odd cases, with a list of what to try) and DIR/{places,children}.ndjson, which agree with
the region of the same scale and seed. In the YAML `records: CODE: NUMBER: [record, …]` has the field names of
contracts/shep.md §4 in any order; an empty list says "known, but nothing to tell", null "not known" (status 404). A
number may be "BIN,arCode" where a register is asked by both. What stands there wins over the rows.
"""

import argparse
import datetime
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from integrations.emulators import region
from integrations.emulators import shep_records as records
from integrations.emulators.shep_oddities import oddities
from integrations.emulators.shep_rows import ChildRow, Human, PlaceRow, rows_of_region
from integrations.emulators.shep_services import BY_CODE, Question, Service
from integrations.emulators.shep_wire import ALMATY

ACTUAL_AT = datetime.datetime(2025, 11, 5, 6, tzinfo=ALMATY)
PLACES, CHILDREN, WORLD = "places.ndjson", "children.ndjson", "world.yaml"

Record = dict[str, Any]


class WorldError(ValueError):
    """The file does not describe a world; the text names the place."""


class Tip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something worth trying: ask `service` about `key` and see `what`."""

    service: str
    key: str
    what: str


class WorldFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"tips": "try"}):
    """The YAML. `rows`: whether places.ndjson and children.ndjson stand beside it."""

    actual_at: datetime.datetime = ACTUAL_AT
    rows: bool = False
    tips: tuple[Tip, ...] = ()
    records: dict[str, dict[str, list[Record] | None]] = {}


class World:
    """Answers by register and number: `records(question)`."""

    def __init__(self, content: WorldFile, rows: "Rows") -> None:
        self.actual_at = content.actual_at
        self.tips = content.tips
        self._written = _written(content.records)
        self._rows = rows

    def records(self, question: Question) -> list[Record] | None:
        """The records that fit the whole question; None for a number that nobody has."""
        code, key = question.service.code, question.key
        written = self._written.get(code, {})
        found: list[Record] | None = None
        for name in (f"{key},{question.keys.get('arCode', '')}", key):
            if name in written:
                found = written[name]
                break
        else:
            found = self._rows.records(question)
        return found if found is None else [record for record in found if _fits(record, question)]

    def counts(self) -> dict[str, int]:
        """How many numbers each source knows."""
        written = sum(map(len, self._written.values()))
        return {"written": written, "places": len(self._rows.places), "children": len(self._rows.children)}


class Rows:
    """The mass: providers as they are, children as lines that are read when they are asked about."""

    def __init__(self, places: list[PlaceRow] | None = None, lines: list[bytes] | None = None) -> None:
        self.places = {place.bin: place for place in places or []}
        self.children: dict[str, bytes] = {}
        self._adults: dict[str, tuple[Human, str]] = {}
        self._children_of: dict[str, list[str]] = {}
        self._realty = {records.cadastral_number(number): place for number, place in self.places.items()}
        self._decode = msgspec.json.Decoder(ChildRow).decode
        for place in self.places.values():
            for human in place.staff:
                self._adults[human.iin] = (human, records.family_ar_code(human.iin))
        for line in lines or []:
            self._take(line)

    def records(self, question: Question) -> list[Record] | None:
        """What the rows say; None for a number that they do not have."""
        code, key = question.service.code, question.key
        if code in _OF_PLACE:
            place = self.places.get(key) or self._realty.get(key)
            return place and _OF_PLACE[code](place)
        if code in _OF_CHILD:
            row = self._child(key)
            return row and _OF_CHILD[code](row)
        return {"GBDFL": self._persons, "AR": self._address, "NOBD": self._enrolments}.get(code, _nothing)(key)

    def _take(self, line: bytes) -> None:
        row = self._decode(line)
        self.children[row.child.iin] = line
        guardian = row.guardian
        self._adults.setdefault(guardian.iin, (guardian, records.family_ar_code(guardian.iin)))
        for contract in row.contracts:
            self._children_of.setdefault(contract.bin, []).append(row.child.iin)

    def _child(self, iin: str) -> ChildRow | None:
        line = self.children.get(iin)
        return line and self._decode(line)

    def _persons(self, iin: str) -> list[Record] | None:
        row = self._child(iin)
        if row:
            return [records.person(row.child, records.family_ar_code(row.guardian.iin))]
        adult = self._adults.get(iin)
        return adult and [records.person(*adult)]

    def _address(self, ar_code: str) -> list[Record] | None:
        kind, number = records.number_in_ar_code(ar_code)
        if kind == "place" and number in self.places:
            return [records.place_address(self.places[number])]
        return [records.family_address(ar_code)] if kind == "family" and number in self._adults else None

    def _enrolments(self, number: str) -> list[Record] | None:
        row = self._child(number)
        if row:
            return records.enrolments(row, self.places)
        if number not in self.places:
            return None
        rows = (self._decode(self.children[iin]) for iin in self._children_of.get(number, []))
        return [record for row in rows for record in records.enrolments(row, self.places)]


def _nothing(_number: str) -> None:
    return None


_OF_PLACE: dict[str, Callable[[PlaceRow], list[Record]]] = {
    "GBDUL": lambda place: [records.organisation(place)],
    "ELIC": lambda place: [records.licence(place)],
    "KGD": lambda place: [records.tax_debt(place.bin, place.name_ru)],
    "ESUTD": records.labour_contracts,
    "RN": lambda place: [records.realty(place)],
    "SANEPID": lambda place: [records.sanitary_conclusion(place)],
    "FIRE": lambda place: [records.fire_inspection(place)],
    "ANTITERROR": lambda place: [records.antiterror_passport(place)],
    "DFO": records.statements,
    "ENPF": records.pension_payments,
}
_OF_CHILD: dict[str, Callable[[ChildRow], list[Record]]] = {
    "ZAGS": lambda row: [records.birth(row)],
    "QUEUE": records.queue_entries,
    "BORDER": records.crossings,
    "MED": records.certificates,
}


def _fits(record: Record, question: Question) -> bool:
    """Whether a record lies in the period and the place that were asked about."""
    keys, first, last = question.keys, question.first_day, question.last_day
    if question.service.code == "NOBD":
        return record.get("schoolBin") == keys.get("bin", record.get("schoolBin"))
    if question.service.code == "SANEPID" and "arCode" in keys:
        return record.get("arCode", keys["arCode"]) == keys["arCode"]
    if question.service.code == "DFO":
        return record.get("year") == question.year
    if first is None or last is None:
        return True
    begins, ends = _days(record)
    return begins <= str(last) and ends >= str(first)


def _days(record: Record) -> tuple[str, str]:
    """First and last day of a record as text, which compares as dates do."""
    if "month" in record:
        return f"{record['month']}-01", f"{record['month']}-31"
    begins = str(record.get("from") or record.get("crossedAt") or record.get("issuedAt") or "")[:10]
    return begins, str(record.get("to") or begins)[:10]


def _written(by_code: Mapping[str, Mapping[str, list[Record] | None]]) -> dict[str, dict[str, list[Record] | None]]:
    unknown = set(by_code) - set(BY_CODE)
    if unknown:
        raise WorldError(f"records: no register has the code {', '.join(sorted(unknown))}")
    return {
        code: {
            key: None if found is None else [_ordered(BY_CODE[code], key, record) for record in found]
            for key, found in by_key.items()
        }
        for code, by_key in by_code.items()
    }


def _ordered(service: Service, key: str, record: Record) -> Record:
    """The record with its fields in the order in which they are sent. Raises WorldError for a field of another."""
    unknown = set(record) - set(service.fields)
    if unknown:
        raise WorldError(f"records.{service.code}.{key}: no such field {', '.join(sorted(unknown))}")
    return {name: record[name] for name in service.fields if name in record}


def load(path: Path) -> World:
    """The world of a YAML file with the rows beside it. Raises WorldError or OSError."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), loader) or {}, WorldFile)
        if not content.rows:
            return World(content, Rows())
        decode = msgspec.json.Decoder(PlaceRow).decode
        places = [decode(line) for line in (path.parent / PLACES).read_bytes().splitlines()]
        return World(content, Rows(places, (path.parent / CHILDREN).read_bytes().splitlines()))
    except (yaml.YAMLError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise WorldError(f"{path}: {error}") from None


def write_world(folder: Path, scale: str = "demo", *, seed: int = 2025, region_folder: Path | None = None) -> Path:
    """Write the world of the region; give the path of its YAML.

    `region_folder`: where `region.write_region` wrote it with the same scale and seed; without, it is made anew (city:
    half a minute).
    """
    folder.mkdir(parents=True, exist_ok=True)
    if region_folder is None:
        with tempfile.TemporaryDirectory() as made:
            region.write_region(made, scale, seed=seed)
            places, children = rows_of_region(Path(made), scale, seed)
    else:
        places, children = rows_of_region(region_folder, scale, seed)
    encode = msgspec.json.Encoder().encode
    for name, rows in ((PLACES, places), (CHILDREN, children)):
        (folder / name).write_bytes(b"".join(encode(row) + b"\n" for row in rows))
    tips, written = oddities(places, children)
    content = {"actual_at": ACTUAL_AT.isoformat(), "rows": True, "try": tips, "records": written}
    with (folder / WORLD).open("w", encoding="utf-8") as file:
        yaml.dump(content, file, getattr(yaml, "CSafeDumper", yaml.SafeDumper), allow_unicode=True, sort_keys=False)
    return folder / WORLD


def main(arguments: list[str] | None = None) -> int:
    """Write a world and print the path of its YAML."""
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.shep_world", description=__doc__)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument("--scale", choices=sorted(region.SCALES), default="demo")
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--region", type=Path, metavar="DIR", help="where this region was written already")
    options = parser.parse_args(arguments)
    path = write_world(options.out, options.scale, seed=options.seed, region_folder=options.region)
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
