"""The world of the emulated registers: a file for people, and the mass of a region that agrees with it."""

import datetime
import json
from pathlib import Path

import pytest
import yaml

from integrations.emulators import cast, region, shep, shep_world
from integrations.emulators.process import emulator_process
from integrations.emulators.shep_services import BY_CODE, SERVICES, Question
from integrations.emulators.shep_world import World, WorldError
from tests.integrations.shep.emulator_requests import SENDER, SMALL_WORLD, Client
from voucher_portal.identifiers import bin_error, iin_error

OF_PLACES = ("GBDUL", "ELIC", "KGD", "ESUTD", "RN", "SANEPID", "FIRE", "ANTITERROR", "DFO", "ENPF")
OF_CHILDREN = ("GBDFL", "ZAGS", "NOBD", "QUEUE", "BORDER", "MED")


@pytest.fixture(scope="module")
def demo_region(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("region")
    region.write_region(folder, "demo")
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory, demo_region: Path) -> World:
    folder = tmp_path_factory.mktemp("world")
    return shep_world.load(shep_world.write_world(folder, "demo", region_folder=demo_region))


def ask(world: World, code: str, *values: str, **more):
    names = (*BY_CODE[code].keys, *BY_CODE[code].more_keys)
    keys = dict(zip(names, values, strict=False))
    if code == "NOBD" and iin_error(values[0]) is not None:
        keys = {"bin": values[0]}
    if code == "RN" and ":" not in values[0]:
        keys = {"bin": values[0]}
    return world.records(Question(BY_CODE[code], "m", "c", "m", keys, **more))


def contracts(folder: Path) -> list[dict]:
    return [json.loads(line) for feed in sorted(folder.glob("contracts.*")) for line in feed.read_text().splitlines()]


def test_the_small_world_knows_something_of_every_register():
    world = yaml.safe_load(SMALL_WORLD.read_text(encoding="utf-8"))
    assert set(world["records"]) == {service.code for service in SERVICES}
    assert all(any(by_key.values()) for by_key in world["records"].values())
    assert {tip["service"] for tip in world["try"]} <= set(BY_CODE)


def test_every_number_of_the_small_world_is_made_up_and_right():
    world = yaml.safe_load(SMALL_WORLD.read_text(encoding="utf-8"))
    numbers = {key for by_key in world["records"].values() for key in by_key if len(key) == 12 and key.isdigit()}
    assert all(iin_error(number) is None or bin_error(number) is None for number in numbers)
    assert all(number[7:9] == "99" or number[6:8] == "99" for number in numbers)


def test_every_provider_of_the_region_is_known_to_every_register_of_organisations(demo: World, demo_region: Path):
    providers = yaml.safe_load((demo_region / "reference.yaml").read_text(encoding="utf-8"))["providers"]
    assert len(providers) == 40
    for provider in providers:
        found = {code: ask(demo, code, provider["bin"]) for code in OF_PLACES if code != "DFO"}
        assert None not in found.values()
        assert found["GBDUL"][0]["FullNameRu"] == provider["name_ru"]
        assert found["RN"][0]["address"] == provider["address_ru"]
        assert ask(demo, "DFO", provider["bin"], year=2024) is not None
        assert ask(demo, "AR", f"0750{provider['bin']}")[0]["lat"] == provider["lat"]


def test_the_directors_of_the_demo_are_the_heads_of_their_organisations(demo: World):
    for place, office in cast.workplaces("demo", 2025).items():
        heads = [player for player in cast.STAFF if player.place == place and player.is_head]
        leader = ask(demo, "GBDUL", office.bin)[0]["OrganizationLeader"]
        assert [leader["IIN"]] == [head.iin for head in heads] or not heads
        employed = {contract["employeeIin"] for contract in ask(demo, "ESUTD", office.bin)}
        assert {player.iin for player in cast.STAFF if player.place == place} <= employed


