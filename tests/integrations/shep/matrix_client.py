"""The gateway's client as the tests of the matrix use it: its own limits and memory, the session's keys."""

import dataclasses
import uuid

from integrations.emulators.shep import ShepEmulator
from integrations.shep.archive import Archive
from integrations.shep.cache import AnswerCache
from integrations.shep.client import Gateway
from integrations.shep.client_line import Line, Patience
from integrations.shep.client_questions import Account
from integrations.shep.client_settings import connection_of_settings
from integrations.shep.envelope import Sender
from integrations.shep.guards import Guards, Limits
from integrations.shep.registers import Channel, Consent, Outcome, Register, RegisterAnswer
from integrations.shep.wsse import RsaSigner
from integrations.shep.wsse_verification import Trust
from tests.integrations.shep.emulator_requests import BIN, SENDER

CONSENT = Consent("TOKEN", "KEY")
PATIENT = Patience(connect=5, whole=20, pauses=(0.01, 0.01))
IMPATIENT = Patience(connect=0.1, whole=0.15, pauses=(0.01, 0.01))
NO_BREAKER = Limits(per_second=100_000, burst=100_000, failures=1_000_000)


def make_client(gateway: ShepEmulator, pki, folder, **more) -> Gateway:
    """A gateway's client with limits of its own."""
    services = pki.folder / "services"
    connection, prefix = connection_of_settings(), f"matrix-{uuid.uuid4()}"
    archive = Archive(folder / "archive")
    line = Line(
        RsaSigner.load(services / "portal.key.pem", services / "portal.pem"),
        Trust.load(services / "gateway.pem"),
        Guards(connection, prefix, more.get("limits", NO_BREAKER)),
        archive,
        patience=more.get("patience", PATIENT),
        secrets=(SENDER[1],),
    )
    account = Account(gateway.sync_url, Sender(*SENDER), BIN, gateway.async_url)
    return Gateway(account, line, archive, AnswerCache(connection, prefix, b"secret"))


def without_memory(portal: Gateway) -> Gateway:
    """The same line, with an empty cache."""
    return dataclasses.replace(portal, cache=dataclasses.replace(portal.cache, prefix=f"matrix-{uuid.uuid4()}"))


def asked(
    portal: Gateway, register: Register, key: str, *, fresh: bool = True, fetcher: Gateway | None = None
) -> RegisterAnswer:
    """Ask; `fetcher` (or the same client) fetches the answer of the asynchronous channel where there is one."""
    chain = str(uuid.uuid4())
    answer = portal.ask(register, register.key_from(key), consent=CONSENT, correlation_id=chain, fresh=fresh)
    if register.channel is Channel.SYNC or answer.outcome is not Outcome.ASKED:
        return answer
    fetched = (fetcher or portal).collect(register).answers
    return next((each for each in fetched if each.message_id == answer.message_id), answer)
