"""What the frame of every page needs to know about the person in front of it."""

from django import template

from accounts import access, menus

register = template.Library()


@register.simple_tag(takes_context=True)
def shell(context) -> dict | None:
    """Menu, organisation acted for and the others to switch to; None for a visitor. No query beyond memberships."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    menu = menus.menu_of(user, request.path)
    fits = len(menu) <= menus.ON_PHONE
    return {
        "menu": menu,
        "row": menu if fits else menu[: menus.ON_PHONE - 1],
        "rest": [] if fits else menu[menus.ON_PHONE - 1 :],
        "organisation": access.acting(request).organisation,
        "others": _others(request),
    }


def _others(request) -> list:
    chosen = access.acting(request).organisation
    organisations = {m.organisation_id: m.organisation for m in request.user.memberships_today}
    return [organisation for organisation in organisations.values() if organisation != chosen]
