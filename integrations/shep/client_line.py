"""The line to the gateway that both channels use: sign, keep the limits, send, repeat, verify, archive.

A question is signed once and sent in the same bytes at every try, so that the gateway knows it again by its messageId.
"""

import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lxml import etree

from integrations.safe_xml import MAX_BYTES, BadMessage
from integrations.shep.archive import Archive, without_password
from integrations.shep.client_outcomes import (
    Failed,
    failure_of_fault,
    failure_of_signing,
    failure_of_status,
    out_of_reach,
)
from integrations.shep.envelope import CONTENT_TYPE, body_of, envelope_of, fault_of, message_of
from integrations.shep.guards import Closed, Guards, Pass, Verdict
from integrations.shep.registers import Outcome
from integrations.shep.wsse import CannotSign, Signer, new_body_id
from integrations.shep.wsse_verification import BadSignature, Trust
from voucher_portal.http import BadAnswer, HttpClient, Refused, Retries, Unavailable

HTTP_FAULT = 500  # a SOAP fault comes under this status

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait, in seconds: to connect, for the whole question with its tries, and between the tries."""

    connect: float = 5.0
    whole: float = 60.0
    pauses: tuple[float, ...] = (2.0, 10.0)

    @property
    def tries(self) -> int:
        """How often a question is sent at most."""
        return len(self.pauses) + 1


@dataclass
class Trace:
    """What became of one question on the line."""

    tries: int = 0
    request_sha256: str = ""
    answer_sha256: str = ""


@dataclass
class Line:
    """For any number of threads at once; each has a connection of its own."""

    signer: Signer
    trust: Trust
    guards: Guards
    archive: Archive
    patience: Patience = Patience()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    sleep: Callable[[float], Any] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._own = threading.local()

    def exchange(
        self, url: str, service_id: str, root: etree._Element, read: Callable[[etree._Element], T], trace: Trace
    ) -> T:
        """Send `root` in a signed envelope and give what `read` makes of the verified body of the answer.

        Raises:
            Failed: there is no answer that we believe and understand.
        """
        deadline = self.clock() + self.patience.whole
        request = self._signed(root, trace)
        while True:
            try:
                return self._once(url, service_id, request, read, trace, deadline)
            except Failed as failure:
                if not self._waited(failure, trace.tries, deadline):
                    raise

    def _signed(self, root: etree._Element, trace: Trace) -> bytes:
        try:
            request = self.signer.signed(envelope_of(root, new_body_id()))
        except CannotSign as error:
            raise failure_of_signing(error) from None
        trace.request_sha256 = self._archived(without_password(request))
        return request

    def _waited(self, failure: Failed, tries: int, deadline: float) -> bool:
        if not failure.may_repeat or tries >= self.patience.tries:
            return False
        pause = self.patience.pauses[tries - 1]
        if self.clock() + pause >= deadline:
            return False
        self.sleep(pause)
        return True

    def _once(
        self,
        url: str,
        service_id: str,
        request: bytes,
        read: Callable[[etree._Element], T],
        trace: Trace,
        deadline: float,
    ) -> T:
        left = deadline - self.clock()
        try:
            with self.guards.call(service_id, left) as place:
                trace.tries += 1
                content, content_type = self._posted(url, request, place, deadline - self.clock())
        except Closed as closed:
            raise out_of_reach(closed.reason) from None
        trace.answer_sha256 = self._archived(content)
        return self._understood(content, content_type, read)

    def _posted(self, url: str, request: bytes, place: Pass, left: float) -> tuple[bytes, str]:
        client, path = self._client(url)
        client.retries = Retries(attempts=1, total_seconds=left)
        place.verdict = Verdict.ALIVE
        try:
            answer = client.post(path, request, content_type=CONTENT_TYPE)
        except Unavailable as error:
            if error.status == HTTP_FAULT and error.body:
                return error.body, CONTENT_TYPE
            failure = failure_of_status(error.status) if error.status else out_of_reach("no answer", may_repeat=True)
            if failure.is_out_of_reach:
                place.verdict = Verdict.DOWN
            raise failure from None
        except Refused as error:
            raise failure_of_status(error.status) from None
        except BadAnswer:
            raise Failed(Outcome.ERROR, "the answer cannot be read, or is too large") from None
        return answer.body, answer.headers.get("Content-Type", "")

    def _understood(self, content: bytes, content_type: str, read: Callable[[etree._Element], T]) -> T:
        """A fault may come unsigned: it never says anything about the world, so it needs no trust."""
        try:
            document = message_of(content, content_type)
            fault = fault_of(body_of(document))
            if fault:
                raise failure_of_fault(fault)
            return read(self.trust.verified_body(document))
        except BadMessage as error:
            raise Failed(Outcome.ERROR, f"unreadable: {error.reason}") from None
        except BadSignature as error:
            raise Failed(Outcome.ERROR, f"not believed: {error.reason}") from None

    def _client(self, url: str) -> tuple[HttpClient, str]:
        """This thread's connection to the server of `url`, and the path there."""
        clients = self._own.__dict__.setdefault("clients", {})
        if url not in clients:
            address = urllib.parse.urlsplit(url)
            client = HttpClient(
                f"{address.scheme}://{address.netloc}",
                headers={"SOAPAction": '""'},
                secrets=self.secrets,
                timeouts=(self.patience.connect, self.patience.whole),
                max_bytes=MAX_BYTES,
                compress=False,
            )
            clients[url] = (client, address._replace(scheme="", netloc="").geturl())
        return clients[url]

    def _archived(self, content: bytes) -> str:
        try:
            return self.archive.put(content)
        except OSError as error:
            raise Failed(Outcome.ERROR, f"the archive cannot be written: {type(error).__name__}") from None
