"""What a reference file is refused for: every fault by its path, and nothing of the file is applied."""

import datetime
from decimal import Decimal

import pytest
import yaml
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from integrations.models import Lms
from registry.models import Budget, Norm, RuleSet, SchoolCalendar
from registry.reference import document as documents
from schools.models import Issuer, Provider
from tests.factories import (
    BudgetFactory,
    ContractFactory,
    LedgerEntryFactory,
    NormFactory,
    OrganisationFactory,
    ReservationFactory,
    RuleSetFactory,
    VoucherFactory,
    bin_of,
)
from tests.registry.reference_files import (
    GOLDEN,
    ISSUER_BIN,
    PROVIDER_BIN,
    faults,
    load,
    norm,
    outcome,
    provider,
    small,
    state_order,
)

pytestmark = pytest.mark.django_db

MISSING = object()
DATE = "must be a date of the form YYYY-MM-DD"
# Four lines that stand for 100 million values.
BOMB = "\n".join(
    f"{name}: &{name} [{', '.join([inner] * 100)}]"
    for name, inner in zip("abcd", ["1", "*a", "*b", "*c"], strict=True)
)
MONEY = 'must be a sum in quotes with two decimals, e.g. "55659.00"'


def put(document, path, value):
    """Set, or take away, the value at a path like `norms[0].total_kzt`."""
    *way, last = path.replace("[", ".").replace("]", "").split(".")
    for step in way:
        document = document[int(step)] if step.isdigit() else document[step]
    last = int(last) if last.isdigit() else last
    if value is MISSING:
        del document[last]
    else:
        document[last] = value


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("issuers[0]", "ALA", "must be a mapping"),
        ("issuers[0].code", MISSING, "is missing"),
        ("issuers[0].code", "ala", "must be 2 to 8 capital Latin letters or digits"),
        ("issuers[0].bin", 200940039871, "must be a BIN in quotes"),
        ("issuers[0].bin", "200940039872", "is not a BIN (check_digit)"),
        ("issuers[0].bin", "721231499014", "is not a BIN (entity_type)"),
        ("issuers[0].name_kk", " ", "must not be empty"),
        ("issuers[0].name_kk", "x" * 301, "is longer than 300 characters"),
        ("issuers[0].name_kk", "a\0b", "must be one line without control characters"),
        ("issuers[0].name_kk", 5, "must be text; put it in quotes"),
        ("issuers[0].kato", 750000000, "must be text; put it in quotes"),
        ("issuers[0].kind", "town", "must be one of: city, region"),
        ("issuers[0].colour", "red", "unknown key"),
        ("programmes[0]", [], "must be a mapping"),
        ("programmes[0].code", "college", "must be one of: school, preschool"),
        ("programmes[0].rules", MISSING, "is missing"),
        ("programmes[0].rules", {}, "must be a list"),
        ("programmes[0].colour", "red", "unknown key"),
        ("programmes[0].rules[0]", None, "must be a mapping"),
        ("programmes[0].rules[0].from", None, DATE),
        ("programmes[0].rules[0].from", "2025-9-1", DATE),
        ("programmes[0].rules[0].from", "2025-02-30", "there is no such day: 2025-02-30"),
        ("programmes[0].rules[0].from", "9999-12-31", "must be a day of the years 1991 to 2199"),
        ("programmes[0].rules[0].to", "2025-08-31", "must not be before from"),
        ("programmes[0].rules[0].to", MISSING, "is missing"),
        ("programmes[0].rules[0].parts", [], "must not be an empty list"),
        ("programmes[0].rules[0].parts", [9, 10, 9], "names the same twice"),
        ("programmes[0].rules[0].parts", [9, 13], "item 1 must be a whole number of 1 to 12"),
        ("programmes[0].rules[0].parts", ["9"], "item 0 must be a whole number without quotes"),
        ("programmes[0].rules[0].parts", [1, 9], "must be in the order of the school year, from September to August"),
        ("programmes[0].rules[0].voucher_parts", 12, "does not agree with parts, which has 9 months"),
        ("programmes[0].rules[0].payable_marks", "PX", "must be some of PSLQN, each once"),
        ("programmes[0].rules[0].payable_marks", "PP", "must be some of PSLQN, each once"),
        ("programmes[0].rules[0].min_present_days", True, "must be a whole number without quotes"),
        ("programmes[0].rules[0].pay_after_act_days", -1, "must be a whole number of 0 to 3650"),
        ("programmes[0].rules[0].staff_share_min", 90, "must be a share of 0 to 1, e.g. 0.90"),
        ("programmes[0].rules[0].transition_date", 2026, DATE),
        ("programmes[0].rules[0].pay_after_days", 1, "unknown key"),
        ("calendars[0].year", "2025/27", "must be a school year of the form 2025/26"),
        ("calendars[0].year", 2025, "must be a school year of the form 2025/26"),
        ("calendars[0].to", None, DATE),
        ("calendars[0].to", "2026-09-01", "is outside the school year 2025/26"),
        ("calendars[0].weekdays", [0], "item 0 must be a whole number of 1 to 7"),
        ("calendars[0].weekdays", [1, 1], "names the same twice"),
        ("calendars[0].days_off[0]", "2027-01-01", "is outside the school year 2025/26"),
        ("calendars[0].days_off", "2025-12-16", "must be a list"),
        ("calendars[0].vacations", None, "must be a list"),
        ("calendars[0].vacations[0].to", "2025-10-26", "must not be before from"),
        ("calendars[0].vacations[0].from", "2025-08-31", "is outside the school year 2025/26"),
        ("calendars[0].vacations[0].name", "autumn", "unknown key"),
        ("norms[0].issuer", "AST", "there is no issuer AST"),
        ("norms[0].level", "preschool", "is not a level of the programme school"),
        ("norms[0].area", "town", "must be one of: city, village"),
        ("norms[0].language", "қаз", "must be a code of a language, e.g. kk"),
        ("norms[0].special_needs", 1, "must be one of: True, False"),
        ("norms[0].per", "week", "must be one of: year, month"),
        ("norms[0].total_kzt", 695000.00, MONEY),
        ("norms[0].total_kzt", "695000", MONEY),
        ("norms[0].total_kzt", "695 000.00", MONEY),
        ("norms[0].total_kzt", "-695000.00", MONEY),
        ("norms[0].total_kzt", "٦٩٥٠٠٠.00", MONEY),
        ("norms[0].total_kzt", "1000000000000.00", "must have at most 12 digits before the point"),
        ("norms[0].total_kzt", "695000.01", "local_kzt and republican_kzt add up to 695000.00"),
        ("norms[0].republican_kzt", MISSING, "is missing"),
        ("providers[0].bin", "190101599017", "is not a BIN or IIN (check_digit)"),
        ("providers[0].issuer", "AST", "there is no issuer AST"),
        ("providers[0].programmes", [], "must not be an empty list"),
        ("providers[0].programmes", ["school", "school"], "names the same twice"),
        ("providers[0].design_capacity", -1, "must be a whole number of 0 to 100000"),
        ("providers[0].sanitary_places", "340", "must be a whole number without quotes"),
        ("providers[0].lat", 91, "must be a number of -90 to 90"),
        ("providers[0].lon", "76.9", "must be a number of -180 to 180"),
        ("providers[0].lon", None, None),
        ("providers[0].iban", "KZ61999KZT0000000001", "is not a Kazakhstani IBAN (check_digits)"),
        ("providers[0].iban", "КZ60999KZT0000000001", "has a Cyrillic letter at place 1"),
        ("providers[0].bic", "CASPKZ", "must be a BIC of Kazakhstan, 8 or 11 characters"),
        ("providers[0].kbe", 17, "must be text; put it in quotes"),
        ("providers[0].lms", "demo lms", "must be a code of Latin letters, digits, hyphens and underscores"),
        ("providers[0].address_kk", "Сынақ көшесі", "unknown key"),
        ("state_order_contracts[0].provider_bin", bin_of(9), "there is no provider with this BIN"),
        ("state_order_contracts[0].programme", "preschool", "is not one of the provider's programmes"),
        ("state_order_contracts[0].to", "2025-08-31", "must not be before from"),
        ("budgets[0].year", "2025", "must be a whole number without quotes"),
        ("budgets[0].source", "private", "must be one of: local, republican"),
        ("budgets[0].limit_kzt", "100000000000000.00", "must have at most 14 digits before the point"),
        ("budgets", None, "must be a list"),
        ("rules", [], "unknown key"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(path, value, reason):
    document = small()
    put(document, path, value)
    expected = f"{path}: {reason}" if reason else "providers[0].lat: and lon must both be given, or none"
    assert expected in faults(document)
    assert not Organisation.objects.exists()


def test_a_wrong_value_brings_no_further_faults_of_rows_that_name_its_row():
    for path, value in (("issuers[0].kind", 1), ("providers[0].kbe", 1), ("programmes[0].rules[0].parts", 1)):
        document = small()
        put(document, path, value)
        assert [line.partition(":")[0] for line in faults(document)] == [path]


def test_all_faults_of_a_file_are_told_at_once():
    document = small()
    for path in ("issuers[0].kato", "calendars[0].year", "norms[0].per", "providers[0].bic", "budgets[0].year"):
        put(document, path, "?")
    document["state_order_contracts"].append(state_order(9002, number="second"))
    assert {line.partition(":")[0] for line in faults(document)} == {
        "issuers[0].kato",
        "calendars[0].year",
        "norms[0].per",
        "providers[0].bic",
        "budgets[0].year",
    }


def test_a_fault_in_the_last_row_leaves_nothing_of_the_others():
    document = yaml.safe_load(GOLDEN.read_text())
    put(document, "budgets[7].limit_kzt", "1")
    assert faults(document) == [f"budgets[7].limit_kzt: {MONEY}"]
    for model in (Issuer, Provider, RuleSet, SchoolCalendar, Norm, Budget, Organisation, Lms):
        assert not model.objects.exists()


@pytest.mark.parametrize("section", ["issuers", "calendars", "norms", "providers", "state_order_contracts", "budgets"])
def test_a_natural_key_may_stand_only_once(section):
    document = small()
    document[section] *= 2
    assert f"{section}[1]: has the same key as {section}[0]" in faults(document)


def test_a_programme_and_a_rule_set_may_stand_only_once():
    document = small()
    document["programmes"] *= 2
    assert faults(document) == [
        "programmes[1].code: stands in the file already, at programmes[0]",
        "programmes[1].rules[0]: has the same key as programmes[0].rules[0]",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "file: must be a mapping of issuers, programmes, calendars …"),
        ("issuers: [1,", "line 2: did not find expected node content"),
        ("a: &endless [*endless]", "file: is nested too deeply or has too many values"),
        (BOMB, "file: is nested too deeply or has too many values"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: tags are not taken"),
        ("norms: [{per: year, per: month}]", "line 1: the key per stands twice"),
        ("issuers: []\nissuers: []", "line 2: the key issuers stands twice"),
        ("? [1]\n: 2", "line 1: found unhashable key"),
        ("--- {}\n--- {}", "line 2: but found another document"),
        ("[" * 100_000, "line 1: is nested too deeply or has too many values"),
        ("a: \x07", "file: control characters are not allowed"),
    ],
)
def test_what_is_no_plain_document_is_refused(text, line):
    assert faults(text) == [line]


