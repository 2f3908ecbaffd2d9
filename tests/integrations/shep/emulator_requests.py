"""Requests to the emulated gateway, built by hand and sent over a raw connection: neither client nor emulator code."""

import base64
import hashlib
import http.client
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from lxml import etree

from integrations.emulators.pki import Credential

SENDER = ("TEST_SENDER", "from-secret-store")
SMALL_WORLD = Path(__file__).resolve().parents[3] / "integrations" / "emulators" / "worlds" / "small.yaml"
BIN, OTHER_BIN, NOBODYS_BIN = "240640990012", "230540990017", "250740990018"
IIN = "190101599018"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_DATE = "2025-11-05T10:15:00+05:00"


def info(message_id: str, service_id: str, **more: str) -> str:
    """requestInfo, its elements in the binding order; `more` replaces or adds the text of an element's place."""
    parts = {
        "messageId": f"<messageId>{message_id}</messageId>",
        "correlationId": "",
        "serviceId": f"<serviceId>{service_id}</serviceId>",
        "messageDate": f"<messageDate>{_DATE}</messageDate>",
        "routeId": "",
        "sender": f"<sender><senderId>{SENDER[0]}</senderId><password>{SENDER[1]}</password></sender>",
        "properties": "",
        "sessionId": "",
    }
    return "".join((parts | more).values())


def send_message(request_info: str, data: str) -> str:
    """The SendMessage element; `data` is the whole element."""
    return (
        '<sc:SendMessage xmlns:sc="http://bip.bee.kz/SyncChannel/v10/Types"><request>'
        f"<requestInfo>{request_info}</requestInfo><requestData>{data}</requestData></request></sc:SendMessage>"
    )


def query(code: str, message_id: str, key: str, more: str = "") -> str:
    """`data` with a question of our profile; `key` as `<v:bin>…</v:bin>`."""
    return (
        f'<data><v:Query xmlns:v="urn:voucher-portal:shep:1" profile="{code}/1">'
        f"<v:requestId>{message_id}</v:requestId><v:key>{key}</v:key><v:asOf>2025-11-05</v:asOf>{more}</v:Query></data>"
    )


def person(message_id: str, iin: str = IIN, consent: str = "<kdpToken>T</kdpToken><publicKey>K</publicKey>") -> str:
    """`data` with a question to ГБД ФЛ."""
    return (
        '<data xmlns:cs="http://message.persistence.interactive.nat"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="cs:Request">'
        f"<messageId>{message_id}</messageId><messageDate>{_DATE}</messageDate><senderCode>TEST</senderCode>"
        f"<iin>{iin}</iin>{consent}</data>"
    )


