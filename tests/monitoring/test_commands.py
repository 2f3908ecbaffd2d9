"""The commission's commands: safe to repeat, and clear about what is wrong."""

import io
import json

import pytest
from django.core.management import call_command

from accounts.enums import OrganisationKind
from monitoring.models import Commission, RiskSignal
from tests.factories import IssuerFactory, OrganisationFactory, SchoolCalendarFactory, SheetFactory

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> dict:
    answer = io.StringIO()
    call_command(name, *arguments, "--json", stdout=answer)
    return json.loads(answer.getvalue())


def test_a_commission_watches_one_issuer_and_may_be_given_another():
    commission = OrganisationFactory(kind=OrganisationKind.COMMISSION)
    for issuer in (IssuerFactory(), IssuerFactory()):
        assert run("set_commission", commission.bin, "--issuer", issuer.code)["issuer"] == issuer.code
        assert Commission.objects.get().issuer == issuer


def test_an_unknown_commission_and_issuer_are_both_named():
    other = OrganisationFactory(kind=OrganisationKind.OPERATOR)
    answer = io.StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("set_commission", other.bin, "--issuer", "NONE", "--json", stdout=answer)
    assert exit_.value.code == 2
    assert len(json.loads(answer.getvalue())["errors"]) == 2
    assert not Commission.objects.exists()


def test_the_scan_tells_what_it_raised_and_ended():
    SchoolCalendarFactory()
    SheetFactory(marks="P" * 31)
    assert run("scan_sheets") == {"raised": 1, "ended": 0}
    RiskSignal.objects.update(resolved_at="2025-11-05T00:00:00+05:00")
    assert run("scan_sheets", "--all") == {"raised": 1, "ended": 0}