def test_a_key_cannot_write_to_the_terminal_of_the_operator():
    assert faults('"\\e[2J\\nfake: line": 1') == ["?[2J?fake: line: unknown key"]


def test_a_file_in_another_encoding_is_refused():
    with pytest.raises(documents.WrongReference, match="file: is not UTF-8"):
        documents.read_document("issuers: [Управление]".encode("cp1251"))


def test_a_file_is_bounded_in_size_and_number_of_values(monkeypatch):
    monkeypatch.setattr(documents, "MOST_NODES", 10)
    assert faults("a: [1,2,3,4,5,6,7,8,9,10]") == ["line 1: is nested too deeply or has too many values"]
    monkeypatch.setattr(documents, "MOST_BYTES", 10)
    assert faults("a: 12345678") == ["file: is larger than 10 bytes"]


@pytest.mark.parametrize(
    ("norms", "lines"),
    [
        (
            [norm(), norm(**{"from": "2026-01-01"})],
            ["norms[1]: shares days with norms[0]"],
        ),
        (
            [norm(language="kk"), norm(special_needs=True)],
            [
                "norms[1]: matches as well as norms[0] for the language kk with special_needs true on 2025-09-01",
            ],
        ),
        (
            [
                norm(language="kk"),
                norm(special_needs=False),
                norm(language="kk", special_needs=False, to="2025-12-31"),
            ],
            [
                "norms[1]: matches as well as norms[0] for the language kk with special_needs false on 2026-01-01",
            ],
        ),
        ([norm(language="kk", to="2025-12-31"), norm(special_needs=True, **{"from": "2026-01-01"})], []),
        ([norm(language="kk"), norm(special_needs=True), norm(language="kk", special_needs=True)], []),
        ([norm(language="kk"), norm(language="ru"), norm()], []),
        ([norm(language="kk", area="village"), norm(special_needs=True)], []),
    ],
)
def test_two_norms_may_not_serve_a_contract_equally_well(norms, lines):
    document = small(norms=norms)
    if lines:
        assert faults(document) == lines
    else:
        load(document)


