"""The places of each role, in one list: what the top line shows, and where a person begins.

A place is shown only while its address exists, so an app that is not built yet leaves no dead link.
"""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums import COMMISSION_ROLES, DEPARTMENT_ROLES, OPERATOR_ROLES, PROVIDER_ROLES, Role
from accounts.models import User

ON_PHONE = 5


@dataclass(frozen=True)
class Place:
    """One link of the menu; `icon` is a name of the Tabler icon font."""

    label: str | Promise
    url_name: str
    icon: str


PLACES = {
    "school": [
        Place(_("Overview"), "school:home", "layout-dashboard"),
        Place(_("Contingent"), "school:contingent", "users"),
        Place(_("Sheets"), "school:sheets", "table"),
        Place(_("Acts"), "school:acts", "file-text"),
        Place(_("Payments"), "school:payments", "cash"),
    ],
    "family": [
        Place(_("My children"), "family:home", "users"),
        Place(_("Notifications"), "family:notifications", "bell"),
    ],
    "department": [
        Place(_("Overview"), "department:home", "layout-dashboard"),
        Place(_("Organisations"), "department:providers", "building"),
        Place(_("Contingent"), "department:contracts", "users"),
        Place(_("Month close"), "department:close", "calendar-check"),
        Place(_("Acts"), "department:acts", "file-text"),
        Place(_("Payments"), "department:payments", "cash"),
    ],
    "operator": [
        Place(_("Payments"), "operator:home", "cash"),
        Place(_("Acts"), "operator:acts", "file-text"),
        Place(_("Integrations"), "operator:feeds", "plug-connected"),
    ],
    "commission": [
        Place(_("Overview"), "commission:home", "layout-dashboard"),
        Place(_("Risk signals"), "commission:signals", "flag"),
    ],
}

AREAS = [
    (PROVIDER_ROLES, "school"),
    (DEPARTMENT_ROLES | {Role.AUDITOR}, "department"),
    (OPERATOR_ROLES | {Role.ADMINISTRATOR}, "operator"),
    (COMMISSION_ROLES, "commission"),
]
FAMILY = "family"


def area_of(user: User) -> str:
    """The first segment of the addresses where the person works; the family's where there is no membership."""
    return next((area for roles, area in AREAS if user.has_any_role(roles)), FAMILY)


def area_of_page(user: User, path: str) -> str:
    """The area whose menu a page shows: a director who looks at his own children sees the family's."""
    return FAMILY if path.startswith(f"/{FAMILY}/") else area_of(user)


def address_of(url_name: str) -> str:
    """The address of a named page without arguments, empty while no app defines it."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def menu_of(user: User, path: str) -> list[dict]:
    """The menu of a page: label, address, icon and whether it is the current place."""
    places = [(place, address_of(place.url_name)) for place in PLACES[area_of_page(user, path)]]
    reachable = [(place, address) for place, address in places if address]
    current = max((address for _place, address in reachable if path.startswith(address)), key=len, default="")
    return [
        {"label": place.label, "address": address, "icon": place.icon, "is_current": address == current}
        for place, address in reachable
    ]
