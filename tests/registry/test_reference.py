"""Loading a reference file: what it makes of the golden region, twice, changed, big, and by hand."""

import datetime
import io
import json
import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from integrations.models import Lms
from registry.models import Budget, Contract, Norm, RuleSet, SchoolCalendar, StudyMonth
from registry.rules import DEFAULTS
from schools.models import Issuer, Provider, StateOrderContract
from tests.factories import ContractFactory, bin_of, iban_of
from tests.registry.reference_files import GOLDEN, PROVIDER_BIN, load, norm, outcome, provider, small, state_order

pytestmark = pytest.mark.django_db

GOLDEN_ROWS = {
    "issuers": 1,
    "programmes": 2,
    "calendars": 2,
    "norms": 10,
    "providers": 8,
    "state_order_contracts": 8,
    "budgets": 8,
}
# REG §17.1
SCHOOL_DAYS = {9: 21, 10: 18, 11: 20, 12: 19, 1: 17, 2: 20, 3: 14, 4: 22, 5: 14}
PRESCHOOL_DAYS = {9: 21, 10: 22, 11: 20, 12: 22, 1: 19, 2: 20, 3: 18, 4: 22, 5: 17, 6: 22, 7: 22, 8: 21}


def test_the_golden_region_loads_and_loading_it_twice_changes_nothing():
    text = GOLDEN.read_text()
    assert outcome(load(text), "created") == GOLDEN_ROWS
    again = load(text)
    assert outcome(again, "unchanged") == GOLDEN_ROWS
    assert outcome(again, "created") == outcome(again, "updated") == {}


@pytest.mark.parametrize(("programme", "days"), [("school", SCHOOL_DAYS), ("preschool", PRESCHOOL_DAYS)])
def test_study_days_are_those_of_the_regulation(programme, days):
    load(GOLDEN.read_text())
    months = StudyMonth.objects.filter(programme=programme)
    assert {month.month.month: month.study_days for month in months} == days
    assert all(month.study_mask.count("1") == month.study_days for month in months)


def test_the_mask_of_a_month_has_its_study_days():
    load(GOLDEN.read_text())
    october = StudyMonth.objects.get(programme="school", month=datetime.date(2025, 10, 1))
    assert october.study_mask == "1110011111001111100111110000000"


def test_the_last_part_is_the_last_month_of_the_rule_set():
    load(GOLDEN.read_text())
    last = dict(StudyMonth.objects.filter(is_last_part=True).values_list("programme", "month__month"))
    assert last == {"school": 5, "preschool": 8}
    assert StudyMonth.objects.filter(is_part=True, programme="school").count() == 9


def test_a_month_that_is_no_part_is_kept_without_a_part():
    document = small(programmes=[{"code": "school", "rules": [{"from": "2025-09-01", "to": None, "parts": [9, 10]}]}])
    load(document)
    assert list(StudyMonth.objects.filter(is_part=True).values_list("month__month", flat=True)) == [9, 10]
    assert StudyMonth.objects.count() == 9


def test_every_value_of_a_row_comes_to_its_column():
    load(small())
    found = Provider.objects.get(organisation__bin=PROVIDER_BIN)
    assert (found.issuer.code, found.lms.code, found.lms.url) == ("ALA", "demo-lms", "")
    assert (found.organisation.kind, found.organisation.name_kk) == (OrganisationKind.PROVIDER, "№ 9002 мектеп")
    assert (found.places, found.first_licensed_on, found.lat) == (340, datetime.date(2019, 8, 1), 43.2389)
    assert Issuer.objects.get().organisation.kind == OrganisationKind.DEPARTMENT
    assert Norm.objects.get().total_kzt == Decimal("695000.00")
    assert (Norm.objects.get().language, Norm.objects.get().special_needs) == ("", None)
    assert Budget.objects.get().limit_kzt == Decimal("9000000000.00")


def test_ranges_take_their_last_day_in_and_may_be_open():
    load(small())
    assert StateOrderContract.objects.get().days == DateRange(datetime.date(2025, 9, 1), datetime.date(2026, 6, 1))
    assert RuleSet.objects.get().days == DateRange(datetime.date(2025, 9, 1), None)


