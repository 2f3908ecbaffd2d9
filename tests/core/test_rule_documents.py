"""The rules that people read (docs/rules) say what the worked examples and the code say."""

import re

import pytest
from django.conf import settings

from acts.verification import verify
from registry.enums import Account, EntryReason, UnfundedReason
from registry.models import LedgerEntry
from tests.core import golden
from tests.core.golden import FIRST, PHASES

RULES = settings.BASE_DIR / "docs" / "rules"
ROW = re.compile(r"^[0-9]{12},golden-lms,.*$", re.MULTILINE)


def text_of(name: str) -> str:
    return (RULES / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["funding", "month-close", "ledger"])
def test_every_worked_row_is_a_row_of_the_worked_examples(name):
    expected = [phase.expected(programme) for phase in PHASES for programme in golden.PROGRAMMES]
    known = {line for text in expected for line in text.splitlines()}
    rows = ROW.findall(text_of(name))
    assert rows
    assert set(rows) <= known


def test_every_reason_accounts_and_movements_are_explained():
    assert re.findall(r"^\| `([A-Z_]+)` \|", text_of("funding"), re.MULTILINE) == UnfundedReason.values
    ledger = text_of("ledger")
    assert [word for word in [*Account.values, *EntryReason.values] if f"`{word}`" not in ledger] == ["ANNULLED"]


@pytest.mark.django_db
def test_every_rule_of_the_ledger_is_named():
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+){2,})`", text_of("ledger")))
    assert named == set(verify()["rules"])


@pytest.mark.django_db(transaction=True)
def test_the_movements_of_the_worked_example_are_those_of_the_ledger():
    golden.set_up_region()
    with golden.lms_of(FIRST) as lms:
        golden.connect(lms)
        golden.poll(FIRST)
        golden.close(FIRST)
    entries = LedgerEntry.objects.filter(contract__external_id="c-7-000003", month="2025-10-01").order_by("pk")
    money = r"([0-9 ]+\.[0-9]{2})"
    told = re.findall(
        rf"^\| `(\w+)` → `(\w+)`, `(\w+)`.*\| {money} \| {money} \| {money} \|$", text_of("ledger"), re.MULTILINE
    )
    assert [tuple(cell.replace(" ", "") for cell in cells) for cells in told] == [
        (e.from_account, e.to_account, e.reason, str(e.local_kzt), str(e.republican_kzt), str(e.amount_kzt))
        for e in entries
    ]
