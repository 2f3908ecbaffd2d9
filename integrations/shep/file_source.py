"""A state database as a file that an operator put in, asked like the gateway (contracts/shep.md §5).

JSON: {"register": "ELIC", "actualAt": "2025-11-05T06:00:00+05:00", "validUntil": "2025-12-05", "isComplete": true,
       "records": [{"key": "240640990012", "record": {"number": "KZ00TEST0001", "status": {"code": "1"}}}]}
CSV:  #register=ELIC;actualAt=2025-11-05T06:00:00+05:00;validUntil=2025-12-05;isComplete=true
      key;number;status.code
      240640990012;KZ00TEST0001;1

The fields of a record are named as in the register's own answer; an empty one is missing. `actualAt` is when the
export was made. `validUntil` may be left out: then the register's own term counts. Both are moments, or days from
their beginning. Without `isComplete` a key that the file does not have is unknown, not absent.
"""

import csv
import datetime
import hashlib
import io
import json
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.utils import timezone
from lxml import etree

from integrations.safe_xml import MAX_BYTES, BadMessage
from integrations.shep import reading
from integrations.shep.registers import CONCLUSIVE, Consent, Outcome, Reading, Register, RegisterAnswer, believed
from integrations.shep.services.catalogue import RECORDS

MAX_ENTRIES = 100_000
MAX_COLUMNS = 100
MAX_DEPTH = 8
MAX_FIELDS = 200_000  # of all the records of one key; ten thousand labour contracts have half of it

K = TypeVar("K")
R = TypeVar("R")