def test_a_norm_of_the_database_counts_for_the_norms_of_a_file():
    load(small())
    NormFactory(issuer=Issuer.objects.get(), language="kk", days=DateRange(datetime.date(2024, 1, 1), None))
    assert faults({"norms": [norm(special_needs=True)]}) == [
        "norms[0]: matches as well as the one in the database from 2024-01-01 for the language kk with special_needs "
        "true on 2025-09-01"
    ]


def test_rule_sets_of_a_programme_may_not_share_days():
    rules = [{"from": "2025-09-01", "to": None}, {"from": "2026-09-01", "to": None}]
    assert faults(small(programmes=[{"code": "school", "rules": rules}])) == [
        "programmes[0].rules[1]: shares days with programmes[0].rules[0]"
    ]
    RuleSetFactory(days=DateRange(datetime.date(2025, 1, 1), datetime.date(2025, 9, 2)))
    assert faults(small()) == ["programmes[0].rules[0]: shares days with the one in the database from 2025-01-01"]


def test_state_orders_of_a_provider_and_programme_may_not_share_days():
    later = state_order(9002, number="second", **{"from": "2026-05-31"}, to=None)
    document = small(state_order_contracts=[state_order(9002), later])
    reason = "shares days with the provider's state order ALA-2025-9002"
    assert faults(document) == [f"state_order_contracts[1].from: {reason}"]
    load(small())
    assert faults({"state_order_contracts": [later]}) == [f"state_order_contracts[0].from: {reason}"]


