"""Signatures under GOST: NCANode computes them with our key, and looks at the gateway's."""

from dataclasses import dataclass, field

from cryptography import x509
from lxml import etree

from integrations.eds.ncanode import KeyFile, NcaNode, NcaNodeError, NcaNodeUnavailable
from integrations.safe_xml import BadMessage, document_of
from integrations.shep.envelope import body_of
from integrations.shep.wsse import CannotSign
from integrations.shep.wsse_verification import BadSignature


@dataclass(frozen=True)
class NcanodeSigner:
    """Signs through NCANode, which gets our PKCS#12 with every question.

    What comes back must hold the very element that we wanted signed: its signature is not looked at, its content is.
    """

    ncanode: NcaNode
    key: KeyFile = field(repr=False)

    def signed(self, envelope: etree._Element) -> bytes:
        content = self._asked(self.ncanode.sign_wsse, envelope)
        root = body_of(_read(content, body_of))[0]
        if _canonical(root) != _canonical(body_of(envelope)[0]):
            raise CannotSign("NCANode gave another body back")
        return content

    def signed_element(self, element: etree._Element) -> etree._Element:
        signed = _read(self._asked(self.ncanode.sign_xml, element), lambda root: root[-1])
        if signed.tag != element.tag or len(signed) != len(element) + 1:
            raise CannotSign("NCANode gave another element back")
        if any(_canonical(ours) != _canonical(theirs) for ours, theirs in zip(element, signed, strict=False)):
            raise CannotSign("NCANode gave another element back")
        return signed

    def _asked(self, sign, element: etree._Element) -> bytes:
        try:
            return sign(etree.tostring(element, encoding="unicode"), self.key).encode()
        except NcaNodeError as error:
            raise CannotSign(str(error), is_passing=isinstance(error, NcaNodeUnavailable)) from None


@dataclass(frozen=True)
class NcanodeVerification:
    """The arithmetic of a GOST signature, for `Trust`."""

    ncanode: NcaNode

    def __call__(self, document: bytes, certificate: x509.Certificate) -> bool:
        """Whether the signature fits. Raises BadSignature when NCANode could not say."""
        try:
            return self.ncanode.verify_wsse(document, certificate)
        except NcaNodeError as error:
            raise BadSignature(f"NCANode: {error}") from None


def _read(content: bytes, part) -> etree._Element:
    """The document, in which `part` must be found."""
    try:
        document = document_of(content)
        part(document)
    except (BadMessage, IndexError):
        raise CannotSign("NCANode gave no such document back") from None
    return document


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)
