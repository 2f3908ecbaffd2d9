"""The pages that people open most, over the test client: time of the slowest in twenty, and number of queries."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from psycopg2.extras import DateRange

from accounts.enums import Role
from accounts.models import Membership, User
from registry.models import Contract, Voucher
from schools.models import Issuer, Provider

MONTH = "2025-11"


def pages() -> dict[str, tuple[User, str]]:
    """Who opens which address."""
    provider = Provider.objects.order_by("pk").first()
    contract = Contract.objects.filter(provider=provider).order_by("pk").first()
    voucher = Voucher.objects.get(child=contract.child_id)
    director = _member("850630399010", provider.organisation, Role.PROVIDER_DIRECTOR)
    officer = _member("721231499014", Issuer.objects.get().organisation, Role.DEPARTMENT_OFFICER)
    return {
        "provider_contingent": (director, reverse("school:contingent")),
        "sheet_grid": (director, f"{reverse('school:sheets')}?month={MONTH}"),
        "department_dashboard": (officer, f"{reverse('department:home')}?month={MONTH}"),
        "list_of_acts": (officer, reverse("department:acts")),
        "family_voucher": (contract.guardian, reverse("family:voucher", args=[voucher.public_id])),
    }


def _member(iin: str, organisation, role: str) -> User:
    user, _made = User.objects.get_or_create(iin=iin, defaults={"last_name": "Сынақ", "first_name": "Ардақ"})
    Membership.objects.get_or_create(
        user=user, organisation=organisation, role=role, defaults={"valid": DateRange(date(2025, 1, 1), None)}
    )
    return user


def measure(requests: int) -> dict[str, dict]:
    """Open each page `requests` times; p95 in milliseconds and the number of queries of a warm request."""
    settings.ALLOWED_HOSTS.append("testserver")
    settings.AXES_ENABLED = False  # the test client signs people in without an address
    return {name: _measure_one(user, address, requests) for name, (user, address) in pages().items()}


def _measure_one(user: User, address: str, requests: int) -> dict:
    client = Client()
    client.force_login(user)
    _open(client, address)
    times = []
    for _each in range(requests):
        start = time.perf_counter()
        _open(client, address)
        times.append(1000 * (time.perf_counter() - start))
    return {"p95_ms": round(_p95(times), 1), "queries": _queries(client, address)}


def _p95(times: list[float]) -> float:
    return times[0] if len(times) == 1 else statistics.quantiles(times, n=20)[-1]


def _open(client: Client, address: str) -> None:
    status = client.get(address).status_code
    if status != 200:
        raise RuntimeError(f"{address} answered {status}")


def _queries(client: Client, address: str) -> int:
    queries = 0

    def count(execute, *args):
        nonlocal queries
        queries += 1
        return execute(*args)

    with connection.execute_wrapper(count):
        _open(client, address)
    return queries


def queries_of_a_small_region() -> dict[str, int]:
    """The same pages over ten children, in a data folder and process of their own."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-small-") as folder:
        command = [sys.executable, "-m", "benchmarks", "--children", "10", "--providers", "2", "--requests", "1"]
        environment = os.environ | {"PORTAL_DATA_DIR": folder, "BENCH_IS_SMALL": "1"}
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    return {name: page["queries_full"] for name, page in json.loads(done.stdout)["pages"].items()}
