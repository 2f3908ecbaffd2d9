"""What the demo prints in the end: the sums and whether they add up, the rules, the address and who may sign in."""

from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings
from django.db.models import Count
from django.utils.translation import override

from acts.demo.people import PASSWORD, PEOPLE
from acts.demo.region import DemoRegion
from acts.demo.sums import ByProgramme, Check, Money, Sums
from acts.enums import ActState
from acts.models import Act
from registry.enums import Account
from schools.enums import Programme
from voucher_portal.words import month_name, number

NAME_WIDTH, SUM_WIDTH = 46, 19
LINE = "─" * (NAME_WIDTH + 3 * SUM_WIDTH)


def report(region: DemoRegion, sums: Sums, verified: Mapping | None) -> Iterator[str]:
    """The summary, line by line, in Russian."""
    with override("ru"):
        yield from _table(sums)
        yield ""
        yield from _acts(region)
        yield ""
        yield from _checks(sums.checks())
        yield _rules(verified)
        yield "ИТОГ: всё сходится." if adds_up(sums, verified) else "ИТОГ: НЕ СХОДИТСЯ."
        yield ""
        yield from _sign_ins(region)


def adds_up(sums: Sums, verified: Mapping | None) -> bool:
    """Whether all sums are equal and, where they were `verified`, no rule of the ledger is broken."""
    return all(check.holds for check in sums.checks()) and not _broken(verified)


def _broken(verified: Mapping | None) -> dict[str, int]:
    return {name: count for name, count in verified["rules"].items() if count} if verified else {}


def _table(sums: Sums) -> Iterator[str]:
    yield f"{'Суммы, ₸':{NAME_WIDTH}}" + "".join(f"{head:>{SUM_WIDTH}}" for head in ("Всего", "МБ", "РБ"))
    for title, programmes in _groups():
        yield LINE
        yield title
        for name, money in _rows(sums):
            yield _row(name, sum((money[programme] for programme in programmes), Money()))
    yield LINE


def _groups() -> Iterator[tuple[str, list[str]]]:
    for programme in Programme:
        yield f"Программа: {programme.label}", [programme.value]
    yield "Обе программы", Programme.values


def _rows(sums: Sums) -> Iterator[tuple[str, ByProgramme]]:
    for account in Account:
        yield f"  журнал: {account.label}", sums.accounts[account]
    yield "  акты: все", sums.acts
    yield "  акты: оплачены полностью", sums.paid_acts
    yield from _if_any("  акты: снято неоплаченными", sums.taken_back)
    yield "  платежи: исполнены (портал)", sums.paid_orders
    yield from _if_any("  платежи: по частично оплаченным актам", sums.paid_of_open_acts)
    yield from _if_any("  зачтено по актам", sums.set_off)
    yield "  книга казначейства: проведено", sums.booked
    yield from _if_any("  из них ответ ещё не прочитан", sums.unread)


def _if_any(name: str, money: ByProgramme) -> Iterator[tuple[str, ByProgramme]]:
    if any(one != Money() for one in money.values()):
        yield name, money


def _row(name: str, money: Money) -> str:
    cells = (number(value, 2) for value in (money.total, money.local, money.republican))
    return f"{name:{NAME_WIDTH}}" + "".join(f"{cell:>{SUM_WIDTH}}" for cell in cells)


def _acts(region: DemoRegion) -> Iterator[str]:
    for month in region.months:
        acts = Act.objects.filter(bill_month=month.month.first, provider__issuer__code=region.issuer.code)
        counts = dict(acts.values_list("state").annotate(Count("pk")).order_by())
        states = "; ".join(f"{ActState(state).label}: {counts[state]}" for state in ActState if state in counts)
        yield f"Акты, {month_name(month.month)}: {states}"


def _checks(checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        left, right = (sum(side.values(), Money()).total for side in (check.left, check.right))
        yield f"{_sign(check.holds)} {check.what}: {number(left, 2)} и {number(right, 2)}"


def _rules(verified: Mapping | None) -> str:
    if verified is None:
        return "  Правила журнала проверены, когда показ был проигран; снова: manage.py verify_ledger"
    broken = _broken(verified)
    found = f"нарушены: {broken}" if broken else "нарушений 0"
    return (
        f"{_sign(not broken)} Правила журнала: печатей {verified['seals']}, правил {len(verified['rules'])}, {found}"
    )


def _sign(is_good: bool) -> str:
    return "✓" if is_good else "✗"


def _sign_ins(region: DemoRegion) -> Iterator[str]:
    yield f"Портал: {settings.PORTAL_ADDRESS}   пароль у всех: {PASSWORD}"
    yield f"{'Роль':{NAME_WIDTH}}{'ИИН':16}Страница"
    for person in PEOPLE:
        yield f"{f'{person.role.label}, {person.place}':{NAME_WIDTH}}{person.iin:16}{person.address}"
    yield f"{'Родитель (двое детей: школа и детский сад)':{NAME_WIDTH}}{region.guardian_iin:16}/family/"
