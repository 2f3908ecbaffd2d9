"""Whatever is posted, the emulated gateway answers: with an answer or with a fault."""

import re
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from integrations.emulators import shep_world
from integrations.emulators.shep import keys_of_pki
from integrations.emulators.shep_calls import Calls
from integrations.emulators.shep_desk import Desk
from integrations.emulators.shep_script import Prompter, Script
from tests.integrations.shep.emulator_requests import BIN, IIN, SENDER, SMALL_WORLD, info, person, query, send_message

MESSAGE = str(uuid.UUID(int=7))
PERIOD = "<v:from>2025-09-01</v:from><v:to>2025-09-30</v:to>"
QUESTIONS = (
    send_message(info(MESSAGE, "ELIC_LicenseByBin"), query("ELIC", MESSAGE, f"<v:bin>{BIN}</v:bin>")),
    send_message(info(MESSAGE, "BORDER_Crossings"), query("BORDER", MESSAGE, f"<v:iin>{IIN}</v:iin>", PERIOD)),
    send_message(
        info(MESSAGE, "DFO_Statements"), query("DFO", MESSAGE, f"<v:bin>{BIN}</v:bin>", "<v:year>2024</v:year>")
    ),
    send_message(info(MESSAGE, "GBDFLUniversal_token"), person(MESSAGE)),
    send_message(info(MESSAGE, "GbdulInfoByBin_v2"), "<data>&lt;u:Request/&gt;</data>"),
)
PIECES = ("", "<!--x-->", "<?x y?>", "<data/>", "&amp;", "&lt;", "9" * 30, "-2025-01-01", "12025-01-01", "Ә", "\ufffe",
          "urn:x", "cs:Request", ":", "<x xmlns='urn:y'>z</x>", "0001", "2025-02-29", "]]>", "]]&gt;")  # fmt: skip


@pytest.fixture(scope="module")
def desk(pki) -> Desk:
    """A gateway that asks for no signatures, without HTTP."""
    prompter = Prompter(Script(allow_unsigned=True))
    return Desk(shep_world.load(SMALL_WORLD), keys_of_pki(pki.folder), SENDER, prompter, Calls())


def envelope(body: str) -> bytes:
    text = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )
    return text.encode("utf-8", "surrogatepass")


def assert_answered(desk: Desk, content: bytes) -> None:
    sending = desk.sending(content, "/")
    root = etree.fromstring(b"".join(sending.parts))
    assert sending.status == (500 if root.xpath("boolean(//*[local-name()='Fault'])") else 200)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_are_answered(desk: Desk, content: bytes):
    assert_answered(desk, content)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.sampled_from(QUESTIONS), data=st.data())
def test_a_question_with_any_piece_in_place_of_another_is_answered(desk: Desk, question: str, data):
    places = [match.span() for match in re.finditer(r"(?<=>)[^<>]+(?=<)|<[^>]+>|\"[^\"]*\"", question)]
    start, end = data.draw(st.sampled_from(places))
    piece = data.draw(st.sampled_from(PIECES) | st.text(max_size=20))
    assert_answered(desk, envelope(question[:start] + piece + question[end:]))
