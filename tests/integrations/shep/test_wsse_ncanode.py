"""Signing under GOST with NCANode's double: what it gives back is sent only if it is what we wanted signed."""

import pytest
from lxml import etree

from integrations.eds.ncanode import KeyFile, NcaNode
from integrations.emulators.gost_pki import KEY_PASSWORD
from integrations.shep.envelope import body_of, message_of
from integrations.shep.wsse import CannotSign
from integrations.shep.wsse_ncanode import NcanodeSigner, NcanodeVerification
from integrations.shep.wsse_verification import BadSignature, Trust
from tests.integrations.shep.gateway_messages import canonical, example, in_envelope

REQUEST = example("6_request")
ELEMENT = '<u:Request xmlns:u="urn:x"><BIN>240640990012</BIN><name>Ә</name></u:Request>'


@pytest.fixture
def signer(ncanode, gost_pki) -> NcanodeSigner:
    return NcanodeSigner(ncanode, KeyFile((gost_pki.folder / "services" / "portal.p12").read_bytes(), KEY_PASSWORD))


@pytest.fixture
def trust(ncanode, gost_pki) -> Trust:
    """As if the gateway had our key."""
    return Trust.of([gost_pki.certificate("portal")], NcanodeVerification(ncanode))


class Liar(NcaNode):
    """NCANode that signs something else."""

    def sign_wsse(self, xml: str, key: KeyFile) -> str:
        return super().sign_wsse(xml.replace("FIRE_Inspection", "ELIC_LicenseByBin"), key)

    def sign_xml(self, xml: str, key: KeyFile) -> str:
        return super().sign_xml(xml.replace("240640990012", "230540990017"), key)


def test_a_signed_question_holds_what_we_wrote_and_verifies(signer, trust):
    envelope = in_envelope(REQUEST)
    found = message_of(signer.signed(envelope))
    assert canonical(trust.verified_body(found)[0]) == canonical(body_of(in_envelope(REQUEST))[0])


def test_a_changed_question_does_not_verify(signer, trust):
    content = signer.signed(in_envelope(REQUEST)).replace(b"FIRE/1", b"FIRE/2")
    with pytest.raises(BadSignature, match="fit"):
        trust.verified_body(message_of(content))


def test_a_signed_element_is_the_one_we_wrote_with_a_signature(signer):
    found = signer.signed_element(etree.fromstring(ELEMENT))
    assert [etree.QName(child).localname for child in found] == ["BIN", "name", "Signature"]
    assert found.findtext("name") == "Ә"


def test_another_body_than_ours_is_not_sent(signer, ncanode):
    liar = NcanodeSigner(Liar(ncanode.url, ncanode.trust), signer.key)
    with pytest.raises(CannotSign, match="another body"):
        liar.signed(in_envelope(REQUEST))
    with pytest.raises(CannotSign, match="another element"):
        liar.signed_element(etree.fromstring(ELEMENT))


@pytest.mark.parametrize("fault", ["500", "garbage", "drop"])
def test_an_ncanode_that_is_out_of_order_signs_and_believes_nothing(signer, trust, order, fault):
    content = signer.signed(in_envelope(REQUEST))
    order(faults=[fault] * 3)
    with pytest.raises(CannotSign) as error:
        signer.signed(in_envelope(REQUEST))
    assert KEY_PASSWORD not in str(error.value)
    with pytest.raises(BadSignature, match="NCANode"):
        trust.verified_body(message_of(content))
