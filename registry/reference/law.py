"""Rule sets, calendars, norms and budgets: from rows of the file to rows of the database."""

from collections import Counter, defaultdict
from itertools import product
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Model, Q, Sum

from registry.enums import COMMITTED, Source
from registry.ledger import lock_ledger
from registry.models import Budget, Contract, LedgerBalance, Norm, RuleSet, SchoolCalendar, StudyMonth, Voucher
from registry.reference.calendars import study_months
from registry.reference.organisations import Organisations
from registry.reference.problems import Problems
from registry.reference.ranges import first_uncovered, overlapping
from registry.reference.reading import Reference
from registry.reference.rows import BudgetRow, CalendarRow, NormRow, RuleRow
from registry.reference.upsert import Upsert, new_tally

MONTH_VALUES = ("calendar", "programme", "start_year", "month", "study_mask", "study_days", "is_part", "is_last_part")
NORM_SUMS = ("total_kzt", "local_kzt", "republican_kzt")


class Law:
    """What is paid for and how much, as the file and the database together have it. Six queries and two for checks."""

    def __init__(self, reference: Reference, organisations: Organisations, problems: Problems) -> None:
        self.reference, self.organisations, self.problems = reference, organisations, problems
        self.tallies: dict[str, Counter] = defaultdict(new_tally)
        self.months_to_delete: list[StudyMonth] = []
        self._fetch(reference)
        self._plan_rules(reference.rows["programmes"])
        self._plan_calendars(reference.rows["calendars"])
        self._plan_months()
        self._plan_norms(reference.rows["norms"])
        self._plan_budgets(reference.rows["budgets"])

    def _fetch(self, reference: Reference) -> None:
        self.rules = Upsert(RuleSet, RuleSet.objects.all(), lambda row: (row.programme, row.days.lower))
        self.calendars = Upsert(
            SchoolCalendar, SchoolCalendar.objects.all(), lambda row: (row.programme, row.start_year)
        )
        months = StudyMonth.objects.select_related("calendar")
        self.months = Upsert(StudyMonth, months, lambda row: (row.programme, row.month))
        norms = Norm.objects.filter(issuer__code__in={row.issuer for row in reference.rows["norms"]})
        self.norms = Upsert(Norm, norms.select_related("issuer"), _norm_key)
        budgets = Budget.objects.filter(issuer__code__in={row.issuer for row in reference.rows["budgets"]})
        self.budgets = Upsert(
            Budget,
            budgets.select_related("issuer"),
            lambda row: (row.issuer.code, row.programme, row.year, row.source),
        )

    def write(self) -> None:
        """Save everything; ranges that end earlier make room for new ones. At most eleven queries."""
        self.rules.write()
        self.calendars.write()
        if self.months_to_delete:
            StudyMonth.objects.filter(pk__in=[row.pk for row in self.months_to_delete]).delete()
        self.months.write()
        self.norms.write()
        self.budgets.write()

    @property
    def changed_years(self) -> set[tuple[str, int]]:
        """Programmes and school years whose study days or parts change."""
        return {(row.programme, row.start_year) for row in self.months.touched + self.months_to_delete}

    def _plan_rules(self, rows: list[RuleRow]) -> None:
        for row in rows:
            outcome = self.rules.put(
                row.key,
                row.path,
                programme=row.programme,
                days=row.days,
                parts=row.months,
                payable_marks=row.payable_marks,
                min_present_days=row.min_present_days,
                pay_after_act_days=row.pay_after_act_days,
                parameters=row.parameters,
            )
            self.tallies["programmes"][outcome] += 1
        by_programme = defaultdict(list)
        for row in self.rules.rows.values():
            by_programme[row.programme].append(row)
        for rules in by_programme.values():
            self._refuse_overlaps(self.rules, rules)

    def _plan_calendars(self, rows: list[CalendarRow]) -> None:
        for row in rows:
            outcome = self.calendars.put(
                row.key,
                row.path,
                programme=row.programme,
                start_year=row.year.starts,
                days=row.days,
                weekdays=sorted(row.weekdays),
                days_off=sorted(set(row.days_off)),
                vacations=sorted(vacation.days for vacation in row.vacations),
            )
            self.tallies["calendars"][outcome] += 1

    def _plan_months(self) -> None:
        """The months of every calendar: they depend on its days and on the parts of its rule set."""
        present = defaultdict(list)
        for month in self.months.rows.values():
            present[month.programme, month.start_year].append(month)
        other_parts = {}
        for key, calendar in self.calendars.rows.items():
            rules = self._rules_of(calendar)
            if rules is None:
                continue
            wanted = study_months(calendar, rules.parts)
            path = self.rules.path_of(rules) or self.calendars.path_of(calendar)
            if path:
                self._refuse_empty_parts(path, rules, wanted)
            if path and present[key] and _parts(present[key]) != _parts(wanted):
                other_parts[key] = path
            self._put_months(present[key], wanted)
        self._refuse_other_parts(other_parts)

    def _put_months(self, present: list[StudyMonth], wanted: list[StudyMonth]) -> None:
        for month in wanted:
            values = {name: getattr(month, name) for name in MONTH_VALUES}
            self.months.put((month.programme, month.month), "", **values)
        kept = {month.month for month in wanted}
        self.months_to_delete += [month for month in present if month.month not in kept]

    def _rules_of(self, calendar: SchoolCalendar) -> RuleSet | None:
        """The rule set of the year's first day, or the first that begins in it; None after the fault was noted."""
        rules = [
            each
            for each in self.rules.rows.values()
            if each.programme == calendar.programme and _share_a_day(each.days, calendar.days)
        ]
        path = self.calendars.path_of(calendar)
        if not rules and path and calendar.programme not in self.reference.broken:
            self.problems.add(path, f"no rule set of the programme {calendar.programme} holds in this year")
        return min(rules, key=lambda each: each.days.lower, default=None)

    def _refuse_empty_parts(self, path: str, rules: RuleSet, months: list[StudyMonth]) -> None:
        with_days = {month.month.month for month in months if month.study_days}
        for number in rules.parts:
            if number not in with_days:
                self.problems.add(path, f"month {number} is a part of the voucher and has no study day")

    def _refuse_other_parts(self, paths: dict[tuple[str, int], str]) -> None:
        """The parts of a voucher that is issued stay as they are."""
        if not paths:
            return
        years = Q()
        for programme, start_year in paths:
            years |= Q(programme=programme, start_year=start_year)
        for key in Voucher.objects.filter(years).values_list("programme", "start_year").distinct():
            self.problems.add(paths[key], f"vouchers of {key[0]} {key[1]} are issued: the parts of that year stay")

    def _plan_norms(self, rows: list[NormRow]) -> None:
        for row in rows:
            issuer = self.organisations.issuer(row.issuer, f"{row.path}.issuer")
            if issuer is None:
                continue
            outcome = self.norms.put(
                row.key,
                row.path,
                issuer=issuer,
                programme=row.programme,
                level=row.level,
                area=row.area,
                language=row.language,
                special_needs=row.special_needs,
                days=row.days,
                per_month=row.per == "month",
                **{name: getattr(row, name) for name in NORM_SUMS},
            )
            self.tallies["norms"][outcome] += 1
        self._refuse_changed_norms()
        self._refuse_ambiguous_norms()

    def _refuse_changed_norms(self) -> None:
        """A norm stays for the contracts that it serves (contracts/reference-data.md). One query, for changes only."""
        changed = {row.pk: row for row in self.norms.updated if self.norms.has_changed(row, *NORM_SUMS, "per_month")}
        if not changed:
            return
        for norm_id in Contract.objects.filter(norm__in=changed).values_list("norm", flat=True).distinct():
            reason = "contracts have this norm: end it and let one with the new sums begin on a later day"
            self.problems.add(self.norms.path_of(changed[norm_id]), reason)

    def _refuse_ambiguous_norms(self) -> None:
        """No two norms may serve a contract equally well (contracts/reference-data.md)."""
        groups: dict[tuple, dict[tuple, list[Norm]]] = defaultdict(lambda: defaultdict(list))
        for row in self.norms.rows.values():
            place = (row.issuer.code, row.programme, row.level, row.area)
            groups[place][row.language, row.special_needs].append(row)
        for group in groups.values():
            for norms in group.values():
                self._refuse_overlaps(self.norms, norms)
            self._refuse_crossing_norms(group)

    def _refuse_crossing_norms(self, group: dict[tuple, list[Norm]]) -> None:
        """A norm of a language and one of a need tie for children who have both, but for days with an exact one."""
        by_language = [row for (code, need), rows in group.items() if code and need is None for row in rows]
        by_need = [row for (code, need), rows in group.items() if not code and need is not None for row in rows]
        for one, other in product(by_language, by_need):
            need = other.special_needs
            exact = [row.days for row in group.get((one.language, need), ())]
            day = first_uncovered(one.days, other.days, exact)
            if day:
                tie = f"for the language {one.language} with special_needs {str(need).lower()} on {day}"
                self._note(self.norms, one, other, f"matches as well as {{}} {tie}")

    def _refuse_overlaps(self, table: Upsert, rows: list[Any]) -> None:
        for one, other in overlapping(rows):
            self._note(table, one, other, "shares days with {}")

    def _note(self, table: Upsert, one: Model, other: Model, reason: str) -> None:
        """A fault of two rows, told at the one that the file has; `{}` in `reason` becomes the other."""
        if table.path_of(other) is None:
            one, other = other, one
        path, beside = table.path_of(other), table.path_of(one)
        if path is not None:
            self.problems.add(path, reason.format(beside or f"the one in the database from {one.days.lower}"))

    def _plan_budgets(self, rows: list[BudgetRow]) -> None:
        for row in rows:
            issuer = self.organisations.issuer(row.issuer, f"{row.path}.issuer")
            if issuer is None:
                continue
            outcome = self.budgets.put(
                row.key,
                row.path,
                issuer=issuer,
                programme=row.programme,
                year=row.year,
                source=row.source,
                limit_kzt=row.limit_kzt,
            )
            self.tallies["budgets"][outcome] += 1
        self._refuse_limits_below_use()

    def _refuse_limits_below_use(self) -> None:
        if not self.budgets.updated:
            return
        issuers = {row.issuer.pk for row in self.budgets.updated}
        lock_ledger(issuers)  # nobody may reserve between this look and the end of the load
        balances = (
            LedgerBalance.objects.filter(issuer__in=issuers, account__in=COMMITTED)
            .values_list("issuer", "programme", "month__year")
            .annotate(local=Sum("local_kzt"), republican=Sum("republican_kzt"))
        )
        used = {}
        for issuer, programme, year, local, republican in balances:
            used[issuer, programme, year, Source.LOCAL] = local
            used[issuer, programme, year, Source.REPUBLICAN] = republican
        for row in self.budgets.updated:
            sum_kzt = used.get((row.issuer.pk, row.programme, row.year, row.source), 0)
            if row.limit_kzt < sum_kzt:
                path = self.budgets.path_of(row)
                reason = f"is below the {sum_kzt} that are reserved, written off or redeemed already"
                self.problems.add(f"{path}.limit_kzt", reason)


def _norm_key(row: Norm) -> tuple:
    return (
        row.issuer.code, row.programme, row.level, row.area, row.language, row.special_needs, row.days.lower,
    )  # fmt: skip


def _parts(months: list[StudyMonth]) -> set[tuple]:
    return {(month.month, month.is_last_part) for month in months if month.is_part}


def _share_a_day(one: DateRange, other: DateRange) -> bool:
    return first_uncovered(one, other, ()) is not None
