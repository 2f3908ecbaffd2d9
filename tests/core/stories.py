"""What may happen in a region, as events that hypothesis puts together, and the facts that are known after them."""

import datetime
from dataclasses import dataclass, field

from hypothesis import strategies as st

from integrations.lms.items import Contract, Sheet
from registry.models import ClosedThrough, LateFact
from tests.core.recount import Earned, charged, earned
from tests.core.world import World, changed, sheet
from voucher_portal.dates import Month

DAYS = [
    datetime.date.fromisoformat(day) for day in ("2025-09-02", "2025-09-15", "2025-10-01", "2025-10-15", "2025-11-03")
]
LAST_DAYS = [None, *(day - datetime.timedelta(days=1) for day in DAYS[1:]), datetime.date(2025, 11, 28)]
MONTHS = ["2025-09", "2025-10", "2025-11", "2025-12"]
LAST_CLOSED = Month.parse(MONTHS[-1])
MARKS = ["P", "PN", "PSLQ", "N", "S", "PPPPN", "." * 14 + "P" * 17]


@dataclass
class Story:
    """Every version of every fact that was delivered, the newest last."""

    world: World
    contracts: dict[str, list[Contract]] = field(default_factory=dict)
    sheets: dict[tuple[str, str], list[Sheet]] = field(default_factory=dict)

    def newest_contracts(self) -> dict[str, Contract]:
        return {key: versions[-1] for key, versions in self.contracts.items()}

    def newest_sheets(self) -> dict[tuple[str, str], Sheet]:
        return {key: versions[-1] for key, versions in self.sheets.items()}

    def one_of_contracts(self, number: int) -> Contract | None:
        """Some contract in its newest version; None while there is none."""
        newest = list(self.newest_contracts().values())
        return newest[number % len(newest)] if newest else None

    def deliver(self, *items: Contract | Sheet) -> None:
        """Facts come in one poll."""
        for item in items:
            if isinstance(item, Contract):
                self.contracts.setdefault(item.contract_id, []).append(item)
            else:
                self.sheets.setdefault((item.contract_id, item.month), []).append(item)
        self.world.poll(*items)

    def assert_charged_as_earned(self, issuer: str, programme: str) -> None:
        """What stands charged for the closed months of a programme is what the facts say, but for late facts that the
        budget cannot hold: they wait.
        """
        facts = earned(self.world, self.newest_contracts(), self.newest_sheets())
        late = set(LateFact.objects.filter(billed_at=None).values_list("contract__external_id", "month"))
        sums = (self._of(issuer, programme, each) for each in (charged(), facts))
        found, expected = ({key: of for key, of in each.items() if key[2:] not in late} for each in sums)
        assert found == expected

    def _of(self, issuer: str, programme: str, sums: Earned) -> Earned:
        bins = {
            each.bin
            for each in self.world.providers.values()
            if each.issuer == self.world.issuers[issuer] and programme in each.programmes
        }
        return {key: facts for key, facts in sums.items() if key[0] in bins}


@dataclass(frozen=True)
class Sign:
    """A child comes to a provider."""

    provider: str
    child: int
    starts_on: datetime.date
    ends_on: datetime.date | None

    def happen(self, story: Story) -> None:
        ends_on = self.ends_on if self.ends_on and self.ends_on >= self.starts_on else None
        key = f"c{len(story.contracts) + 1}"
        dates = {"starts_on": self.starts_on, "ends_on": ends_on}
        story.deliver(story.world.contract(key, self.provider, child=self.child, **dates))


@dataclass(frozen=True)
class Change:
    """The LMS corrects a contract: its days, its status, its level, whose it is, where it is."""

    contract: int
    what: str
    to: object

    def happen(self, story: Story) -> None:
        item = story.one_of_contracts(self.contract)
        if item is None:
            return
        corrected = changed(item, **self._fields(story))
        if corrected.ends_on is None or corrected.ends_on >= corrected.starts_on:
            story.deliver(corrected)

    def _fields(self, story: Story) -> dict:
        if self.what == "child":
            return {"child": story.world.contract("any", child=self.to).child}
        if self.what == "provider":
            there = story.world.contract("any", self.to)
            return {name: getattr(there, name) for name in ("provider_bin", "programme", "level")}
        return {self.what: self.to}


@dataclass(frozen=True)
class Mark:
    """A sheet comes, or a newer version of one."""

    contract: int
    month: str
    marks: str
    status: str

    def happen(self, story: Story) -> None:
        item = story.one_of_contracts(self.contract)
        if item is not None:
            version = len(story.sheets.get((item.contract_id, self.month), [])) + 1
            story.deliver(sheet(item.contract_id, self.month, self.marks, version=version, status=self.status))


@dataclass(frozen=True)
class Repeat:
    """The LMS delivers everything again, the oldest versions last."""

    def happen(self, story: Story) -> None:
        for versions in [*story.contracts.values(), *story.sheets.values()]:
            story.world.poll(*reversed(versions))


@dataclass(frozen=True)
class Close:
    """A department closes the next month of a programme, or the one after it with it."""

    issuer: str
    programme: str
    skipped: int

    def happen(self, story: Story) -> None:
        month = self.month(story)
        if month <= LAST_CLOSED:
            story.world.close(str(month), self.issuer, self.programme)
            story.assert_charged_as_earned(self.issuer, self.programme)

    def month(self, story: Story) -> Month:
        """What is to be closed next."""
        issuer = story.world.issuers[self.issuer]
        last = ClosedThrough.objects.filter(issuer=issuer, programme=self.programme).first()
        return (Month.of(last.month).next() if last else Month.parse(MONTHS[0])).plus(self.skipped)


def events(providers: str = "ab", *, issuers: str = "A", changes: str = "days status level child provider"):
    """One event among these providers; `changes` are the corrections of a contract that come."""
    days, last_days, contracts = st.sampled_from(DAYS), st.sampled_from(LAST_DAYS), st.integers(0, 5)
    kinds = {
        "days": st.tuples(st.just("starts_on"), days) | st.tuples(st.just("ends_on"), last_days),
        "status": st.tuples(st.just("status"), st.sampled_from(["annulled", "signed", "ended"])),
        "level": st.tuples(st.just("level"), st.sampled_from(["primary", "basic"])),
        "child": st.tuples(st.just("child"), st.integers(0, 2)),
        "provider": st.tuples(st.just("provider"), st.sampled_from(providers)),
    }
    change = st.one_of([kinds[kind] for kind in changes.split()])
    programmes = ["school", "preschool"] if "k" in providers else ["school"]
    statuses = st.sampled_from(["approved", "approved", "draft"])
    return st.one_of(
        st.builds(Sign, st.sampled_from(providers), st.integers(0, 2), days, last_days),
        st.builds(lambda contract, what: Change(contract, *what), contracts, change),
        st.builds(Mark, contracts, st.sampled_from(MONTHS[:3]), st.sampled_from(MARKS), statuses),
        st.builds(Close, st.sampled_from(issuers), st.sampled_from(programmes), st.sampled_from([0, 0, 0, 1])),
        st.just(Repeat()),
    )


def begin_and_close_autumn(story: Story, providers: str, issuers: str) -> None:
    """Each provider has a child with two months of sheets, and September and October are closed."""
    begun = [story.world.contract(f"c{child + 1}", name, child=child) for child, name in enumerate(providers)]
    story.deliver(*begun, *[sheet(item.contract_id, month) for item in begun for month in MONTHS[:2]])
    for issuer in issuers:
        for programme in ["school", "preschool"] if "k" in providers else ["school"]:
            Close(issuer, programme, 1).happen(story)
