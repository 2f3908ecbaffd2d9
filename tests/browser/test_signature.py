"""Sign-in by signature in a browser, with NCALayer's double as a process beside: two languages, two screens."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qs

import pytest
import requests
from asn1crypto.cms import ContentInfo
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import expect

from integrations.emulators import cast
from integrations.emulators.process import emulator_process, end
from integrations.emulators.signatures import SignaturesEmulator
from tests.browser.desk import Desk
from tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# Whose key it is, by the language that the person reads: a test cannot change the person while the server looks.
OWNERS = {"ru": (cast.OFFICER, "officer"), "kk": (cast.DEPARTMENT_HEAD, "department-head")}
FORM = "form[data-portal-sign]"
SCREENS = pytest.mark.parametrize(
    ("language", "width"), [("ru", 1280), ("ru", 360), ("kk", 1280), ("kk", 360)], ids=lambda value: str(value)
)
WITHIN = 10  # seconds


@dataclass
class Program:
    """NCALayer's double: where its page is, where the socket is, how to end it."""

    page: str
    address: str
    end: Callable[[], None]

    def will(self, scenario: str, language: str = "ru", **orders) -> None:
        """Choose what happens next with the key of whoever reads that language."""
        orders = {"is_old": False, "slow_seconds": 5, "scenario": scenario, "signer": OWNERS[language][1], **orders}
        requests.post(f"{self.page}/control", json=orders, timeout=WITHIN).raise_for_status()

    def asked(self) -> list[dict]:
        """The last requests, the newest at the end."""
        return requests.get(f"{self.page}/control", timeout=WITHIN).json()["asked"]


@contextmanager
def program(pki, *options: str) -> Iterator[Program]:
    """A process beside, and a portal that looks for it."""
    with emulator_process("ncalayer", "--port", 0, "--pki", pki.folder, *options) as (page, process):
        address = requests.get(f"{page}/control", timeout=WITHIN).json()["address"]
        with override_settings(NCALAYER_ADDRESS=address, CONTENT_SECURITY_POLICY=policy_with(address)):
            yield Program(page, address, lambda: end(process))


@pytest.fixture(scope="module")
def running(pki) -> Iterator[Program]:
    """One for most tests."""
    with program(pki) as started:
        yield started


@pytest.fixture
def ncalayer(running) -> Program:
    """It signs what it is asked to."""
    running.will("ok")
    return running


