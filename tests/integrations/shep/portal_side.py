"""Our side of the wire for the tests of the client: the real one, with short pauses and a memory of its own."""

import pytest

from integrations.shep.archive import Archive
from integrations.shep.cache import AnswerCache
from integrations.shep.client import Gateway
from integrations.shep.client_line import Line, Patience
from integrations.shep.client_questions import Account
from integrations.shep.envelope import Sender
from integrations.shep.guards import Guards, Limits
from integrations.shep.services.catalogue import REGISTERS
from integrations.shep.wsse import RsaSigner
from integrations.shep.wsse_verification import Trust
from tests.integrations.shep.emulator_requests import SENDER

QUICK = Patience(connect=2.0, whole=20.0, pauses=(0.0, 0.0))
MANY = Limits(per_second=10_000, burst=10_000, failures=1_000)
ELIC, NOBD, GBDFL, KGD = (REGISTERS[code] for code in ("ELIC", "NOBD", "GBDFL", "KGD"))
BIN, NOBODYS_BIN, IIN = "240640990012", "250740990018", "190101599018"
REQUESTOR = "250140990016"


@pytest.fixture
def portal(gateway, pki, connection, prefix, tmp_path) -> Gateway:
    """A client that the emulated gateway knows, with nothing asked yet."""
    credential = pki.credential("portal")
    archive = Archive(tmp_path / "archive")
    line = Line(
        RsaSigner(credential.key, credential.certificate),
        Trust.of([pki.certificate("gateway")]),
        Guards(connection, prefix, MANY),
        archive,
        patience=QUICK,
        secrets=(SENDER[1],),
    )
    account = Account(gateway.sync_url, Sender(*SENDER), REQUESTOR, async_url=gateway.async_url)
    return Gateway(account, line, archive, AnswerCache(connection, prefix, b"secret"))


@pytest.fixture
def connected(settings, gateway, pki, tmp_path):
    """Settings that name the emulated gateway."""
    services = pki.folder / "services"
    settings.SHEP_URL, settings.SHEP_ASYNC_URL = gateway.sync_url, gateway.async_url
    settings.SHEP_SENDER_ID, settings.SHEP_SENDER_PASSWORD = SENDER
    settings.SHEP_REQUESTOR_BIN = REQUESTOR
    settings.SHEP_SIGN_WITH, settings.SHEP_KEY_PASSWORD = "rsa", ""
    settings.SHEP_KEY_FILE = str(services / "portal.key.pem")
    settings.SHEP_CERTIFICATE_FILE = str(services / "portal.pem")
    settings.SHEP_GATEWAY_CERTIFICATE_FILE = str(services / "gateway.pem")
    settings.SHEP_WITHOUT_CONSENT = ["GBDFL"]
    settings.NCANODE_URL = ""
    settings.ARCHIVE_ROOT = tmp_path / "archive"
    return settings


def key(register, text: str = BIN):
    """What a register is asked by."""
    return register.key_from(text)
