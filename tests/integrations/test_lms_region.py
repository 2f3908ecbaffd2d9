"""The made-up region: the same for the same seed, right in every number, with everything that a portal must bear."""

import json
import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest
import yaml

from integrations.emulators import region_people, region_reference
from integrations.emulators.lms import LmsEmulator
from integrations.emulators.region import DEMO_GUARDIAN_IIN, Scale, write_region
from integrations.lms.client import LmsClient
from integrations.lms.items import Reason, Rejected
from voucher_portal.dates import Month
from voucher_portal.identifiers import bin_error, expected_bic, iban_error, iin_error

KAZAKH_LETTERS = set("ӘҒҚҢӨҰҮҺІәғқңөұүһі")


def lines(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    return write_region(tmp_path_factory.mktemp("region"))


@pytest.fixture(scope="module")
def reference(region):
    return yaml.safe_load(Path(region.reference).read_text())


@pytest.fixture(scope="module")
def contracts(region):
    """The items of each phase, as written."""
    return [lines(phase.contracts) for phase in region.phases]


@pytest.fixture(scope="module")
def sheets(region):
    return [lines(phase.sheets) for phase in region.phases]


@pytest.fixture(scope="module")
def first_contracts(contracts):
    """The first item of each contract, over all phases."""
    firsts = {}
    for item in (item for phase in contracts for item in phase):
        firsts.setdefault(item["contract_id"], item)
    return firsts


def test_the_same_seed_gives_the_same_bytes(region, tmp_path):
    def contents(one):
        paths = [one.reference, *(path for phase in one.phases for path in (phase.contracts, phase.sheets))]
        return [Path(path).read_bytes() for path in paths]

    again = write_region(tmp_path / "again")
    other = write_region(tmp_path / "other", seed=7)
    assert contents(again) == contents(region)
    assert not set(contents(other)) & set(contents(region))


def test_the_demo_has_its_size(region, reference, first_contracts):
    assert (region.providers, region.children) == (40, 2500) == (len(reference["providers"]), 2500)
    assert 2490 <= len({item["child"]["iin"] for item in first_contracts.values()}) <= 2510
    assert [(phase.poll_on, phase.close) for phase in region.phases] == [
        ("2025-10-03", "2025-09"),
        ("2025-11-04", "2025-10"),
        ("2025-12-03", "2025-11"),
    ]


def test_every_provider_has_right_and_own_numbers(reference):
    providers = reference["providers"]
    assert len({provider["bin"] for provider in providers}) == len({provider["iban"] for provider in providers}) == 40
    for provider in [*providers, *reference["issuers"]]:
        assert bin_error(provider["bin"]) is None
    for provider in providers:
        assert iban_error(provider["iban"]) is None
        assert provider["bic"] == expected_bic(provider["iban"]) is not None


def test_a_city_of_providers_has_no_number_or_name_twice(tmp_path):
    region = write_region(tmp_path, Scale(985, 2000))
    providers = yaml.safe_load(Path(region.reference).read_text())["providers"]
    for name in ("bin", "iban", "name_ru", "name_kk"):
        assert len({provider[name] for provider in providers}) == 985


def test_all_eight_districts_have_providers(reference):
    districts = {provider["address_ru"].split(", ")[1] for provider in reference["providers"]}
    assert len(districts) == 8
    assert all(43.1 < provider["lat"] < 43.4 for provider in reference["providers"])
    assert all(76.7 < provider["lon"] < 77.1 for provider in reference["providers"])


@pytest.mark.parametrize(
    ("programme", "year", "first", "expected"),
    [
        ("school", "2025/26", Month(2025, 9), [21, 18, 20, 19, 17, 20, 14, 22, 14]),
        ("preschool", "2025/26", Month(2025, 9), [21, 22, 20, 22, 19, 20, 18, 22, 17, 22, 22, 21]),
        ("school", "2026/27", Month(2026, 9), [22, 17, 21, 18, 16, 20, 14, 22, 14]),
    ],
)
def test_study_days_are_those_of_the_regulation(programme, year, first, expected):
    """REG §17.1 and §17.2."""
    months = list(Month.range(first, first.plus(len(expected) - 1)))
    assert [len(region_reference.study_days(programme, year, month)) for month in months] == expected


def test_norms_add_up_and_none_is_ambiguous(reference):
    for norm in reference["norms"]:
        assert float(norm["local_kzt"]) + float(norm["republican_kzt"]) == float(norm["total_kzt"])
    for level in ("preschool", "primary", "basic", "upper"):
        norms = [norm for norm in reference["norms"] if norm["level"] == level]
        for language in ("kk", "ru"):
            for special_needs in (True, False):
                exactness = Counter(
                    (norm["language"] == language) + (norm["special_needs"] is special_needs)
                    for norm in norms
                    if norm["language"] in (language, "any") and norm["special_needs"] in (special_needs, "any")
                )
                assert exactness[max(exactness)] == 1


def test_some_providers_have_no_state_order_and_one_a_late_one(reference):
    orders = {order["provider_bin"]: order for order in reference["state_order_contracts"]}
    assert len(reference["providers"]) - len(orders) == 2
    assert [order["from"] for order in orders.values()].count("2025-10-06") == 1
    assert all(order["to"] in ("2026-05-31", "2026-08-31") for order in orders.values())


def test_a_little_more_than_one_child_in_a_hundred_is_over_capacity(reference, contracts):
    places = {
        provider["bin"]: min(provider["design_capacity"], provider["sanitary_places"])
        for provider in reference["providers"]
    }
    children = defaultdict(set)
    for item in contracts[0]:
        if item["starts_on"] <= "2025-09-02":
            children[item["provider_bin"]].add(item["child"]["iin"])
    over = sum(max(0, len(iins) - places[bin]) for bin, iins in children.items() if bin in places)
    assert 0.01 < over / 2500 < 0.025


def test_the_feeds_break_only_what_they_mean_to_break(region):
    with (
        LmsEmulator(
            contracts=[phase.contracts for phase in region.phases], sheets=[phase.sheets for phase in region.phases]
        ) as lms,
        LmsClient(lms.url, "") as client,
    ):
        contracts = [item for page in client.contract_pages() for item in page.items]
        sheets = [item for n in (9, 10, 11) for page in client.sheet_pages(Month(2025, n)) for item in page.items]
    assert {"contracts": len(contracts), "sheets": len(sheets)} == region.items
    reasons = Counter(item.reason for item in contracts + sheets if isinstance(item, Rejected))
    assert set(reasons) == {Reason.WRONG_IIN, Reason.WRONG_MARKS, Reason.WRONG_MARKS_LENGTH}
    assert reasons.total() < 20


def test_everything_that_happens_in_the_golden_feeds_happens_here(reference, contracts, sheets, first_contracts):
    known = {provider["bin"] for provider in reference["providers"]}
    items = [item for phase in contracts for item in phase]
    marks = [item for phase in sheets for item in phase]
    assert {item["end_reason"] for item in items} == {None, "transfer", "withdrawn"}
    assert any(item["status"] == "annulled" for item in contracts[1])
    assert any(item["ends_on"] and item["ends_on"] < "2025-10-01" for item in contracts[1])
    assert any(item["provider_bin"] not in known for item in items)
    assert any("2025-09-02" < item["starts_on"] < "2025-10-01" for item in items)
    assert any(item["status"] == "draft" for item in marks)
    assert any(item["month"] == "2025-09" and item["version"] > 1 for item in sheets[1])
    assert any(set(item["marks"]) <= set("NSH") and item["month"] == "2025-11" for item in marks)
    told_in_september = {item["contract_id"] for item in contracts[0]}
    assert any(item["contract_id"] not in told_in_september for item in sheets[0])


@pytest.mark.parametrize("feed", ["contracts", "sheets"])
def test_items_come_again_and_out_of_order(feed, contracts, sheets):
    seen, repeated, older = {}, 0, 0
    for item in (item for phase in {"contracts": contracts, "sheets": sheets}[feed] for item in phase):
        key = item["contract_id"], item.get("month")
        version = seen.setdefault(key, item["version"])
        older += item["version"] < version
        repeated += item["version"] == version
        seen[key] = max(version, item["version"])
    assert older > 0
    assert repeated > len(seen)


def test_people_are_right_in_number_and_name(first_contracts):
    children = [item["child"] for item in first_contracts.values()]
    guardians = [item["guardian"] for item in first_contracts.values()]
    assert sum(iin_error(child["iin"]) is not None for child in children) < 10
    assert not any(iin_error(guardian["iin"]) for guardian in guardians)
    names = {person[part] for person in children + guardians for part in ("last_name", "first_name", "middle_name")}
    assert None in names
    assert not any(re.search("[A-Za-z]", name) for name in names if name)
    assert KAZAKH_LETTERS & set("".join(name for name in names if name))


@pytest.mark.parametrize(
    ("surname", "man", "woman"),
    [
        ("Омаров", "Омаров", "Омарова"),
        ("Ғабдуллин", "Ғабдуллин", "Ғабдуллина"),
        ("Сейтқали", "Сейтқали", "Сейтқали"),
        ("Шевченко", "Шевченко", "Шевченко"),
        ("Ким", "Ким", "Ким"),
    ],
)
def test_a_surname_has_the_form_of_its_bearer(surname, man, woman):
    assert region_people.surname_of(surname, True) == man
    assert region_people.surname_of(surname, False) == woman


def test_a_patronymic_has_the_form_of_its_bearer():
    forms = [region_people.patronymic("Асқар", True, is_male) for is_male in (True, False)]
    forms += [region_people.patronymic("Сергей", False, is_male) for is_male in (True, False)]
    assert forms == ["Асқарұлы", "Асқарқызы", "Сергеевич", "Сергеевна"]


def test_no_number_is_given_twice():
    numbers = region_people.Numbers(reserved={"150315599004"})
    iins = [numbers.iin(date(2015, 3, 15), True) for _ in range(50)]
    assert len(set(iins)) == 50
    assert "150315599004" not in iins
    with pytest.raises(ValueError, match="no test IIN"):
        [numbers.iin(date(2015, 3, 15), True) for _ in range(100)]


def test_the_demo_family_has_a_quiet_child_in_each_programme(region, contracts, sheets):
    own = [item for phase in contracts for item in phase if item["guardian"]["iin"] == DEMO_GUARDIAN_IIN]
    assert {item["programme"]: item["provider_bin"] for item in own} == region.demo_provider_bins
    assert [item["version"] for item in own] == [1, 1]
    ids = {item["contract_id"] for item in own}
    approved = [item for phase in sheets for item in phase if item["contract_id"] in ids]
    assert len(approved) == 6
    assert all("P" in item["marks"] for item in approved)
