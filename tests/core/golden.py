"""The worked examples of month-close: the region, its feeds in two phases, and what has to come out."""

from dataclasses import dataclass
from pathlib import Path

from integrations.emulators.lms import LmsEmulator, LmsFaults
from tests.core.commands import TOKEN, TOKEN_ENV, Said, run

FOLDER = Path(__file__).parent.parent / "golden" / "month-close"
ISSUER, LMS = "GLD", "golden-lms"
PROGRAMMES = ("school", "preschool")


@dataclass(frozen=True)
class Phase:
    """What is delivered, on which day it is polled, and which month is closed then."""

    number: int
    today: str
    month: str

    @property
    def contracts(self) -> Path:
        return FOLDER / f"contracts.phase{self.number}.ndjson"

    @property
    def sheets(self) -> Path:
        return FOLDER / f"sheets.phase{self.number}.ndjson"

    def expected(self, programme: str) -> str:
        return (FOLDER / f"expected.{programme}.{self.month}.csv").read_text(encoding="utf-8")


FIRST, SECOND = PHASES = Phase(1, "2025-11-05", "2025-10"), Phase(2, "2025-12-05", "2025-11")


def set_up_region() -> None:
    """Load the reference data."""
    assert run("load_reference", str(FOLDER / "reference.yaml")).status == 0


def lms_of(phase: Phase, *, kind=LmsEmulator, shuffle_seed: int | None = None, **faults) -> LmsEmulator:
    """An LMS that serves the feeds of `phase`."""
    return kind(
        contracts=[phase.contracts],
        sheets=[phase.sheets],
        token=TOKEN,
        faults=LmsFaults(**faults),
        shuffle_seed=shuffle_seed,
    )


def connect(lms: LmsEmulator) -> None:
    """Tell the portal where the LMS is."""
    assert run("connect_lms", LMS, lms.url, "--token-env", TOKEN_ENV).status == 0


def add(lms: LmsEmulator, *phases: Phase) -> None:
    """Serve what these phases deliver, after all that is there."""
    lms.control({"contracts": [phase.contracts for phase in phases], "sheets": [phase.sheets for phase in phases]})


def poll(phase: Phase) -> Said:
    """Poll the LMS on the day of `phase`. The status is 1 when something was put aside, as in the first phase."""
    said = run("poll_lms", "--json", today=phase.today)
    assert_polled(said)
    return said


def assert_polled(said: Said) -> None:
    """The LMS was read to its end, and the status tells whether something was put aside."""
    assert said.json["failed"] == {}
    assert said.status == bool(said.json["contracts"]["put_aside"] + said.json["sheets"]["put_aside"])


def close_words(phase: Phase, programme: str) -> tuple[str, ...]:
    return "close_month", phase.month, "--issuer", ISSUER, "--programme", programme, "--json"


def close(phase: Phase) -> list[dict]:
    """Close the month of both programmes; what the command says of each."""
    return [run(*close_words(phase, programme), today=phase.today).json for programme in PROGRAMMES]


def exported(phase: Phase, programme: str) -> str:
    """The charges of the month as the command prints them."""
    return run("export_charges", phase.month, "--issuer", ISSUER, "--programme", programme).out


def assert_as_expected(phase: Phase) -> None:
    """The charges are the expected ones, byte for byte."""
    for programme in PROGRAMMES:
        assert exported(phase, programme) == phase.expected(programme)


def assert_ledger_is_clean() -> None:
    """The ledger's seals and every rule hold."""
    said = run("verify_ledger", "--json")
    broken = {name: found for name, found in said.json["rules"].items() if found}
    assert broken == {}
    assert said.status == 0
    assert said.json["seals"] > 0
