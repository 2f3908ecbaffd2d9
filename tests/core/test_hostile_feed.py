"""Whatever an LMS sends: each item is taken in or put aside with its reason, and no item stops another."""

import json
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from integrations.lms import items
from integrations.lms.client import decode_page
from integrations.lms.items import Rejected
from integrations.lms.parsing import parse_contract, parse_contracts, parse_sheet, parse_sheets
from registry.models import Child, Contract, PutAside, Sheet
from tests.core.world import broken_rules, forget_all, make_world, sheet
from voucher_portal.dates import Month

OCTOBER = Month.parse("2025-10")
HOSTILE = [
    None, "", " ", "\t", "\\N", "\\.", "a\nb\rc\td\\", "\n\\.\n", 'a"],["b', "a]\n[b",
    "x" * 101, "x" * 20_000, "\x00", "a\x00b", "\u202e", "😀" * 50,
    "'; DROP--", 0, -1, 1, 2**31 - 1, 2**31, 2**63, 1.5, 1e400, True, False, [], {}, ["P"], {"iin": None},
    "0001-01-01", "2025-02-30", "2025-10-01", "2100-12-31", "9999-12-31", "2025-10-01T00:00:00Z",
    "2025-10-01T00:00:00", "2100-12-31T23:59:59.999999-12:00", "2000-01-01T00:00:00+14:00",
    "2025-10-01T00:00:00+05:00:30", "+" * 21, "+" * 33,
    "999999999999.99", "9999999999999", "-1.00", "1e5", "annulled", "ended", "school", "preschool", "upper", "2025-13",
    "P" * 31, "P" * 30,
]  # fmt: skip
ANYTHING = st.text(max_size=40) | st.integers() | st.dates().map(str) | st.datetimes().map(str)
values = st.sampled_from(HOSTILE) | ANYTHING
EXAMPLES = settings(deadline=None, derandomize=True, database=None, max_examples=40)


def paths_of(item: dict) -> list[tuple[str, ...]]:
    """Every field, also those of the persons inside."""
    inner = [(name, field) for name, value in item.items() if isinstance(value, dict) for field in value]
    return [(name,) for name in item] + inner


def damages(item: dict):
    """The item with up to three fields replaced, missing or new."""
    one = st.tuples(st.sampled_from([*paths_of(item), ("extra",)]), values, st.sampled_from(["set", "set", "drop"]))
    return st.lists(one, max_size=3).map(lambda changes: damaged(item, changes))


def damaged(item: dict, changes: list) -> dict:
    item = json.loads(json.dumps(item))
    for path, value, how in changes:
        place = item
        for name in path[:-1]:
            place = place[name] if isinstance(place.get(name), dict) else {}
        if how == "drop":
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value
    return item


def over_the_wire(items: list[dict], parse_page, parse_one) -> list:
    """As the client gets them: a page of JSON, cut into items and parsed together, as each would be alone."""
    page = json.dumps({"items": items, "next_cursor": "1", "has_more": False}, ensure_ascii=False)
    raws = decode_page(page.encode(errors="surrogatepass")).items
    parsed = parse_page(raws)
    assert parsed == [parse_one(raw) for raw in raws]
    return parsed


@pytest.mark.parametrize(
    ("item", "model", "renamed"),
    [
        (items.Child, Child, {}),
        (items.Guardian, User, {}),
        (items.Contract, Contract, {"contract_id": "external_id", "group": "group_name"}),
    ],
)
def test_a_text_that_is_taken_in_fits_into_its_column(item, model, renamed):
    for field in msgspec.inspect.type_info(item).fields:
        longest = max((each.max_length or 0 for each in _texts(field.type)), default=0)
        if longest:
            column = model._meta.get_field(renamed.get(field.name, field.name))
            assert column.max_length is None or longest <= column.max_length, field.name


def _texts(kind) -> list:
    """The texts that a field may hold."""
    return [each for each in getattr(kind, "types", [kind]) if isinstance(each, msgspec.inspect.StrType)]


@pytest.mark.django_db(transaction=True)
def test_every_contract_is_taken_in_or_put_aside():
    world = make_world()
    good = [msgspec.to_builtins(world.contract(f"c{number}", child=number)) for number in range(8)]

    @EXAMPLES
    @given(st.tuples(*map(damages, good)))
    def deliver(wired):
        forget_all()
        witness = world.contract("witness", child=20)
        parsed = over_the_wire(list(wired), parse_contracts, parse_contract)
        taken = world.take(*parsed, witness)
        assert taken.new + taken.changed + taken.repeated + taken.put_aside == len(parsed) + 1
        assert Contract.objects.filter(external_id="witness").exists()
        rejected = {each.contract_id for each in parsed if isinstance(each, Rejected) and each.contract_id}
        assert rejected <= set(PutAside.objects.values_list("key", flat=True)) | {
            each.contract_id for each in parsed if not isinstance(each, Rejected)
        }
        world.settle()
        assert broken_rules() == {}

    deliver()


@pytest.mark.django_db(transaction=True)
def test_every_sheet_is_taken_in_or_put_aside():
    world = make_world()
    contracts = [world.contract(f"c{number}", child=number) for number in range(8)]
    good = [msgspec.to_builtins(sheet(f"c{number}")) for number in range(8)]

    @EXAMPLES
    @given(st.tuples(*map(damages, good)))
    def deliver(wired):
        forget_all()
        world.poll(*contracts, world.contract("witness", child=20))
        parsed = over_the_wire(list(wired), partial(parse_sheets, month=OCTOBER), partial(parse_sheet, month=OCTOBER))
        taken = world.take_page_of_sheets(OCTOBER, [*parsed, sheet("witness")])
        assert taken.new + taken.changed + taken.repeated + taken.put_aside == len(parsed) + 1
        assert Sheet.objects.filter(contract__external_id="witness").exists()
        assert broken_rules() == {}

    deliver()