def test_every_child_of_the_feeds_is_known_to_every_register_of_persons(demo: World, demo_region: Path):
    for item in contracts(demo_region)[::25]:
        child = item["child"]
        found = {code: ask(demo, code, child["iin"]) for code in OF_CHILDREN}
        if iin_error(child["iin"]):
            assert set(found.values()) == {None}
            continue
        assert None not in found.values()
        assert found["GBDFL"][0].get("birthDate") == child["birth_date"]
        assert ask(demo, "GBDFL", item["guardian"]["iin"])[0]["surname"] == item["guardian"]["last_name"].upper()


def test_the_parent_who_signed_stands_in_the_birth_record(demo: World, demo_region: Path):
    odd = {tip.key for tip in demo.tips if tip.service == "ZAGS"}
    for item in contracts(demo_region)[:200]:
        child, guardian = item["child"]["iin"], item["guardian"]["iin"]
        if iin_error(child) is None and child not in odd:
            birth = ask(demo, "ZAGS", child)[0]
            assert guardian in (birth["mother"].get("iin"), birth["father"].get("iin"))


def test_enrolments_are_the_contracts_of_the_feeds(demo: World, demo_region: Path):
    last = {}
    for item in contracts(demo_region):
        last[item["contract_id"]] = max(item, last.get(item["contract_id"], item), key=lambda each: each["version"])
    expected: dict[str, set] = {}
    for item in last.values():
        if item["status"] in ("signed", "ended") and iin_error(item["child"]["iin"]) is None:
            place = (item["provider_bin"], item["starts_on"], item["ends_on"])
            expected.setdefault(item["child"]["iin"], set()).add(place)
    for iin, places in list(expected.items())[::10]:
        found = ask(demo, "NOBD", iin)
        assert {(each["schoolBin"], each["enterDate"], each["graduateDate"]) for each in found} == places


def test_an_organisations_children_are_those_enrolled_there(demo: World, demo_region: Path):
    number = cast.providers("demo", 2025)[0].bin
    found = ask(demo, "NOBD", number)
    assert len(found) > 10
    assert {each["schoolBin"] for each in found} == {number}


def test_everything_worth_trying_is_there_and_spares_the_demos_own_places_and_children(demo: World):
    assert len(demo.tips) >= 25
    own = {office.bin for office in cast.workplaces("demo", 2025).values()}
    own |= {region.DEMO_GUARDIAN_IIN, region.DEMO_PUPIL_IIN, region.DEMO_PRESCHOOLER_IIN}
    assert not own & {tip.key.split(",")[0] for tip in demo.tips}
    for tip in demo.tips:
        number, *more = tip.key.split(",")
        assert ask(demo, tip.service, number, **({"year": int(more[0])} if tip.service == "DFO" else {})) is not None
        assert len(more) == {"DFO": 1, "BORDER": 2, "MED": 2}.get(tip.service, 0)
    assert len({(tip.service, tip.key) for tip in demo.tips}) == len(demo.tips)


def test_a_building_is_found_by_its_cadastral_number_too(demo: World):
    number = cast.providers("demo", 2025)[0].bin
    by_bin = ask(demo, "RN", number)
    assert ask(demo, "RN", by_bin[0]["cadastralNumber"]) == by_bin


def test_the_stranger_of_the_feeds_is_in_no_register(demo: World, demo_region: Path):
    known = {provider["bin"] for provider in yaml.safe_load((demo_region / "reference.yaml").read_text())["providers"]}
    strangers = {item["provider_bin"] for item in contracts(demo_region)} - known
    assert len(strangers) == 1
    assert all(ask(demo, code, *strangers) is None for code in OF_PLACES if code != "DFO")


