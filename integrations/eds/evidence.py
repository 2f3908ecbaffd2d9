"""Everything a signature was judged by, in a form for a database column, so that it can be judged again.

Lists of revoked certificates are kept whole: where OCSP is down for long, evidence has their size.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import msgspec
from cryptography import x509

from integrations.eds.revocation import NotUsable, Source, Standing, State, read_crl, read_ocsp, standing_by
from integrations.eds.verdicts import Form, GostAnswer, Purpose, Reason, Signer, Verdict

VERSION = 1


@dataclass(frozen=True)
class KeptAnswer:
    """One answer about revocation, in DER."""

    source: Source
    der: bytes = field(repr=False)


@dataclass(frozen=True)
class Evidence:
    """What was judged, by what, when, and with what result. Certificates are DER, the signer's or TSA's first.

    `data_sha256` is hexadecimal; the signed bytes themselves are kept by whoever owns the document.
    """

    verifier: str
    verdict: Verdict
    reason: Reason
    purpose: Purpose
    form: Form
    received_at: datetime.datetime
    checked_at: datetime.datetime
    data_sha256: str
    cms: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    time_stamp_chain: tuple[bytes, ...] = field(default=(), repr=False)
    revocation: tuple[KeptAnswer, ...] = field(default=(), repr=False)
    gost: GostAnswer | None = None
    version: int = VERSION

    def to_json(self) -> bytes:
        """As JSON; bytes are Base64."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """Read what `to_json` wrote. Raises ValueError when it is not that."""
        return msgspec.json.decode(text, type=cls)


class KeptRevocation:
    """Answers about revocation out of evidence: nobody is asked."""

    def __init__(self, answers: Sequence[KeptAnswer]) -> None:
        self.answers = tuple(answers)

    def standing(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime.datetime) -> Standing:
        """The first kept answer that holds for the certificate at the moment `at`."""
        for answer in self.answers:
            try:
                if answer.source is Source.OCSP:
                    return read_ocsp(answer.der, certificate, issuer, at=at)
                return standing_by(read_crl(answer.der, issuer), certificate, at)
            except NotUsable:
                continue
        return Standing(State.UNREACHABLE, detail="no answer was kept")


@dataclass(frozen=True)
class SignatureCheck:
    """The judgement. `signer` is None when no certificate could be read; believe it only with `VALID`.

    `signed_at` is the time stamp's moment (`is_time_stamped`), else that of receipt; None when it was refused
    before. `detail` is for logs and support, it names no person. `time_stamp` says why a time stamp was not counted.
    """

    verdict: Verdict
    reason: Reason
    detail: str = ""
    signer: Signer | None = None
    signed_at: datetime.datetime | None = None
    is_time_stamped: bool = False
    time_stamp: str = ""
    evidence: Evidence | None = field(default=None, repr=False)

    @property
    def is_valid(self) -> bool:
        """Whether the signature may move a document."""
        return self.verdict is Verdict.VALID

    @property
    def text(self) -> str:
        """The reason in English."""
        return self.reason.text
