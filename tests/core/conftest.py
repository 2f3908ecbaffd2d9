"""Books that tests break, or try to."""

import datetime

import pytest

from tests.core.world import World, changed, make_world, sheet


@pytest.fixture
def books(db) -> World:
    """Three months of two children in the books of one issuer.

    October is closed and corrected by November's close, December is open; the child of `here` and `there` changed
    schools within October.
    """
    world = make_world()
    here = world.contract("here", "a", child=1, ends_on=datetime.date(2025, 10, 14))
    there = world.contract("there", "b", child=1, starts_on=datetime.date(2025, 10, 15))
    stays = world.contract("stays", "a", child=2)
    world.poll(here, there, stays, *[sheet(key) for key in ("here", "there", "stays")])
    world.close("2025-10")
    world.poll(sheet("stays", marks="PN", version=2), sheet("stays", "2025-11"), changed(there, group="2А"))
    world.close("2025-11")
    return world