def policy_with(address: str) -> dict:
    """The portal's own policy, for an NCALayer that listens elsewhere."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    elsewhere = [address if source == settings.NCALAYER_ADDRESS else source for source in directives["connect-src"]]
    return {"DIRECTIVES": directives | {"connect-src": elsewhere}}


@pytest.fixture(scope="module", autouse=True)
def trust(pki) -> Iterator[None]:
    """The portal trusts the test centre, which answers."""
    with SignaturesEmulator(pki) as centre:
        orders = {"EDS_TRUST_DIR": str(pki.trust), "EDS_OCSP_URL": f"{centre.url}/ocsp", "EDS_TEST_KEYS": True}
        with override_settings(**orders, NCANODE_URL=""):
            yield


@pytest.fixture(scope="module", autouse=True)
def owners(town, django_db_blocker) -> None:
    """The owners of the keys, written before the server looks."""
    with django_db_blocker.unblock():
        for language, (player, _signer) in OWNERS.items():
            person = UserFactory(iin=player.iin, language=language)
            MembershipFactory(user=person, role="DEPARTMENT_OFFICER", organisation=town.issuer.organisation)


@pytest.fixture
def page_in(open_desk):
    """`page_in("kk", 360)` opens the sign-in page in that language on a screen of that width."""

    def open_one(language: str = "ru", width: int = 1280, **options) -> Desk:
        desk = open_desk(width, locale=f"{language}-KZ", **options)
        desk.go("accounts:sign_in")
        assert desk.language == language
        return desk

    return open_one


def press(desk: Desk) -> None:
    """The button that signs."""
    desk.page.click(f"{FORM} button[type=submit]")


def sees(desk: Desk, text: str) -> None:
    """The text stands in the form; nothing sticks out and nobody is hindered."""
    expect(desk.page.locator(FORM)).to_contain_text(text, use_inner_text=True)
    assert desk.fits()
    assert desk.barriers() == []


def only_one_complaint(desk: Desk, about: str) -> None:
    """The browser itself complains of a socket that does not open; of nothing else."""
    (complaint,) = desk.complaints
    assert about in complaint
    desk.complaints.clear()


def button_is_back(desk: Desk) -> None:
    """One can press again, and the focus is there."""
    assert desk.page.evaluate("document.activeElement.type") == "submit"


@SCREENS
def test_the_owner_of_the_key_signs_in(ncalayer, page_in, language, width):
    ncalayer.will("ok", language)
    desk = page_in(language, width)
    sees(desk, {"ru": "Войти с ЭЦП", "kk": "ЭЦҚ арқылы кіру"}[language])
    press(desk)
    desk.page.wait_for_url("**/department/")
    assert desk.language == language
    asked = ncalayer.asked()[-1]
    assert asked["what"] == "kz.gov.pki.knca.basics sign"
    assert asked["answer"] == "signed"


@SCREENS
@pytest.mark.parametrize("scenario", ["cancel", "cancel_text"])
def test_who_closes_the_window_stays_on_the_page(ncalayer, page_in, language, width, scenario):
    ncalayer.will(scenario, language)
    desk = page_in(language, width)
    press(desk)
    sees(
        desk,
        {"ru": "Подписание отменено. Ничего не отправлено.", "kk": "Қол қою болдырылмады. Ештеңе жіберілген жоқ."}[
            language
        ],
    )
    button_is_back(desk)
    ncalayer.will("ok", language)
    press(desk)
    desk.page.wait_for_url("**/department/")


@SCREENS
def test_another_persons_key_is_refused(ncalayer, page_in, language, width):
    ncalayer.will("ok", signer="stranger")
    desk = page_in(language, width)
    press(desk)
    sees(
        desk, {"ru": "Владельца этого ключа в портале нет.", "kk": "Бұл кілттің иесі порталда тіркелмеген."}[language]
    )
    assert desk.language == language


@SCREENS
def test_the_button_of_the_page_cancels_and_closes_the_socket(ncalayer, page_in, language, width):
    ncalayer.will("slow", language, slow_seconds=60)
    desk = page_in(language, width)
    press(desk)
    sees(
        desk, {"ru": "Выберите свой ключ в окне NCALayer", "kk": "NCALayer терезесінде өз кілтіңізді таңдап"}[language]
    )
    desk.page.keyboard.press("Enter")  # the focus went from one button to the other
    sees(desk, {"ru": "Подписание отменено.", "kk": "Қол қою болдырылмады."}[language])
    button_is_back(desk)
    ncalayer.will("ok", language)
    press(desk)
    desk.page.wait_for_url("**/department/")


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ("close", "NCALayer закрыл соединение."),
        ("error", "INVOCATION_ERROR: m (d)"),
        ("other_data", "Подпись неверна."),
        ("expired", "Срок действия сертификата этого ключа истёк."),
        ("sign_key", "Этот ключ — для подписания документов."),
        ("attached", "Подпись неверна."),
        ("other_signer", "в портале нет"),
    ],
)
def test_what_else_goes_wrong_is_told(ncalayer, page_in, scenario, text):
    ncalayer.will(scenario)
    desk = page_in()
    press(desk)
    sees(desk, text)
    assert "sign-in" in desk.page.url


@pytest.mark.parametrize("scenario", ["ok", "pem", "slow"])
def test_an_old_program_and_other_forms_of_the_answer_do(ncalayer, page_in, scenario):
    ncalayer.will(scenario, is_old=scenario == "ok", slow_seconds=0.3)
    desk = page_in()
    press(desk)
    desk.page.wait_for_url("**/department/")


@pytest.mark.parametrize(("scenario", "text"), [("cancel", "Подписание отменено."), ("error", "500: m")])
def test_an_old_program_cancels_and_fails_in_its_own_words(ncalayer, page_in, scenario, text):
    ncalayer.will(scenario, is_old=True)
    desk = page_in()
    press(desk)
    sees(desk, text)


def test_a_silent_program_is_given_up_after_ten_seconds(ncalayer, page_in):
    ncalayer.will("silent")
    desk = page_in()
    desk.page.clock.install()
    press(desk)
    sees(desk, "Ищем NCALayer")
    desk.page.clock.fast_forward(9_000)
    sees(desk, "Ищем NCALayer")
    desk.page.clock.fast_forward(1_000)
    sees(desk, "NCALayer не отвечает.")


def test_over_tls_the_browser_must_trust_the_program(pki, page_in):
    with program(pki, "--tls") as ncalayer:
        ncalayer.will("ok")
        desk = page_in()
        press(desk)
        sees(desk, "установите сертификаты НУЦ РК")
        only_one_complaint(desk, "ERR_CERT_AUTHORITY_INVALID")
        trusting_desk = page_in(ignore_https_errors=True)
        press(trusting_desk)
        trusting_desk.page.wait_for_url("**/department/")


def test_a_portal_that_does_not_answer_is_told(ncalayer, page_in):
    desk = page_in()
    desk.page.route("**/sign-in/signature/bytes/", lambda route: route.abort())
    press(desk)
    sees(desk, "Портал не ответил.")
    only_one_complaint(desk, "ERR_FAILED")


def test_without_javascript_the_page_says_what_signing_needs(ncalayer, open_desk):
    desk = open_desk(360, java_script_enabled=False)
    desk.go("accounts:sign_in")
    assert "разрешите в браузере JavaScript" in desk.text
    assert not desk.page.locator(f"{FORM} button").first.is_visible()
    assert desk.page.locator("input[name=password]").is_visible()


def test_the_back_button_brings_a_page_that_works(ncalayer, page_in):
    ncalayer.will("ok", signer="stranger")
    desk = page_in()
    press(desk)
    sees(desk, "в портале нет")
    desk.page.go_back()
    ncalayer.will("ok")
    press(desk)
    desk.page.wait_for_url("**/department/")


def test_one_may_choose_the_signer_on_the_page_of_the_double(ncalayer, page_in, open_desk):
    desk = page_in()
    person = desk.page.context.new_page()
    person.goto(ncalayer.page)
    person.check("input[name=signer][value=stranger]")
    person.click("button")
    assert person.locator("input[name=signer][value=stranger]").is_checked()
    press(desk)
    sees(desk, "в портале нет")
    person.reload()
    assert "signed" in person.inner_text("table")


def sent_with(desk: Desk, documents: list[str]) -> list[dict]:
    """Give these documents to sign in place of the server's, and keep what the form sends then."""
    given, sent = {"documents": documents, "fields": {"data": "as given"}}, []

    def keep(route) -> None:
        sent.append(parse_qs(route.request.post_data))
        route.fulfill(body="<h1>Taken</h1>", content_type="text/html")

    desk.page.route("**/sign-in/signature/bytes/", lambda route: route.fulfill(json=given))
    desk.page.route("**/sign-in/signature/", keep)
    return sent


