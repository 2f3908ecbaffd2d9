"""What the feeds bring: repeated, broken, waiting for something, from an LMS that is down or has forgotten."""

import json

import msgspec
import pytest

from integrations.emulators.lms import LmsEmulator, LmsFaults
from integrations.lms.parsing import parse_contract, parse_sheet
from integrations.models import FeedCursor
from registry.intake.contracts import Taken
from registry.models import Contract, LateFact, PutAside, Sheet, SheetVersion
from tests.core.commands import TOKEN, TOKEN_ENV, run
from tests.core.world import (
    WHOLE_YEAR,
    World,
    broken_rules,
    changed,
    forget_temporary_tables,
    funding,
    make_world,
    row,
    sheet,
)
from tests.factories import LmsFactory, ProviderFactory, StateOrderContractFactory
from voucher_portal.dates import Month

TODAY = "2025-11-05"
OCTOBER = Month.parse("2025-10")


@pytest.fixture
def world(db) -> World:
    return make_world()


def waiting() -> list[tuple[str, str]]:
    """Key and reason of what is put aside."""
    return list(PutAside.objects.waiting().order_by("pk").values_list("key", "reason"))


def broken(item, **fields):
    """An item as it came over the wire, with other fields, parsed."""
    raw = json.dumps(msgspec.to_builtins(item) | fields).encode()
    return parse_contract(raw) if "provider_bin" in item.__struct_fields__ else parse_sheet(raw, OCTOBER)


def test_an_item_that_comes_again_or_is_older_changes_nothing(world):
    first = world.contract("c")
    second = changed(first, group="2Б")
    assert world.take(second) == Taken(new=1)
    assert world.take(first, second, second) == Taken(repeated=3)
    assert (row("c").version, row("c").group_name) == (2, "2Б")


def test_of_several_versions_in_a_page_the_highest_stays(world):
    first = world.contract("c")
    third = changed(first, version=3, group="3")
    assert world.take(third, first, changed(first, group="2")) == Taken(new=1, repeated=2)
    assert (row("c").version, row("c").group_name) == (3, "3")


def test_versions_that_were_replaced_are_kept(world):
    first = world.contract("c")
    world.poll(first, sheet("c"))
    world.poll(changed(first, group="2"), sheet("c", marks="N", version=2))
    [earlier] = row("c").versions.all()
    assert (earlier.version, earlier.facts["group_name"]) == (1, "1А")
    assert SheetVersion.objects.get().marks == "P" * 31


def test_a_contract_of_an_unknown_provider_waits_for_it(world):
    stranger = ProviderFactory.build(organisation__bin="200940999990")
    item = msgspec.structs.replace(world.contract("c"), provider_bin=stranger.organisation.bin)
    world.poll(item, world.contract("other", child=1))
    assert waiting() == [("c", "UNKNOWN_PROVIDER")]
    assert funding("other") == "FUNDED"
    arrived = ProviderFactory(issuer=world.issuers["A"], organisation__bin=stranger.organisation.bin)
    StateOrderContractFactory(provider=arrived, days=WHOLE_YEAR)
    world.poll()
    assert (waiting(), funding("c")) == ([], "FUNDED")


def test_a_sheet_waits_for_its_contract(world):
    world.poll(sheet("c"), sheet("c", "2025-09"))
    assert waiting() == [("c 2025-09", "UNKNOWN_CONTRACT"), ("c 2025-10", "UNKNOWN_CONTRACT")]
    world.poll(world.contract("c"))
    assert waiting() == []
    assert Sheet.objects.count() == 2


def test_a_sheet_that_waited_too_long_is_a_late_fact(world):
    world.poll(sheet("c"))
    world.close("2025-10")
    world.poll(world.contract("c"))
    assert set(LateFact.objects.values_list("month__month", flat=True)) == {9, 10}
    result = world.close("2025-11")
    assert result["charges"] == {"ORIGINAL": 1, "REFUND": 0, "CORRECTION": 0}
    assert broken_rules() == {}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"child": {}}, "MISSING_FIELD"),
        ({"version": "two"}, "WRONG_TYPE"),
        ({"status": "lost"}, "WRONG_VALUE"),
        ({"provider_bin": "123456789012"}, "WRONG_BIN"),
        ({"starts_on": "1825-09-01"}, "WRONG_DATES"),
        ({"ends_on": "2025-09-01"}, "WRONG_DATES"),
    ],
)
def test_a_broken_contract_is_put_aside_until_a_good_version_comes(fields, reason, world):
    good = world.contract("c", version=2)
    wrong = broken(world.contract("c"), **fields)
    assert world.take(wrong, world.contract("other", child=1)) == Taken(new=1, put_aside=1)
    assert waiting() == [("c", reason)]
    assert fields.items() <= json.loads(PutAside.objects.get().raw).items()
    world.take(good)
    assert waiting() == []
    assert row("c").version == 2


def test_a_broken_version_of_a_known_contract_is_put_aside_and_the_good_one_stays(world):
    world.take(world.contract("c"))
    world.take(broken(world.contract("c", version=2), status="lost"))
    assert (waiting(), row("c").version) == ([("c", "WRONG_VALUE")], 1)
    world.take(world.contract("c"))
    assert waiting() == [("c", "WRONG_VALUE")]
    world.take(world.contract("c", version=3))
    assert waiting() == []