def test_a_rule_set_stores_every_parameter_named_or_not():
    rules = {"from": "2025-09-01", "to": None, "payable_marks": "LSP", "staff_share_min": 0.85, "voucher_parts": 9}
    load(small(programmes=[{"code": "school", "rules": [rules]}]))
    stored = RuleSet.objects.get()
    assert stored.parameters == DEFAULTS | {"staff_share_min": "0.85"}
    assert (stored.payable_marks, stored.min_present_days, stored.pay_after_act_days) == ("LSP", 1, 30)
    assert stored.parts == [9, 10, 11, 12, 1, 2, 3, 4, 5]


def test_dates_may_stand_without_quotes_and_numbers_may_not_lose_zeros():
    text = "programmes: [{code: school, rules: [{from: 2025-09-01, to: null}]}]\n"
    assert outcome(load(text), "created") == {"programmes": 1}


def test_a_provider_may_be_a_sole_trader_with_an_iin():
    trader = provider(1, bin="721231499014")
    load(small(providers=[trader], state_order_contracts=[]))
    assert Organisation.objects.filter(bin="721231499014", kind=OrganisationKind.PROVIDER).exists()


def test_a_section_alone_builds_on_what_the_database_has():
    load(small())
    loaded = load(
        {"state_order_contracts": [state_order(9002, number="ALA-2026-1", **{"from": "2026-06-01"}, to=None)]}
    )
    assert outcome(loaded, "created") == {"state_order_contracts": 1}


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("issuers", "name_kk", "Басқарма"),
        ("issuers", "bin", bin_of(9003)),
        ("calendars", "days_off", ["2025-12-16", "2025-12-17"]),
        ("norms", "to", "2026-08-31"),
        ("providers", "name_ru", "Лицей"),
        ("providers", "sanitary_places", 100),
        ("providers", "lms", "other-lms"),
        ("state_order_contracts", "to", "2026-04-30"),
        ("budgets", "limit_kzt", "1.00"),
    ],
)
def test_a_changed_value_updates_its_row_alone(section, name, value):
    load(small())
    document = small()
    document[section][0][name] = value
    loaded = load(document)
    assert outcome(loaded, "updated") == {section: 1}
    assert outcome(loaded, "created") == {}
    assert outcome(load(document), "updated") == {}


def test_an_open_rule_set_is_ended_by_the_file_that_brings_the_next():
    load(small())
    rules = [{"from": "2025-09-01", "to": "2026-08-31"}, {"from": "2026-09-01", "to": None, "min_present_days": 3}]
    loaded = load({"programmes": [{"code": "school", "rules": rules}]})
    assert loaded.counts["programmes"] == {"created": 1, "updated": 1, "unchanged": 0}
    assert list(RuleSet.objects.order_by("days").values_list("min_present_days", flat=True)) == [1, 3]


def test_two_state_orders_may_exchange_their_days():
    spring, autumn = {"from": "2026-01-01", "to": "2026-05-31"}, {"from": "2025-09-01", "to": "2025-12-31"}
    numbers = {"first": autumn, "second": spring}
    load(small(state_order_contracts=[state_order(9002, number=name, **days) for name, days in numbers.items()]))
    numbers = {"first": spring, "second": autumn}
    document = {"state_order_contracts": [state_order(9002, number=name, **days) for name, days in numbers.items()]}
    assert outcome(load(document), "updated") == {"state_order_contracts": 2}


def test_a_calendar_that_ends_earlier_loses_its_months():
    document = small(programmes=[{"code": "school", "rules": [{"from": "2025-09-01", "to": None, "parts": [9, 10]}]}])
    load(document)
    document["calendars"][0]["to"] = "2026-02-15"
    load(document)
    assert SchoolCalendar.objects.get().months.count() == 6


def test_parts_that_the_law_changes_before_vouchers_are_issued_change_the_months():
    load(small())
    rules = {"from": "2025-09-01", "to": None, "parts": [9, 10, 11, 12]}
    assert outcome(load({"programmes": [{"code": "school", "rules": [rules]}]}), "updated") == {"programmes": 1}
    assert StudyMonth.objects.get(is_last_part=True).month == datetime.date(2025, 12, 1)


