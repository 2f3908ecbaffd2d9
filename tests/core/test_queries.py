"""What a poll, a settling and a close cost: the same number of queries for any number of children and providers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from acts.verification import verify
from tests.core.world import WHOLE_YEAR, World, changed, make_world, sheet
from tests.factories import ProviderFactory, StateOrderContractFactory

pytestmark = pytest.mark.django_db(transaction=True)

SIZES = [(1, 1), (20, 1), (20, 5)]  # children, providers


@pytest.fixture
def world() -> World:
    return make_world()


def cost(work) -> int:
    """How many queries `work` makes."""
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def children(world: World, count: int, providers: int) -> list:
    """Contracts of so many children, spread over so many schools of the issuer."""
    names = ["a", *(f"a{number}" for number in range(1, providers))]
    for name in names[1:]:
        world.providers[name] = ProviderFactory(issuer=world.issuers["A"], lms=world.lms)
        StateOrderContractFactory(provider=world.providers[name], days=WHOLE_YEAR)
    return [world.contract(f"c{child}", names[child % providers], child=child) for child in range(count)]


def costs(world: World, count: int, providers: int) -> dict[str, int]:
    """Each step of two months, with its cost."""
    contracts = children(world, count, providers)
    october = [sheet(each.contract_id) for each in contracts]
    november = [sheet(each.contract_id, "2025-11") for each in contracts]
    late = [sheet(each.contract_id, marks="PN", version=2) for each in contracts]
    regrouped = [changed(each, group="2А") for each in contracts]
    return {
        "a page of new contracts": cost(lambda: world.take(*contracts)),
        "settling them": cost(world.settle),
        "a page of new sheets": cost(lambda: world.take_sheets(*october)),
        "a close": cost(lambda: world.close("2025-10")),
        "a page of changed contracts": cost(lambda: world.take(*regrouped)),
        "a page of repeated contracts": cost(lambda: world.take(*contracts)),
        "settling changed ones": cost(world.settle),
        "settling nothing": cost(world.settle),
        "a page of late sheets": cost(lambda: world.take_sheets(*late)),
        "a page of sheets on time": cost(lambda: world.take_sheets(*november)),
        "a close with corrections": cost(lambda: world.close("2025-11")),
        "a second close": cost(lambda: world.close("2025-11")),
    }


# To be changed by whoever makes a step cheaper, or has a reason to make it dearer.
PINNED = {
    "a page of new contracts": 9,
    "settling them": 25,
    "a page of new sheets": 8,
    "a close": 20,
    "a page of changed contracts": 9,
    "a page of repeated contracts": 4,
    "settling changed ones": 25,
    "settling nothing": 6,
    "a page of late sheets": 11,
    "a page of sheets on time": 8,
    "a close with corrections": 20,
    "a second close": 4,
}


@pytest.mark.parametrize(("count", "providers"), SIZES)
def test_queries_do_not_grow_with_children_or_providers(count, providers, world):
    assert costs(world, count, providers) == PINNED


def test_verifying_costs_the_same_for_any_number_of_children(world):
    world.poll(*children(world, 1, 1))
    one = cost(verify)
    world.poll(*children(world, 20, 5))
    assert cost(verify) == one
