"""Reads a signature for sign-in: the seam that accounts, a floor below, reaches by settings.SIGNATURE_READER."""

import structlog
from django.core.exceptions import ImproperlyConfigured

from accounts.signatures import Refusal, Signer, SignInRefused
from integrations.eds.evidence import SignatureCheck
from integrations.eds.verdicts import Purpose, Reason, Verdict
from integrations.eds.verifier import verifier_of_settings

_REFUSALS = {
    Reason.REVOKED: Refusal.REVOKED,
    Reason.EXPIRED: Refusal.EXPIRED,
    Reason.KEY_USAGE: Refusal.SIGNING_KEY,
} | dict.fromkeys(
    (
        Reason.STAFF, Reason.NO_IIN, Reason.WRONG_BIN, Reason.UNTRUSTED, Reason.CHAIN, Reason.WEAK,
        Reason.NOT_YET_VALID, Reason.UNKNOWN_CERTIFICATE, Reason.CERTIFICATE_UNREADABLE,
    ),
    Refusal.CERTIFICATE,
)  # fmt: skip

log = structlog.get_logger("portal.sign_in")


def signer_of(cms: bytes, data: bytes) -> Signer:
    """Who signed exactly `data` with a key for authentication, revocation asked.

    Raises:
        SignInRefused: the verdict is anything but VALID, or the portal is set up wrongly, which the log tells.
    """
    try:
        verifier = verifier_of_settings()
    except ImproperlyConfigured as error:
        log.error("signatures_not_verifiable", error=str(error))
        raise SignInRefused(Refusal.UNVERIFIED) from None
    check = verifier.verify(cms, data, purpose=Purpose.AUTH)
    if not check.is_valid:
        log.info("signature_refused", verdict=check.verdict, reason=check.reason, detail=check.detail)
        raise SignInRefused(_refusal(check), check.signer.iin if check.signer else "")
    return Signer(iin=check.signer.iin, bin=check.signer.bin, serial_number=check.signer.serial_number)


def _refusal(check: SignatureCheck) -> Refusal:
    if check.verdict is Verdict.UNCHECKED:
        return Refusal.UNCHECKED
    if check.verdict is Verdict.UNVERIFIED:
        return Refusal.UNVERIFIED
    return _REFUSALS.get(check.reason, Refusal.INVALID)