@pytest.mark.parametrize(("is_old", "number", "steps"), [(False, 60, (0, 25, 50)), (True, 3, (0, 1, 2))])
@pytest.mark.parametrize(("language", "words"), [("ru", "Подписано: {} из {}"), ("kk", "Қол қойылды: {} / {}")])
def test_many_are_signed_in_their_order_and_one_sees_how_far(
    ncalayer, page_in, language, words, is_old, number, steps
):
    ncalayer.will("slow", language, slow_seconds=1, is_old=is_old)
    desk = page_in(language)
    documents = [f"document {one}".encode() for one in range(number)]
    sent = sent_with(desk, [b64encode(document).decode() for document in documents])
    press(desk)
    for done in steps:
        expect(desk.page.locator(FORM)).to_contain_text(words.format(done, number), use_inner_text=True)
    expect(desk.page.locator("h1")).to_have_text("Taken")
    (fields,) = sent
    assert fields["data"] == ["as given"]
    assert [digest_in(cms) for cms in fields["cms"]] == [sha256(document).digest() for document in documents]


def digest_in(cms: str) -> bytes:
    """The digest of what was signed."""
    (info,) = ContentInfo.load(b64decode(cms))["content"]["signer_infos"]
    (digest,) = [one["values"][0].native for one in info["signed_attrs"] if one["type"].native == "message_digest"]
    return digest


@SCREENS
def test_a_program_that_does_not_run_is_told(running, page_in, language, width):
    """Last: nobody starts it again."""
    desk = page_in(language, width)
    running.end()
    press(desk)
    sees(desk, {"ru": "NCALayer не отвечает.", "kk": "NCALayer жауап бермейді."}[language])
    sees(desk, "ncl.pki.gov.kz")
    button_is_back(desk)
    only_one_complaint(desk, "ERR_CONNECTION_REFUSED")