def test_a_bank_that_does_not_fit_the_account_is_only_a_warning():
    loaded = load(small(providers=[provider(9002, bic="KCJBKZKX")]))
    assert loaded.warnings == ["providers[0].bic: the account is one of CASPKZKA"]


def _funded_contracts():
    """One of the loaded provider, one of another provider and issuer with the same programme."""
    ContractFactory(funded=True, provider=Provider.objects.get(), norm=Norm.objects.get())
    ContractFactory(funded=True)


@pytest.mark.parametrize(
    ("section", "name", "value", "looked_at"),
    [
        ("calendars", "days_off", [], 2),
        ("state_order_contracts", "to", "2026-04-30", 1),
        ("providers", "design_capacity", 1, 0),
        ("norms", "total_kzt", "695000.00", 0),
        ("budgets", "limit_kzt", "9999999999.00", 0),
        ("issuers", "name_ru", "Акимат", 0),
    ],
)
def test_contracts_are_looked_at_again_when_their_days_may_change(section, name, value, looked_at):
    load(small())
    _funded_contracts()
    document = small()
    document[section][0][name] = value
    assert load(document).contracts == looked_at
    assert Contract.objects.filter(is_settled=False).count() == looked_at
    Contract.objects.update(is_settled=True)
    assert load(document).contracts == 0


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_depend_on_the_number_of_providers(count):
    def document(**changes):
        numbers = range(count)
        return small(
            providers=[provider(number, **changes) for number in numbers],
            state_order_contracts=[
                state_order(number, **({"to": "2026-04-30"} if changes else {})) for number in numbers
            ],
        )

    with CaptureQueriesContext(connection) as first:
        load(document())
    with CaptureQueriesContext(connection) as repeated:
        load(document())
    with CaptureQueriesContext(connection) as changed:
        load(document(kbe="19", name_ru="Новое"))
    assert (len(first), len(repeated), len(changed)) == (25, 14, 19)


def _command(*args):
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("load_reference", *args, stdout=out, stderr=err)
    except SystemExit as stop:
        status = stop.code
    return out.getvalue(), err.getvalue(), status


def test_the_command_prints_counts_by_section():
    out, err, status = _command(str(GOLDEN), "--json")
    assert {section: counts["created"] for section, counts in json.loads(out).items()} == GOLDEN_ROWS
    assert (err, status) == ("", 0)


def test_the_command_names_what_is_wrong_and_changes_nothing(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("norm: []\nissuers: 5\n")
    lines = ["norm: unknown key", "issuers: must be a list"]
    assert _command(str(file), "--json") == (json.dumps({"errors": lines}) + "\n", "\n".join(lines) + "\n", 2)
    assert _command(str(file)) == ("", "\n".join(lines) + "\n", 2)


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_wrong_input(tmp_path, name):
    out, err, status = _command(str(tmp_path / name), "--json")
    assert status == 2
    assert json.loads(out) == {"errors": [err.strip()]}


def test_a_process_of_its_own_ends_with_status_2_for_wrong_input(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("- no mapping")
    command = [sys.executable, "manage.py", "load_reference", str(file), "--json"]
    ended = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["errors"] == ["file: must be a mapping of issuers, programmes, calendars …"]
    assert "Traceback" not in ended.stderr


def test_an_lms_that_is_connected_already_stays_as_it_is():
    Lms.objects.create(code="demo-lms", url="https://lms.example/v1", token_env="TOKEN")
    load(small())
    assert Lms.objects.get().url == "https://lms.example/v1"


def test_a_section_may_name_many_norms_that_do_not_meet():
    norms = [
        norm(),
        norm(language="kk"),
        norm(language="ru", to="2025-12-31"),
        norm(language="ru", **{"from": "2026-01-01"}),
        norm(special_needs=True, level="basic"),
        norm(level="basic", language="kk"),
        norm(level="basic", language="kk", special_needs=True),
    ]
    assert outcome(load(small(norms=norms)), "created")["norms"] == 7


def test_the_account_is_stored_in_normal_form():
    spaced = " ".join(iban_of(5)[place : place + 4] for place in range(0, 20, 4)).lower()
    load(small(providers=[provider(9002, iban=spaced)]))
    assert Provider.objects.get().iban == iban_of(5)