@dataclass
class Client:
    """A client with a key: signs and sends."""

    credential: Credential
    port: int

    @property
    def certificate(self) -> str:
        """Base64 of the DER."""
        der = self.credential.certificate.public_bytes(serialization.Encoding.DER)
        return base64.b64encode(der).decode()

    def signature(self, content: bytes) -> str:
        """RSA-SHA256 of these bytes, Base64."""
        return base64.b64encode(self.credential.key.sign(content, PKCS1v15(), hashes.SHA256())).decode()

    def envelope(self, body: str) -> str:
        """The SOAP envelope with the signature of its Body."""
        target = f"id-{uuid.uuid4()}"
        wsu = f'xmlns:wsu="{_WSS}-wssecurity-utility-1.0.xsd" wsu:Id="{target}"'
        whole = (
            f'<soap:Envelope xmlns:soap="{_SOAP}"><soap:Header/><soap:Body {wsu}>{body}</soap:Body></soap:Envelope>'
        )
        element = etree.fromstring(whole.encode()).find(f"{{{_SOAP}}}Body")
        canonical = etree.tostring(element, method="c14n", exclusive=True)
        header = (
            f'<soap:Header><wsse:Security xmlns:wsse="{_WSS}-wssecurity-secext-1.0.xsd" soap:mustUnderstand="1">'
            f"{self._xml_signature(canonical, f'#{target}', (EXCLUSIVE,), self._key_identifier())}"
            "</wsse:Security></soap:Header>"
        )
        return whole.replace("<soap:Header/>", header)

    def signed_element(self, text: str, method: str) -> str:
        """A business element with an enveloped signature as its last child."""
        canonical = etree.tostring(etree.fromstring(text.encode()), method="c14n", exclusive=method == EXCLUSIVE)
        key = f"<ds:X509Data><ds:X509Certificate>{self.certificate}</ds:X509Certificate></ds:X509Data>"
        head, closing, tail = text.rpartition("</")
        # Inclusive canonical form of SignedInfo has the namespaces in scope, so it is made in its place.
        draft = self._xml_signature(canonical, "", (ENVELOPED, method), key, value="")
        placed = etree.fromstring(f"{head}{draft}{closing}{tail}".encode())
        signed_info = next(placed.iter(f"{{{_DS}}}SignedInfo"))
        value = self.signature(etree.tostring(signed_info, method="c14n", exclusive=method == EXCLUSIVE))
        signature = self._xml_signature(canonical, "", (ENVELOPED, method), key, value=value)
        return f"{head}{signature}{closing}{tail}"

    def _key_identifier(self) -> str:
        return (
            f'<wsse:SecurityTokenReference><wsse:KeyIdentifier EncodingType="{_WSS}-soap-message-security-1.0'
            f'#Base64Binary" ValueType="{_WSS}-x509-token-profile-1.0#X509v3">{self.certificate}</wsse:KeyIdentifier>'
            "</wsse:SecurityTokenReference>"
        )

    def _xml_signature(
        self, canonical: bytes, uri: str, transforms: tuple[str, ...], key: str, value: str | None = None
    ) -> str:
        digest = base64.b64encode(hashlib.sha256(canonical).digest()).decode()
        steps = "".join(f'<ds:Transform Algorithm="{each}"></ds:Transform>' for each in transforms)
        signed_info = (
            f'<ds:SignedInfo xmlns:ds="{_DS}"><ds:CanonicalizationMethod Algorithm="{transforms[-1]}">'
            "</ds:CanonicalizationMethod>"
            '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>'
            f'<ds:Reference URI="{uri}"><ds:Transforms>{steps}</ds:Transforms>'
            '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
            f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        )
        value = self.signature(signed_info.encode()) if value is None else value
        return (
            f'<ds:Signature xmlns:ds="{_DS}">{signed_info}<ds:SignatureValue>{value}</ds:SignatureValue>'
            f"<ds:KeyInfo>{key}</ds:KeyInfo></ds:Signature>"
        )

    def post(self, content: str | bytes, path: str = "/sync", timeout: float = 10) -> "Answer":
        """Send bytes as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
            connection.request("POST", path, content.encode() if isinstance(content, str) else content, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.getheaders()))
        finally:
            connection.close()

    def send(self, body: str, path: str = "/sync") -> "Answer":
        """Sign and send the content of a Body."""
        return self.post(self.envelope(body), path)

    def ask(self, code: str, service_id: str, key: str, more: str = "", message_id: str = "") -> "Answer":
        """Ask by our profile."""
        message_id = message_id or str(uuid.uuid4())
        return self.send(send_message(info(message_id, service_id), query(code, message_id, key, more)))

    def elic(self, number: str = BIN, message_id: str = "") -> "Answer":
        """The question that most tests need."""
        return self.ask("ELIC", "ELIC_LicenseByBin", f"<v:bin>{number}</v:bin>", message_id=message_id)

    def get(self, path: str) -> bytes:
        """A page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        content = connection.getresponse().read()
        connection.close()
        return content

    def calls(self) -> dict:
        """The log."""
        return json.loads(self.get("/calls"))


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def root(self) -> etree._Element:
        """The document."""
        return etree.fromstring(self.body)

    def text(self, name: str) -> str | None:
        """The text of the first element of this local name."""
        found = self.root.xpath("//*[local-name()=$name]", name=name)
        return found[0].text if found else None

    @property
    def fault(self) -> tuple[str, str]:
        """Code and words of the fault."""
        return self.text("errorCode") or "", self.text("errorMessage") or ""


def has_good_signature(content: bytes, certificate: x509.Certificate) -> bool:
    """Whether the Body has a signature of this certificate: judged by hand, with lxml and cryptography only."""
    root = etree.fromstring(content)
    body = root.find(f"{{{_SOAP}}}Body")
    signed_info = root.find(f".//{{{_DS}}}SignedInfo")
    reference = signed_info.find(f"{{{_DS}}}Reference")
    digest = base64.b64encode(hashlib.sha256(etree.tostring(body, method="c14n", exclusive=True)).digest()).decode()
    if digest != reference.findtext(f"{{{_DS}}}DigestValue"):
        return False
    value = base64.b64decode(root.findtext(f".//{{{_DS}}}SignatureValue"))
    certificate.public_key().verify(
        value, etree.tostring(signed_info, method="c14n", exclusive=True), PKCS1v15(), hashes.SHA256()
    )
    return True
