"""The demo is played end to end by the portal's own services, and its sums add up."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from acts.demo.errors import DemoError
from acts.demo.paying import DemoTreasury
from acts.demo.people import PASSWORD, PEOPLE
from acts.demo.report import adds_up
from acts.demo.sums import sums_of
from acts.enums import ActState, OrderState
from acts.models import Act, ActDocument, PaymentAttempt, PaymentOrder
from acts.verification import verify
from integrations.emulators.region import DEMO_GUARDIAN_IIN, DEMO_PUPIL_IIN
from integrations.models import Lms
from registry.enums import PartState
from registry.models import VoucherPart
from schools.models import Issuer, Provider
from tests.core.commands import locked, started, wait_until, waiting_for_locks
from tests.core.digest import difference
from tests.demo import stage as scenery
from tests.demo.stage import KNOWS_SMALL, PLAY, TODAY, TOKEN, play, state
from tests.factories import ProviderFactory
from voucher_portal.http import HttpClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(tmp_path):
    """The emulators."""
    with scenery.stage(tmp_path):
        yield


@pytest.fixture(scope="module")
def known() -> dict:
    """Where the state after a play in peace is kept."""
    return {}


@pytest.fixture
def undisturbed(known, tmp_path_factory) -> dict:
    """The state after a play in peace; the database is empty again."""
    if not known:
        with scenery.stage(tmp_path_factory.mktemp("peace")):
            play()
            known.update(state())
        call_command("flush", interactive=False, verbosity=0)
    return known


def book(settings) -> dict:
    return DemoTreasury(settings.TREASURY_URL, settings.TREASURY_TOKEN).book()


def states_of(month: int) -> set[str]:
    return set(Act.objects.filter(bill_month__month=month).values_list("state", flat=True))


def test_two_months_are_paid_and_the_last_one_stops_on_every_step(stage, tmp_path, settings):
    printed = play()
    assert states_of(9) == states_of(10) == {ActState.PAID}
    assert states_of(11) == set(ActState)
    orders = PaymentOrder.objects.filter(act__bill_month__month=11).values_list("state", flat=True)
    assert set(orders) == {OrderState.PAID, OrderState.HELD, OrderState.REJECTED, OrderState.UNKNOWN}
    assert PaymentAttempt.objects.filter(number=2, order__state=OrderState.PAID).exists()

    pupil = VoucherPart.objects.filter(voucher__child__iin=DEMO_PUPIL_IIN).order_by("month")
    assert list(pupil.values_list("state", flat=True))[:4] == [
        PartState.REDEEMED, PartState.REDEEMED, PartState.WRITTEN_OFF, PartState.RESERVED,
    ]  # fmt: skip
    assert ActDocument.objects.count() == 4, "two acts in two languages"
    assert "ИТОГ: всё сходится." in printed
    assert not any(verify()["rules"].values())

    before, booked = state(), book(settings)
    with scenery.stage(tmp_path):  # both emulators anew; the treasury has its book
        again = play()
        assert book(settings) == booked
        with HttpClient(Lms.objects.get().url.removesuffix("/v1"), TOKEN) as lms:
            assert lms.get("/control").json()["lines"]["contracts"] > 150
    assert difference(before, state()) == {}
    assert "ИТОГ: всё сходится." in again


def test_everybody_who_is_named_can_sign_in_and_begins_where_it_says(stage, client):
    printed = play()
    addresses = {person.iin: person.address for person in PEOPLE} | {DEMO_GUARDIAN_IIN: "/family/"}
    assert dict(re.findall(r"(\d{12}) +(/\w+/)$", printed, re.MULTILINE)) == addresses
    for iin, address in addresses.items():
        client.logout()
        client.post(reverse("accounts:sign_in"), {"username": iin, "password": PASSWORD})
        assert client.get(address).status_code == 200, (iin, address)


@pytest.mark.parametrize(
    "lock",
    [
        "LOCK registry_sheet IN SHARE MODE",  # in the first poll
        "LOCK acts_actevent IN SHARE MODE",  # the first month is closed, no act is submitted
        "LOCK acts_paymentorder IN SHARE MODE",  # its acts are accepted
        "LOCK acts_treasuryreport IN SHARE MODE",  # they are paid, and the portal has not heard it
        "LOCK schools_suspension IN SHARE MODE",  # in the last month
    ],
)
def test_a_play_that_is_killed_goes_on_to_the_same_end(lock, undisturbed, stage):
    with locked(lock), started(*PLAY, today=TODAY, before=KNOWS_SMALL) as process:
        wait_until(waiting_for_locks, process)
    assert "ИТОГ: всё сходится." in play()
    assert difference(undisturbed, state()) == {}


def test_a_tiyn_that_is_missing_in_the_book_is_seen(stage, settings):
    play()
    told, issuer = book(settings), Issuer.objects.get()
    assert adds_up(sums_of(issuer, told), verify())
    next(transfer for transfer in told["transfers"] if transfer["state"] == "booked")["amount_tiyn"] -= 1
    assert not adds_up(sums_of(issuer, told), verify())
    told["transfers"][0]["end_to_end_id"] = "A-UNKNOWN"
    with pytest.raises(DemoError, match="A-UNKNOWN"):
        sums_of(issuer, told)


def test_a_database_with_another_region_is_left_alone(stage):
    ProviderFactory()
    with pytest.raises(CommandError, match="другой регион") as refused:
        play()
    assert refused.value.returncode == 2
    assert not User.objects.filter(iin=PEOPLE[0].iin).exists()


def test_production_has_no_demo(stage, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="рабочей среде"):
        play()


def test_without_emulators_nothing_is_played(settings):
    settings.TREASURY_URL = ""
    with pytest.raises(CommandError, match="make run"):
        call_command("play_demo")


def test_a_treasury_that_is_no_emulator_is_sent_nothing(stage, settings):
    settings.TREASURY_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="Эмулятор казначейства не отвечает"):
        play()
    assert not Provider.objects.exists()


def test_the_readme_names_the_people_of_the_demo(settings):
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    assert PASSWORD in readme
    assert all(iin in readme for iin in [DEMO_GUARDIAN_IIN, *(person.iin for person in PEOPLE)])
