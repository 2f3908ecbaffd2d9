"""The wires at full load: many questions to the state gateway at once, many signatures one after the other.

The other side runs in processes of its own, on the same processors.
"""

import multiprocessing
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.db import connections
from django.test import override_settings

from integrations.eds.verifier import verifier_of_settings
from integrations.emulators.cms import sign_cms
from integrations.emulators.pki import Credential, Pki, make_pki
from integrations.emulators.pki_people import Holder
from integrations.emulators.process import emulator_process
from integrations.shep.client import Gateway, gateway_of_settings
from integrations.shep.registers import Outcome
from integrations.shep.services.catalogue import REGISTERS
from voucher_portal.http import HttpClient

LATENCY_SECONDS = 0.05
AT_ONCE_PER_SERVICE = 4
WORKERS = 2
# What the small world knows, in services that ask for no consent and answer at once.
ASKED = {
    "GBDUL": "240640990012",
    "ELIC": "240640990012",
    "KGD": "240640990012",
    "ESUTD": "240640990012",
    "RN": "240640990012",
    "AR": "0000000000000007",
    "SANEPID": "240640990012,0000000000000007",
    "FIRE": "240640990012,0000000000000007",
    "ANTITERROR": "240640990012,0000000000000007",
    "TREASURY": "PO-2025-000123",
}
WORLD = Path(__file__).parent.parent / "integrations" / "emulators" / "worlds" / "small.yaml"
SENDER = {"SHEP_SENDER_ID": "BENCH", "SHEP_SENDER_PASSWORD": "bench"}


def measure(folder: Path, *, asks: int, signatures: int) -> dict:
    """Seconds of the work and of its floor, in one JSON object."""
    pki = make_pki(folder / "pki")
    return {"gateway": _gateway(folder, pki, asks), "signatures": _signatures(pki, signatures)}


def _gateway(folder: Path, pki: Pki, asks: int) -> dict:
    """`seconds` for all asks at once; `own_ms` is the processor time that one call costs the client."""
    script = folder / "shep.yaml"
    script.write_text(f"latency_seconds: {LATENCY_SECONDS}\n")
    options = ("--world", WORLD, "--pki", pki.folder, "--script", script)
    with emulator_process("shep", *options, environment=SENDER) as (address, _process):
        with override_settings(**_shep_settings(address, pki.folder, folder / "archive")):
            seconds, outcomes = _asked_by_many(asks)
            HttpClient(address).post("/control", b'{"latency_seconds": 0}', content_type="application/json")
            own_ms = _own_ms(gateway_of_settings())
    return {
        "items": asks,
        "services": len(ASKED),
        "seconds": round(seconds, 2),
        # all places taken all the time, and nothing to do but wait
        "floor_seconds": round(asks * LATENCY_SECONDS / (len(ASKED) * AT_ONCE_PER_SERVICE), 2),
        "outcomes": dict(outcomes),
        "own_ms": own_ms,
    }


def _shep_settings(address: str, pki: Path, archive: Path) -> dict[str, str]:
    services = pki / "services"
    return {
        "SHEP_URL": f"{address}/sync",
        "SHEP_SENDER_ID": SENDER["SHEP_SENDER_ID"],
        "SHEP_SENDER_PASSWORD": SENDER["SHEP_SENDER_PASSWORD"],
        "SHEP_REQUESTOR_BIN": "250140990016",
        "SHEP_SIGN_WITH": "rsa",
        "SHEP_KEY_FILE": str(services / "portal.key.pem"),
        "SHEP_CERTIFICATE_FILE": str(services / "portal.pem"),
        "SHEP_GATEWAY_CERTIFICATE_FILE": str(services / "gateway.pem"),
        "ARCHIVE_ROOT": str(archive),
    }


def _asked_by_many(asks: int) -> tuple[float, Counter[str]]:
    """As two workers ask, each half of the services, four at once of each."""
    codes = list(ASKED)
    connections.close_all()  # of no use to a fork
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("fork")) as pool:
        shares = [codes[number::WORKERS] for number in range(WORKERS)]
        list(pool.map(_asked_by_one, shares, [AT_ONCE_PER_SERVICE] * WORKERS))  # connected, and Python warm
        start = time.perf_counter()
        outcomes = sum(pool.map(_asked_by_one, shares, [asks // len(codes)] * WORKERS), Counter())
        return time.perf_counter() - start, outcomes


def _asked_by_one(codes: list[str], times: int) -> Counter[str]:
    gateway = gateway_of_settings()
    with ThreadPoolExecutor(len(codes) * AT_ONCE_PER_SERVICE) as pool:
        return Counter(pool.map(lambda code: _ask(gateway, code), codes * times))


def _own_ms(gateway: Gateway, calls: int = 500) -> float:
    """Processor time of this thread for one call, in ms: everything but the waiting. Each service in its turn."""
    codes = list(ASKED)
    start = time.thread_time()
    for number in range(calls):
        _ask(gateway, codes[number % len(codes)])
    return round((time.thread_time() - start) * 1000 / calls, 2)


def _ask(gateway: Gateway, code: str) -> Outcome:
    register = REGISTERS[code]
    return gateway.ask(register, register.key_from(ASKED[code]), fresh=True).outcome


def _signatures(pki: Pki, count: int) -> dict:
    """Detached signatures of different people, each over bytes of its own; who revoked what is asked once a person."""
    slugs = [holder.slug for holder in pki.people if _signs_documents(holder)]
    credentials = [pki.credential(slug) for slug in slugs]
    signed = []
    for number in range(count):
        data = f"A-ALA-2025-11-{number:04}".encode()
        signed.append((data, sign_cms(credentials[number % len(credentials)], data)))
    with emulator_process("signatures", "--pki", pki.folder) as (address, _process):
        with override_settings(EDS_TRUST_DIR=str(pki.trust), EDS_OCSP_URL=f"{address}/ocsp", EDS_CRL_URLS=[]):
            start = time.perf_counter()
            verifier = verifier_of_settings()
            verdicts = Counter(verifier.verify(cms, data).verdict for data, cms in signed)
            seconds = time.perf_counter() - start
    return {
        "items": count,
        "people": len(credentials),
        "seconds": round(seconds, 2),
        "floor_seconds": round(_mathematics(credentials, count), 2),
        "verdicts": dict(verdicts),
    }


def _signs_documents(holder: Holder) -> bool:
    return holder.purpose == "sign" and holder.state == "good" and not holder.role.startswith("NCA")


def _mathematics(credentials: list[Credential], count: int) -> float:
    """Seconds of nothing but RSA: the signature and the chain of two certificates, three verifications each."""
    signatures = [one.key.sign(b"", padding.PKCS1v15(), hashes.SHA256()) for one in credentials]
    start = time.perf_counter()
    for number in range(count):
        key = credentials[number % len(credentials)].certificate.public_key()
        for _signature in range(3):
            key.verify(signatures[number % len(credentials)], b"", padding.PKCS1v15(), hashes.SHA256())
    return time.perf_counter() - start