def test_a_broken_item_that_is_repeated_is_one_row_and_a_resolved_one_stays_resolved(world):
    wrong = broken(world.contract("c"), status="lost")
    world.take(wrong, wrong)
    world.take(wrong)
    assert PutAside.objects.count() == 1
    world.take(world.contract("c", version=2))
    world.take(wrong)
    assert waiting() == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"marks": "P"}, "WRONG_MARKS_LENGTH"),
        ({"marks": "X" * 31}, "WRONG_MARKS"),
        ({"month": "2025-09", "marks": "P" * 30}, "WRONG_MONTH"),
        ({"source": "rumour"}, "WRONG_VALUE"),
    ],
)
def test_a_broken_sheet_is_put_aside_until_a_good_version_comes(fields, reason, world):
    world.take(world.contract("c"))
    wrong = broken(sheet("c"), **fields)
    assert wrong.reason == reason
    world.take_page_of_sheets(OCTOBER, [wrong])
    assert waiting() == [("c 2025-10", reason)]
    world.take_sheets(sheet("c", version=2))
    assert waiting() == []
    assert Sheet.objects.get().version == 2


def test_a_sheet_of_an_unfunded_contract_is_kept_and_earns_when_the_contract_is_funded(world):
    order = world.providers["a"].state_orders.get()
    order.delete()
    world.poll(world.contract("c"), sheet("c"))
    world.close("2025-10")
    assert funding("c") == "NO_STATE_ORDER"
    StateOrderContractFactory(provider=world.providers["a"], days=WHOLE_YEAR)
    world.settle()
    assert world.close("2025-11")["charges"]["ORIGINAL"] == 1
    assert broken_rules() == {}


# Over HTTP


def served(path, *items) -> str:
    """A file of the items as an LMS serves them."""
    with path.open("ab") as file:
        file.writelines(msgspec.json.encode(item) + b"\n" for item in items)
    return str(path)


@pytest.fixture
def connected(world, tmp_path):
    """An LMS with two contracts and a sheet, connected."""
    contracts = served(tmp_path / "contracts", world.contract("1", child=1), world.contract("2", child=2))
    sheets = served(tmp_path / "sheets", sheet("1"))
    with LmsEmulator(contracts=[contracts], sheets=[sheets], token=TOKEN) as emulator:
        run("connect_lms", world.lms.code, emulator.url, "--token-env", TOKEN_ENV)
        yield emulator


@pytest.fixture
def no_waiting(monkeypatch):
    """Repeat requests at once."""
    monkeypatch.setattr("voucher_portal.http.Retries.pause", lambda *_arguments: 0.0)


def polled(*words: str) -> dict:
    """What `poll_lms` says."""
    forget_temporary_tables()
    return run("poll_lms", "--json", *words, today=TODAY).json


def test_a_poll_tells_what_came(connected):
    said = polled()
    assert said["contracts"] == {"new": 2, "changed": 0, "repeated": 0, "put_aside": 0}
    assert said["sheets"] == {"new": 1, "changed": 0, "repeated": 0, "put_aside": 0}
    assert said["vouchers"] == {"issued": 2, "reserved": 2, "unfunded": {}}
    assert said["failed"] == {}


def test_an_lms_that_is_down_harms_no_other(connected, world, no_waiting):
    down = LmsFactory(code="down", url="http://127.0.0.1:9", token_env=TOKEN_ENV)
    said = run("poll_lms", "--json", today=TODAY)
    assert said.status == 1
    assert said.json["contracts"]["new"] == 2
    assert list(said.json["failed"]) == ["down"]
    down.refresh_from_db()
    world.lms.refresh_from_db()
    assert down.failure.startswith("Unavailable")
    assert down.failed_at == down.polled_at
    assert (world.lms.failure, world.lms.failed_at) == ("", None)


def test_an_lms_that_refuses_our_token_harms_no_other_and_is_read_when_it_has_the_right_one(connected, world):
    connected.token = "another"
    assert list(polled()["failed"]) == [world.lms.code]
    world.lms.refresh_from_db()
    assert world.lms.failure.startswith("WrongToken")
    connected.token = TOKEN
    assert polled()["contracts"]["new"] == 2
    world.lms.refresh_from_db()
    assert world.lms.failure == ""


def test_a_poll_that_broke_off_goes_on_where_it_stopped(connected, no_waiting):
    connected.faults = LmsFaults(page_limit=1)
    polled()
    connected.faults = LmsFaults(fail_one_in=1)
    assert polled()["failed"]
    connected.faults = LmsFaults()
    assert polled()["contracts"] == {"new": 0, "changed": 0, "repeated": 0, "put_aside": 0}


def test_a_cursor_that_the_lms_has_forgotten_restarts_the_feed(connected, world, tmp_path):
    polled()
    served(tmp_path / "contracts", world.contract("3", child=3))
    connected.faults = LmsFaults(forget_before=10)
    said = polled()
    assert said["contracts"] == {"new": 1, "changed": 0, "repeated": 2, "put_aside": 0}
    assert said["failed"] == {}
    assert FeedCursor.objects.get(feed="contracts").cursor == "000000000003"
    assert Contract.objects.count() == 3


def test_sheets_of_one_month_are_polled_when_it_is_named(connected):
    assert polled("--month", "2025-09")["sheets"]["new"] == 0
    assert not FeedCursor.objects.filter(feed="sheets:2025-10").exists()
    assert polled("--month", "2025-10")["sheets"]["new"] == 1


def test_an_lms_that_is_not_connected_is_wrong_input(world):
    assert run("poll_lms", "nobody", "--json").status == 2
    assert run("poll_lms", world.lms.code, "--month", "October", "--json").status == 2