def test_a_calendar_needs_a_rule_set_and_a_study_day_in_every_part():
    document = small(programmes=[])
    assert faults(document) == ["calendars[0]: no rule set of the programme school holds in this year"]
    document = small()
    document["calendars"][0]["vacations"] = [{"from": "2025-12-25", "to": "2026-01-31"}]
    assert faults(document) == ["programmes[0].rules[0]: month 1 is a part of the voucher and has no study day"]


def test_the_parts_of_a_year_stay_once_vouchers_are_issued():
    load(small())
    VoucherFactory(programme="school", start_year=2025)
    rules = {"from": "2025-09-01", "to": None, "parts": [9, 10, 11, 12]}
    assert faults({"programmes": [{"code": "school", "rules": [rules]}]}) == [
        "programmes[0].rules[0]: vouchers of school 2025 are issued: the parts of that year stay"
    ]


def test_an_organisation_keeps_its_kind():
    OrganisationFactory(bin=PROVIDER_BIN, kind=OrganisationKind.OPERATOR)
    assert faults(small()) == ["providers[0].bin: belongs to an organisation of another kind, OPERATOR"]


def test_a_department_cannot_be_a_provider():
    document = small(providers=[provider(1, bin=ISSUER_BIN)], state_order_contracts=[])
    assert faults(document) == ["providers[0].bin: belongs to an organisation of another kind, DEPARTMENT"]


