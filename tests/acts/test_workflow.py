"""The way of an act: who may take which step, when, what it leaves, and what a second click does."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from acts import perms
from acts.enums import SUBMITTABLE, ActEventKind, ActState
from acts.errors import ActError
from acts.models import Act, ActEvent
from acts.workflow import accept_act, return_act, submit_act
from registry.rules import NoRules
from tests.acts.factories import ActFactory
from tests.factories import MembershipFactory, RuleSetFactory, UserFactory
from voucher_portal.dates import ALMATY

NOW = datetime.datetime(2025, 11, 6, 23, 30, tzinfo=ALMATY)

pytestmark = pytest.mark.django_db


def kinds(act: Act) -> list[str]:
    return [event.kind for event in act.events.all()]


def in_state(state: str) -> Act:
    trait = {"TO_CUSTOMER": "submitted", "RETURNED": "returned", "SIGNED": "accepted", "PAID": "paid"}.get(state)
    return ActFactory(**({trait: True} if trait else {}))


@pytest.mark.parametrize("state", SUBMITTABLE)
def test_a_new_or_returned_act_goes_to_the_department_with_name_time_and_event(state):
    act, director = in_state(state), UserFactory()
    submitted = submit_act(act_id=act.pk, by=director, now=NOW)
    assert (submitted.state, submitted.submitted_by, submitted.submitted_at) == (ActState.TO_CUSTOMER, director, NOW)
    event = act.events.get()
    assert (event.kind, event.by, event.happened_at) == (ActEventKind.SUBMITTED, director, NOW)


@pytest.mark.parametrize("state", [ActState.TO_CUSTOMER, ActState.SIGNED, ActState.PAID])
def test_a_second_click_on_submit_changes_nothing(state):
    act = in_state(state)
    again = submit_act(act_id=act.pk, by=UserFactory(), now=NOW)
    assert (again.state, again.submitted_by) == (state, act.submitted_by)
    assert kinds(act) == []


def test_accepting_starts_the_calendar_days_of_the_rules_from_the_day_in_almaty():
    RuleSetFactory(pay_after_act_days=30)
    act, officer = ActFactory(submitted=True), UserFactory()
    accepted = accept_act(act_id=act.pk, by=officer, now=NOW)
    assert (accepted.state, accepted.decided_by, accepted.decided_at) == (ActState.SIGNED, officer, NOW)
    assert accepted.pay_before == datetime.date(2025, 12, 6)
    assert kinds(act) == [ActEventKind.ACCEPTED]


def test_the_day_of_the_portal_counts_where_it_is_given():
    RuleSetFactory(pay_after_act_days=30)
    act = ActFactory(submitted=True)
    accepted = accept_act(act_id=act.pk, by=UserFactory(), now=NOW, today=datetime.date(2025, 11, 10))
    assert accepted.pay_before == datetime.date(2025, 12, 10)


@pytest.mark.parametrize("state", [ActState.SIGNED, ActState.PAID])
def test_a_second_click_on_accept_changes_nothing(state):
    act = in_state(state)
    again = accept_act(act_id=act.pk, by=UserFactory(), now=NOW)
    assert (again.state, again.decided_by, again.pay_before) == (state, act.decided_by, act.pay_before)
    assert kinds(act) == []


@pytest.mark.parametrize("state", SUBMITTABLE)
def test_an_act_that_was_not_submitted_is_neither_accepted_nor_returned(state):
    act = in_state(state)
    with pytest.raises(ActError):
        accept_act(act_id=act.pk, by=UserFactory(), now=NOW)
    if state != ActState.RETURNED:
        with pytest.raises(ActError):
            return_act(act_id=act.pk, by=UserFactory(), now=NOW, reason="Нет справок")
    assert Act.objects.get(pk=act.pk).state == state


def test_without_rules_for_the_month_nothing_is_accepted():
    act = ActFactory(submitted=True)
    with pytest.raises(NoRules):
        accept_act(act_id=act.pk, by=UserFactory(), now=NOW)
    assert Act.objects.get(pk=act.pk).state == ActState.TO_CUSTOMER


def test_returning_keeps_the_reason_in_the_act_and_in_its_history():
    act, officer = ActFactory(submitted=True), UserFactory()
    returned = return_act(act_id=act.pk, by=officer, now=NOW, reason="  Нет справок за 3 октября ")
    assert (returned.state, returned.return_reason) == (ActState.RETURNED, "Нет справок за 3 октября")
    event = act.events.get()
    assert (event.kind, event.by, event.note) == (ActEventKind.RETURNED, officer, "Нет справок за 3 октября")


def test_a_return_needs_a_reason():
    act = ActFactory(submitted=True)
    with pytest.raises(ActError):
        return_act(act_id=act.pk, by=UserFactory(), now=NOW, reason="  ")
    assert kinds(act) == []


def test_a_second_click_on_return_changes_nothing():
    act = ActFactory(returned=True)
    again = return_act(act_id=act.pk, by=UserFactory(), now=NOW, reason="Другая причина")
    assert again.return_reason == act.return_reason
    assert kinds(act) == []


@pytest.mark.parametrize("state", [ActState.SIGNED, ActState.PAID])
def test_an_accepted_act_cannot_be_returned(state):
    act = in_state(state)
    with pytest.raises(ActError):
        return_act(act_id=act.pk, by=UserFactory(), now=NOW, reason="Нет справок")
    assert Act.objects.get(pk=act.pk).state == state


def test_a_returned_act_goes_the_whole_way_again():
    RuleSetFactory()
    act, director, officer = ActFactory(), UserFactory(), UserFactory()
    submit_act(act_id=act.pk, by=director, now=NOW)
    return_act(act_id=act.pk, by=officer, now=NOW, reason="Нет справок")
    submit_act(act_id=act.pk, by=director, now=NOW)
    accepted = accept_act(act_id=act.pk, by=officer, now=NOW)
    assert (accepted.state, accepted.return_reason) == (ActState.SIGNED, "")
    assert kinds(act) == ["submitted", "returned", "submitted", "accepted"]


def test_who_submitted_neither_accepts_nor_returns():
    act = ActFactory(submitted=True)
    for step in (lambda by: accept_act(act_id=act.pk, by=by, now=NOW), lambda by: _return(act, by)):
        with pytest.raises(ActError):
            step(act.submitted_by)


def test_who_returned_does_not_submit():
    act = ActFactory(returned=True)
    with pytest.raises(ActError):
        submit_act(act_id=act.pk, by=act.decided_by, now=NOW)


def _return(act: Act, by) -> Act:
    return return_act(act_id=act.pk, by=by, now=NOW, reason="Нет справок")


def test_the_database_refuses_one_hand_for_both_sides():
    act = ActFactory(submitted=True)
    with pytest.raises(IntegrityError, match="act_preparer_does_not_accept"), transaction.atomic():
        Act.objects.filter(pk=act.pk).update(decided_by=act.submitted_by)


def test_history_is_final():
    act = ActFactory()
    submit_act(act_id=act.pk, by=UserFactory(), now=NOW)
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        ActEvent.objects.filter(act=act).update(note="другое")


def test_a_step_locks_the_act_and_no_row_beside_it(django_assert_num_queries):
    act, director = ActFactory(), UserFactory()
    with django_assert_num_queries(5) as queries:  # savepoint, SELECT, UPDATE, INSERT of the event, release
        submit_act(act_id=act.pk, by=director, now=NOW)
    locks = [query["sql"] for query in queries.captured_queries if "FOR UPDATE" in query["sql"]]
    assert [lock.partition("FOR UPDATE")[2] for lock in locks] == [' OF "acts_act"']


@pytest.mark.parametrize(
    ("role", "own", "may_submit", "may_accept"),
    [
        ("PROVIDER_DIRECTOR", "provider", True, False),
        ("PROVIDER_CLERK", "provider", False, False),
        ("DEPARTMENT_OFFICER", "department", False, True),
        ("DEPARTMENT_HEAD", "department", False, True),
    ],
)
def test_the_director_submits_and_the_department_decides(role, own, may_submit, may_accept):
    act = ActFactory(submitted=True)
    organisation = act.provider.organisation if own == "provider" else act.provider.issuer.organisation
    person = MembershipFactory(role=role, organisation=organisation).user
    assert perms.can_submit_act(person, act) is may_submit
    assert perms.can_accept_act(person, act) is may_accept
    assert perms.can_return_act(person, act) is may_accept


@pytest.mark.parametrize("role", ["provider_director", "department_head", "operator", "auditor", "administrator"])
def test_nobody_from_elsewhere_takes_a_step(role):
    act, person = ActFactory(submitted=True), UserFactory(**{role: True})
    assert not perms.can_submit_act(person, act)
    assert not perms.can_accept_act(person, act)


def test_an_officer_who_submitted_as_a_director_may_not_accept():
    act = ActFactory(submitted=True)
    MembershipFactory(user=act.submitted_by, role="DEPARTMENT_OFFICER", organisation=act.provider.issuer.organisation)
    assert not perms.can_accept_act(act.submitted_by, act)