def test_records_outside_the_period_the_year_and_the_place_do_not_come():
    world = shep_world.load(SMALL_WORLD)
    iin, number = "190101599018", "240640990012"
    days = datetime.date

    def period(code: str, key: str, first: tuple, last: tuple) -> int:
        return len(ask(world, code, key, first_day=days(*first), last_day=days(*last)))

    assert period("MED", iin, (2025, 10, 17), (2025, 10, 31)) == 1
    assert period("MED", iin, (2025, 10, 18), (2025, 10, 31)) == 0
    assert period("MED", iin, (2025, 9, 1), (2025, 10, 6)) == 1
    assert period("BORDER", iin, (2025, 9, 1), (2025, 9, 14)) == 0
    assert period("BORDER", iin, (2025, 9, 15), (2025, 9, 15)) == 1
    assert period("ENPF", number, (2025, 9, 1), (2025, 9, 30)) == 2
    assert period("ENPF", number, (2025, 10, 1), (2025, 10, 31)) == 1
    assert [len(ask(world, "DFO", number, year=year)) for year in (2023, 2024)] == [0, 1]
    assert len(ask(world, "SANEPID", number, "0000000000000007")) == 1
    assert ask(world, "SANEPID", number, "0000000000000008") == []


def test_the_same_seed_makes_the_same_world(tmp_path: Path, demo_region: Path):
    paths = [shep_world.write_world(tmp_path / name, "demo", region_folder=demo_region) for name in "ab"]
    for name in (shep_world.WORLD, shep_world.PLACES, shep_world.CHILDREN):
        assert (paths[0].parent / name).read_bytes() == (paths[1].parent / name).read_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("records: {NOTHING: {}}", "NOTHING"),
        ('records: {ELIC: {"1": [{colour: red}]}}', "colour"),
        ('records: {ELIC: {"1": text}}', "records"),
        ("colour: red", "colour"),
        ("records: {ELIC: {190101599018: []}}", "str"),
        (": :", "mapping"),
        ("rows: true", "places.ndjson"),
    ],
)
def test_a_file_that_describes_no_world_is_refused(tmp_path: Path, text: str, words: str):
    path = tmp_path / "world.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((WorldError, OSError), match=words):
        shep_world.load(path)


def test_offices_of_the_demo_are_no_providers(demo: World):
    assert ask(demo, "GBDUL", cast.OFFICES[cast.DEPARTMENT].bin)[0]["Activity"][0]["OKED"] == "84121"


SENDER_ENVIRONMENT = {"SHEP_SENDER_ID": SENDER[0], "SHEP_SENDER_PASSWORD": SENDER[1]}


def test_the_emulator_runs_as_a_process_with_a_world_and_a_script(pki, tmp_path: Path, demo_region: Path):
    path = shep_world.write_world(tmp_path, "demo", region_folder=demo_region)
    script = tmp_path / "script.yaml"
    script.write_text("latency_seconds: 0.01\nrules:\n  - {service: KGD, times: 2, outcome: error, code: SCSE003}\n")
    options = ("--world", path, "--pki", pki.folder, "--script", script, "--allow-unsigned")
    with emulator_process("shep", *options, environment=SENDER_ENVIRONMENT) as (url, _process):
        client = Client(pki.credential("portal"), int(url.rsplit(":", 1)[1]))
        told = json.loads(client.get("/control"))
        assert (told["rules"][0]["code"], told["allow_unsigned"]) == ("SCSE003", True)
        world = json.loads(client.get("/health"))["world"]
        assert (world["places"], world["children"]) == (44, 2499)
        assert client.elic(cast.providers("demo", 2025)[0].bin).text("result") == "FOUND"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--world", "nothing.yaml", "--pki", "PKI"], "nothing.yaml"),
        (["--world", "WORLD", "--pki", "nowhere"], "nowhere"),
        (["--world", "WORLD"], "--pki"),
        (["--world", "WORLD", "--pki", "PKI", "--script", "WORLD"], "unknown field"),
        (["--world", "WORLD", "--pki", "PKI", "--password-env", "NOT_SET_AT_ALL"], "NOT_SET_AT_ALL"),
        (["--world", "WORLD", "--key", "WORLD", "--certificate", "WORLD", "--client-certificate", "WORLD"], ""),
    ],
)
def test_a_wrong_command_line_ends_with_its_reason(pki, monkeypatch, capsys, options: list[str], words: str):
    for name, value in SENDER_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    places = {"PKI": str(pki.folder), "WORLD": str(SMALL_WORLD)}
    assert shep.main([places.get(option, option) for option in options]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.strip()
    assert said.out == ""