def test_two_issuers_cannot_have_one_bin():
    document = small()
    document["issuers"].append(document["issuers"][0] | {"code": "AST"})
    assert faults(document) == ["issuers[1].bin: belongs to another issuer"]
    load(small())
    assert faults({"issuers": [document["issuers"][1]]}) == ["issuers[0].bin: belongs to another issuer"]


def test_an_issuer_cannot_take_the_bin_of_another_organisation():
    load(small())
    OrganisationFactory(bin=bin_of(9003), kind=OrganisationKind.DEPARTMENT)
    issuer = small()["issuers"][0] | {"bin": bin_of(9003)}
    assert faults({"issuers": [issuer]}) == ["issuers[0].bin: belongs to another organisation"]


def _second_issuer():
    return small()["issuers"][0] | {"code": "AST", "bin": bin_of(9004)}


def test_a_provider_with_childrens_contracts_stays_with_its_issuer():
    load(small(state_order_contracts=[]))
    ContractFactory(provider=Provider.objects.get())
    moved = {"issuers": [_second_issuer()], "providers": [provider(9002, issuer="AST")]}
    assert faults(moved) == ["providers[0].issuer: the provider has children's contracts paid by ALA"]


def test_a_provider_without_contracts_may_move():
    load(small(state_order_contracts=[]))
    load({"issuers": [_second_issuer()], "providers": [provider(9002, issuer="AST")]})
    assert Provider.objects.get().issuer.code == "AST"


def test_a_state_order_belongs_to_the_issuer_of_its_provider():
    document = small(state_order_contracts=[state_order(9002, issuer="AST")])
    document["issuers"].append(_second_issuer())
    assert faults(document) == ["state_order_contracts[0].issuer: the provider belongs to the issuer ALA"]
    load(small())
    moved = {"issuers": [_second_issuer()], "providers": [provider(9002, issuer="AST")]}
    assert faults(moved) == ["providers[0].issuer: the provider has the state order ALA-2025-9002 of ALA"]


def test_the_number_of_a_state_order_stays_with_its_provider_while_children_have_contracts():
    load(small())
    ContractFactory(provider=Provider.objects.get())
    document = {"providers": [provider(1)], "state_order_contracts": [state_order(1, number="ALA-2025-9002")]}
    reason = "children have contracts under this number: give the new state order its own"
    assert faults(document) == [f"state_order_contracts[0]: {reason}"]


def test_the_sums_of_a_norm_stay_while_contracts_have_it():
    load(small())
    dearer = small()["norms"][0] | {"total_kzt": "700000.00", "local_kzt": "700000.00"}
    load({"norms": [dearer]})
    ContractFactory(provider=Provider.objects.get(), funded=True, norm=Norm.objects.get())
    reason = "contracts have this norm: end it and let one with the new sums begin on a later day"
    assert faults({"norms": small()["norms"]}) == [f"norms[0]: {reason}"]
    assert outcome(load({"norms": [dearer | {"to": "2026-08-31"}]}), "updated")["norms"] == 1
    with pytest.raises(IntegrityError, match="contracts have this norm"):
        Norm.objects.update(per_month=True)


def test_a_limit_cannot_go_below_what_is_used():
    load(small())
    issuer = Issuer.objects.get()
    contract = ContractFactory(provider=Provider.objects.get(), funded=True, norm=Norm.objects.get())
    BudgetFactory(issuer=issuer, source="republican")
    LedgerEntryFactory(
        reservation=ReservationFactory(contract=contract, state_order=issuer.state_orders.get(), issuer=issuer)
    )
    budget = small()["budgets"][0]
    reason = "is below the 77222.22 that are reserved, written off or redeemed already"
    assert faults({"budgets": [budget | {"limit_kzt": "77222.21"}]}) == [f"budgets[0].limit_kzt: {reason}"]
    load({"budgets": [budget | {"limit_kzt": "77222.22"}, budget | {"source": "republican", "limit_kzt": "0.00"}]})
    assert Budget.objects.get(source="local").limit_kzt == Decimal("77222.22")