Fields = dict[str, Any]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a CSV file. It stays as it came until it is asked for: dictionaries take up a hundred times its size.

    `paths` are the names of the columns, with their groups before them; a line may have fewer values.
    """

    paths: tuple[tuple[str, ...], ...]
    values: list[str]

    def fields(self) -> Fields:
        """The record; what is empty is missing."""
        record: Fields = {}
        for (*above, last), value in zip(self.paths, self.values, strict=False):
            if value:
                inside = record
                for part in above:
                    inside = inside.setdefault(part, {})
                inside[last] = value
        return record


Entry = tuple[str, Fields | Row]  # key and record


@dataclass(frozen=True, slots=True)
class Export:
    """What a file says: of which register, when, until when, whether it has everyone, and the records by key."""

    register: str
    actual_at: datetime.datetime
    valid_until: datetime.datetime | None
    is_complete: bool
    records: dict[str, list[Fields | Row]]
    sha256: str


class FileSource:
    """Answers from one export."""

    def __init__(self, export: Export) -> None:
        self.export = export

    def ask(
        self, register: Register[K, R], key: K, *, consent: Consent | None = None, fresh: bool = False
    ) -> RegisterAnswer[R]:
        """What the file says of `key`; consent and freshness mean nothing to it. `raw_sha256` is that of the file."""
        now = timezone.localtime()
        until = self.export.valid_until or self.export.actual_at + register.keep
        found = self._read(register, key)
        return RegisterAnswer(
            register=register.code,
            outcome=Outcome.STALE if found.outcome in CONCLUSIVE and now >= until else found.outcome,
            message_id=str(uuid.uuid4()),
            asked_at=now,
            records=found.records,
            actual_at=self.export.actual_at,
            valid_until=until,
            raw_sha256=self.export.sha256,
            reason=found.reason,
        )

    def _read(self, register: Register[K, R], key: K) -> Reading[R]:
        if self.export.register != register.code:
            return Reading(Outcome.ERROR, reason=f"the file is of {self.export.register}")
        entries = self.export.records.get(str(key), [])
        if not entries and not self.export.is_complete:
            return Reading(Outcome.NO_DATA, reason="the file does not have this key, nor says that it is complete")
        if not entries:
            return Reading(Outcome.NOT_FOUND)
        try:
            found = Reading(Outcome.FOUND, _records(RECORDS[register.code], entries))
            return believed(register, key, found)
        except BadMessage as error:
            return Reading(Outcome.ERROR, reason=error.reason)


def _records(record: Callable[[etree._Element], R], entries: list[Fields | Row]) -> tuple[R, ...]:
    if len(entries) > reading.MAX_RECORDS:
        raise BadMessage(f"more than {reading.MAX_RECORDS} records of one key")
    places = iter(range(MAX_FIELDS))
    fields = (each.fields() if isinstance(each, Row) else each for each in entries)
    return tuple(record(_element("record", each, places)) for each in fields)


def open_file(path: Path) -> FileSource:
    """The source that `path` is: CSV by its name, else JSON.

    Raises:
        OSError: it cannot be read.
        BadMessage: it is too large, or not such an export.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadMessage(f"the file is larger than {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadMessage("the encoding is not UTF-8") from None
    head, entries = _csv(text) if path.suffix.lower() == ".csv" else _json(text)
    return FileSource(_export(head, entries, hashlib.sha256(content).hexdigest()))


def _export(head: Fields, entries: list[Entry], sha256: str) -> Export:
    element = _element("head", head, iter(range(MAX_FIELDS)))
    register, actual_at = reading.code(element, "register"), reading.instant(element, "actualAt")
    if register not in RECORDS:
        raise BadMessage("register is not the code of a state database")
    if actual_at is None:
        raise BadMessage("actualAt is missing")
    records = defaultdict(list)
    for key, record in entries:
        records[key].append(record)
    is_complete = reading.boolean(element, "isComplete") or False
    return Export(register, actual_at, reading.instant(element, "validUntil"), is_complete, dict(records), sha256)


def _json(text: str) -> tuple[Fields, list[Entry]]:
    # Numbers stay as they are written: a sum of money must not go through a binary fraction.
    try:
        head = json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadMessage("the file is not JSON") from None
    entries = head.pop("records", None) if isinstance(head, dict) else None
    if not isinstance(entries, list):
        raise BadMessage("records is not a list")
    if len(entries) > MAX_ENTRIES:
        raise BadMessage(f"more than {MAX_ENTRIES} records")
    return head, [_entry(place, each) for place, each in enumerate(entries, start=1)]


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _entry(place: int, entry: Any) -> Entry:
    match entry:
        case {"key": str(key), "record": dict(record)}:
            return key, record
    raise BadMessage(f"record {place} is not an object with key and record")


def _csv(text: str) -> tuple[Fields, list[Entry]]:
    first, _, rest = text.partition("\n")
    # A spreadsheet puts a line with separators into quotes.
    head = dict(part.partition("=")[::2] for part in re.split("[;,]", first.strip().strip('"').lstrip("#")))
    names_line = rest.partition("\n")[0]
    rows = csv.reader(io.StringIO(rest), delimiter=";" if ";" in names_line else ",")
    try:
        key, *names = next(rows, None) or [""]
        if key != "key" or len(names) > MAX_COLUMNS or len(names_line) > MAX_COLUMNS * MAX_COLUMNS:
            raise BadMessage(f"the second line is not key and at most {MAX_COLUMNS} names")
        paths = _paths(names)
        return head, [_row(rows.line_num + 1, paths, row) for row in _bounded(rows) if any(row)]
    except csv.Error:
        raise BadMessage("the file is not CSV") from None


def _bounded(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    for place, row in enumerate(rows):
        if place == MAX_ENTRIES:
            raise BadMessage(f"more than {MAX_ENTRIES} records")
        yield row


def _paths(names: list[str]) -> tuple[tuple[str, ...], ...]:
    """The names by their parts. A spreadsheet may have columns without a name behind the others."""
    paths = tuple(tuple(name.split(".")) for name in names)
    if any(len(path) > MAX_DEPTH for path in paths):
        raise BadMessage("a name lies too deep")
    named = [path for path in paths if path != ("",)]
    groups = {path[:length] for path in named for length in range(1, len(path))}
    if len(groups.union(named)) < len(groups) + len(named):
        raise BadMessage("a name stands twice, or is both a value and a group")
    return paths


def _row(line: int, paths: tuple[tuple[str, ...], ...], row: list[str]) -> Entry:
    if len(row) > len(paths) + 1:
        raise BadMessage(f"line {line} has more values than there are names")
    key, *values = row
    return key, Row(paths, values)


def _element(name: str, value: Any, places: Iterator[int], depth: int = 0) -> etree._Element:
    """`value` as an element of that name, for the readers of the registers' own answers; `places` are those left."""
    if depth > MAX_DEPTH or not _NAME.fullmatch(name):
        raise BadMessage("a field is not named as in the register's answer, or lies too deep")
    if next(places, None) is None:
        raise BadMessage(f"more than {MAX_FIELDS} fields of one key")
    element = etree.Element(name)
    if isinstance(value, dict):
        for child, values in value.items():
            for each in values if isinstance(values, list) else [values]:
                element.append(_element(child, each, places, depth + 1))
        return element
    if isinstance(value, list):
        raise BadMessage(f"{name} is a list of lists")
    try:
        element.text = _text(value)
    except ValueError:
        raise BadMessage(f"{name} has a character that no text has") from None
    return element


def _text(value: Any) -> str | None:
    return str(value).lower() if isinstance(value, bool) else value
