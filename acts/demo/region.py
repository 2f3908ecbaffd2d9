"""The made-up region: its files, its reference data, and the LMS that serves it phase by phase."""

import datetime
import json
from dataclasses import dataclass
from pathlib import Path

from acts.demo.errors import DemoError
from integrations.emulators.region import Phase, Scale, write_region
from integrations.emulators.region_places import ISSUER, PRESCHOOL, SCHOOL
from integrations.models import Lms
from registry.reference.loading import load_reference
from schools.models import Issuer, Provider
from voucher_portal.dates import Month
from voucher_portal.http import HttpClient

API_PATH = "/v1"
JSON = "application/json"


@dataclass(frozen=True)
class DemoMonth:
    """A month of the play: the LMS is polled on `polled_on`, then the month is closed. Paths of what the LMS adds."""

    polled_on: datetime.date
    month: Month
    contracts: str
    sheets: str
    is_last: bool


@dataclass(frozen=True)
class DemoRegion:
    """A region on disk."""

    folder: Path
    lms: str
    providers: int
    children: int
    months: tuple[DemoMonth, ...]
    guardian_iin: str
    school_bin: str
    kindergarten_bin: str

    @property
    def issuer(self) -> Issuer:
        """Whose region it is. One query."""
        return Issuer.objects.get(code=ISSUER)


def make_region(data_dir: Path, *, scale: str | Scale, seed: int) -> DemoRegion:
    """The region of a scale and seed, written unless it is there: the same ones give the same files."""
    name = scale if isinstance(scale, str) else f"{scale.providers}x{scale.children}"
    folder = data_dir / "demo" / f"{name}-{seed}"
    if not (folder / "region.json").exists():  # written last, so a killed writer begins anew
        write_region(folder, scale, seed=seed)
    return _read(folder)


def _read(folder: Path) -> DemoRegion:
    content = json.loads((folder / "region.json").read_text(encoding="utf-8"))
    phases = [Phase(**phase) for phase in content["phases"]]
    return DemoRegion(
        folder=folder,
        lms=content["lms"],
        providers=content["providers"],
        children=content["children"],
        months=tuple(_month(folder, phase, is_last=phase is phases[-1]) for phase in phases),
        guardian_iin=content["demo_guardian_iin"],
        school_bin=content["demo_provider_bins"][SCHOOL],
        kindergarten_bin=content["demo_provider_bins"][PRESCHOOL],
    )


def _month(folder: Path, phase: Phase, *, is_last: bool) -> DemoMonth:
    return DemoMonth(
        polled_on=datetime.date.fromisoformat(phase.poll_on),
        month=Month.parse(phase.close),
        contracts=str(folder / Path(phase.contracts).name),  # the folder may have been moved since
        sheets=str(folder / Path(phase.sheets).name),
        is_last=is_last,
    )


def refuse_another_region(region: DemoRegion) -> None:
    """Keep the demo out of a database that holds something else.

    Raises:
        DemoError: there are providers that are not this region's.
    """
    if Provider.objects.exists() and not is_loaded(region):
        raise DemoError(
            "В этой базе данных уже есть другой регион: для демонстрации нужна своя папка данных (PORTAL_DATA_DIR),"
            " а PLAY_DEMO=no открывает то, что есть."
        )


def is_loaded(region: DemoRegion) -> bool:
    """Whether the database has the providers of this region and no others."""
    is_there = Provider.objects.filter(organisation__bin=region.school_bin).exists()
    return is_there and Provider.objects.count() == region.providers


def load_region(region: DemoRegion) -> dict[str, dict[str, int]]:
    """Load the reference file; counts by section. Safe to repeat."""
    return load_reference((region.folder / "reference.yaml").read_bytes()).counts


@dataclass(frozen=True)
class DemoLms:
    """The emulated LMS: its base address, and the variable that holds the token for it."""

    url: str
    token_env: str
    token: str

    def connect(self, region: DemoRegion) -> Lms:
        """Register it under the region's code. Safe to repeat; the address may be another one each time."""
        values = {"url": self.url, "token_env": self.token_env, "is_active": True}
        lms, _is_new = Lms.objects.update_or_create(code=region.lms, defaults=values)
        return lms

    def publish(self, month: DemoMonth) -> None:
        """Let it serve what the LMS knows by then. Files that it serves already are not added again."""
        order = json.dumps({"contracts": [month.contracts], "sheets": [month.sheets]}).encode()
        with HttpClient(self.url.removesuffix(API_PATH), self.token) as client:
            client.post("/control", order, content_type=JSON, is_idempotent=True)
