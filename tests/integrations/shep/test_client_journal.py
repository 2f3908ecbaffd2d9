"""The journal in the database: what it refuses, and that its rows stay."""

import datetime

import pytest
from django.db import IntegrityError, InternalError, transaction

from integrations.models import RegisterCall
from tests.factories import RegisterCallFactory, StrayAnswerFactory

pytestmark = pytest.mark.django_db
ANSWERED_AT = datetime.datetime(2025, 11, 5, 10, 15, tzinfo=datetime.UTC)


def waiting(**values):
    return RegisterCallFactory(**{"outcome": "ASKED", "channel": "ASYNC", "correlation_id": "chain"} | values)


@pytest.mark.parametrize(
    "values",
    [
        {"outcome": "MAYBE"},
        {"channel": "POST"},
        {"tries": -1},
        {"outcome": "FOUND"},
        {"outcome": "NOT_FOUND", "answer_sha256": "0" * 64},
        {"outcome": "ASKED", "answer_sha256": "0" * 64},
    ],
    ids=str,
)
def test_a_row_that_cannot_be_true_is_refused(values):
    with pytest.raises(IntegrityError), transaction.atomic():
        RegisterCallFactory(**values)


def test_a_message_has_one_row():
    with pytest.raises(IntegrityError), transaction.atomic():
        RegisterCallFactory(message_id=RegisterCallFactory().message_id)


def test_one_question_of_a_chain_waits_at_a_time():
    waiting()
    waiting(service_id="another")
    with pytest.raises(IntegrityError), transaction.atomic():
        waiting()


def test_no_row_is_deleted():
    row = RegisterCallFactory()
    with pytest.raises(InternalError, match="delete"), transaction.atomic():
        row.delete()


@pytest.mark.parametrize(
    ("values", "may_change"),
    [
        ({}, False),
        ({"outcome": "TIMEOUT"}, False),
        ({"outcome": "TIMEOUT", "channel": "ASYNC"}, True),
        ({"outcome": "ASKED", "channel": "ASYNC"}, True),
        ({"outcome": "ERROR", "channel": "ASYNC"}, True),
        ({"outcome": "ERROR", "channel": "ASYNC", "answered_at": ANSWERED_AT}, False),
    ],
    ids=str,
)
def test_only_what_waits_for_its_answer_is_changed(values, may_change):
    rows = RegisterCall.objects.filter(pk=RegisterCallFactory(**values).pk)
    if may_change:
        assert rows.update(outcome="ERROR") == 1
    else:
        with pytest.raises(InternalError, match="update"), transaction.atomic():
            rows.update(reason="changed")


def test_a_stray_answer_stays_as_it_came():
    row = StrayAnswerFactory()
    for change in (row.delete, row.save):
        with pytest.raises(InternalError), transaction.atomic():
            change()
