"""Sign-in by signature at the server: who comes in, and each reason that keeps one out."""

import base64
import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.middleware import ORGANISATION_KEY
from accounts.models import User
from integrations.eds.sign_in import signer_of
from integrations.emulators import cast
from integrations.emulators.cms import Wrong, sign_cms, to_pem
from integrations.emulators.gost import sign_gost_cms
from integrations.emulators.gost_pki import make_gost_pki, trust_gost
from integrations.emulators.ncanode import NcaNodeEmulator
from tests import html
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

FORM = "form[data-portal-sign]"
INVALID = "Подпись неверна. Подпишите ещё раз или войдите по паролю."
NEW_KEY = "Получите новый ключ ЭЦП или войдите по паролю."
USED = "Эта подпись уже использована. Подпишите ещё раз."


class Visitor(Client):
    """A browser that does what static/js/ncalayer.js does, with keys in place of NCALayer."""

    def __init__(self, pki, language: str = "ru", **options):
        super().__init__(enforce_csrf_checks=True, headers={"accept-language": language}, **options)
        self.pki = pki

    def ask(self, query: str = "") -> dict:
        """Press the button: what is to be signed, and all that the form sends beside."""
        page = self.get(reverse("accounts:sign_in") + query)
        form = html.element(page, FORM)
        answer = self.post(form.get("data-portal-sign-source"), dict(form.form_values()))
        given = answer.json()
        (document,) = given["documents"]
        return {"action": form.get("action"), "document": document, **dict(form.form_values()), **given["fields"]}

    def sign(self, asked: dict, slug: str = "guardian-auth", **options) -> str:
        """The signature of what was asked for."""
        data = base64.b64decode(asked["document"])
        return base64.b64encode(sign_cms(self.pki.credential(slug), data, **options)).decode()

    def send(self, asked: dict, cms: str):
        """Send the form."""
        fields = {name: value for name, value in asked.items() if name not in {"action", "document"}}
        return self.post(asked["action"], fields | {"cms": cms})

    def sign_in(self, slug: str = "guardian-auth", query: str = "", **options):
        """The whole way."""
        asked = self.ask(query)
        return self.send(asked, self.sign(asked, slug, **options))

    @property
    def person_pk(self) -> str | None:
        """Who is signed in."""
        return self.session.get("_auth_user_id")


@pytest.fixture
def visitor(trusting, pki) -> Visitor:
    return Visitor(pki)


@pytest.fixture
def guardian() -> User:
    return UserFactory(iin=cast.GUARDIAN.iin)


@pytest.fixture
def director(pki) -> User:
    """Of the school that his certificate names, and of another."""
    person = UserFactory(iin=cast.SCHOOL_DIRECTOR.iin)
    MembershipFactory(user=person)
    MembershipFactory(user=person, organisation__bin=pki.holder("school-director-auth").bin)
    return person


def why(answer) -> str:
    """The reason beside the form."""
    assert answer.status_code == 200
    return html.text_of(answer, f"{FORM} [role=alert]")


# Who comes in


def test_the_owner_of_the_key_comes_in_and_goes_on(visitor, guardian):
    asked = visitor.ask("?next=/profile/")
    before = visitor.session.session_key
    answer = visitor.send(asked, visitor.sign(asked))
    assert (answer.status_code, answer.url) == (302, "/profile/")
    assert visitor.person_pk == str(guardian.pk)
    assert visitor.session.session_key != before
    assert visitor.get("/profile/").status_code == 200


def test_signing_in_does_not_send_to_another_site(visitor, guardian):
    assert visitor.sign_in(query="?next=https://elsewhere.example/").url == "/"


@pytest.mark.parametrize("form", ["pem", "stamped", "lines"])
def test_a_signature_may_look_as_ncalayer_gives_it(visitor, guardian, pki, form):
    asked = visitor.ask()
    cms = visitor.sign(asked, tsa=pki.credential("tsa") if form == "stamped" else None)
    if form == "pem":
        cms = to_pem(base64.b64decode(cms))
    if form == "lines":
        cms = "\r\n".join(cms[start : start + 64] for start in range(0, len(cms), 64))
    assert visitor.send(asked, cms).status_code == 302


def test_the_browser_takes_the_persons_language(visitor, guardian):
    User.objects.update(language="kk")
    assert visitor.sign_in().cookies["django_language"].value == "kk"


def test_one_acts_for_the_organisation_of_the_certificate(visitor, director):
    of_certificate = director.memberships.get(organisation__bin=visitor.pki.holder("school-director-auth").bin)
    visitor.sign_in("school-director-auth")
    assert visitor.session[ORGANISATION_KEY] == of_certificate.organisation_id


def test_ones_own_certificate_or_that_of_a_place_left_chooses_no_organisation(visitor, director, guardian):
    visitor.sign_in("school-director-person-auth")
    assert ORGANISATION_KEY not in visitor.session
    other = Visitor(visitor.pki)
    director.memberships.filter(organisation__bin=visitor.pki.holder("school-director-auth").bin).delete()
    assert other.sign_in("school-director-auth").status_code == 302
    assert ORGANISATION_KEY not in other.session


def test_who_needs_a_code_is_asked_for_it_after_a_signature_too(visitor, director):
    TOTPDevice.objects.create(user=director, name="phone")
    visitor.sign_in("school-director-auth")
    assert visitor.get("/profile/").url == reverse("accounts:code")


def test_the_log_says_how_one_signed_in(visitor, guardian, caplog):
    visitor.sign_in()
    (line,) = [record.getMessage() for record in caplog.records if "signed_in" in record.getMessage()]
    assert "'method': 'signature'" in line
    assert guardian.iin not in caplog.text


# Who does not. The check that refuses stands in brackets.


@pytest.mark.parametrize(
    ("slug", "reason"),
    [
        ("guardian-revoked-auth", f"Сертификат этого ключа отозван. {NEW_KEY}"),
        ("guardian-expired-auth", f"Срок действия сертификата этого ключа истёк. {NEW_KEY}"),
        ("guardian-sign", "Этот ключ — для подписания документов. Выберите ключ для аутентификации."),
        ("stranger-auth", "Владельца этого ключа в портале нет. Обратитесь в свою организацию или к оператору."),
        ("nca-staff-auth", "С этим сертификатом войти нельзя. Выберите другой свой ключ."),
    ],
    ids=[
        "revoked [verifier:_refuse_revoked]", "expired [chain:chain_of]",
        "signing key [verifier:_refuse_wrong_holder]", "unknown [signatures:_person]",
        "staff [verifier:_refuse_wrong_holder]",
    ],
)  # fmt: skip
def test_a_key_that_lets_nobody_in(visitor, guardian, slug, reason):
    assert why(visitor.sign_in(slug)) == reason
    assert visitor.person_pk is None


@pytest.mark.parametrize("_check", ["inactive [signatures:_person]"])
def test_a_closed_sign_in_stays_closed(visitor, guardian, _check):
    User.objects.update(is_active=False)
    assert why(visitor.sign_in()) == "Вход закрыт. Обратитесь в свою организацию или к оператору."
    assert visitor.person_pk is None


@pytest.mark.parametrize(
    "options",
    [
        {"wrong": Wrong(digest_of=b"Act No. 1")},
        {"wrong": Wrong(is_bare=True)},
        {"attached": True},
    ],
    ids=["other bytes", "no signed attributes", "attached [verifier:_refuse_other_content]"],
)
def test_a_wrong_signature(visitor, guardian, options):
    assert why(visitor.sign_in(**options)) == INVALID
    assert visitor.person_pk is None


@pytest.mark.parametrize(
    "cms", ["", "junk", "AAAA", "\x00", "A" * 1_000_001, "-----BEGIN CMS-----\n-----END CMS-----"]
)
def test_no_signature_at_all(visitor, guardian, cms):
    assert why(visitor.send(visitor.ask(), cms)) == INVALID


@pytest.mark.parametrize("_check", ["another's certificate with one's own key [cms_mathematics:verify_signature]"])
def test_anothers_certificate_without_his_key(visitor, guardian, pki, _check):
    wrong = Wrong(key=pki.credential("stranger-auth").key)
    assert why(visitor.sign_in("guardian-auth", wrong=wrong)) == INVALID


@pytest.mark.parametrize("_check", ["unchecked [sign_in:_refusal]"])
def test_when_nobody_says_whether_it_is_revoked_the_password_is_left(visitor, trusting, guardian, _check):
    trusting.EDS_OCSP_URL = "http://127.0.0.1:9/ocsp"
    reason = why(visitor.sign_in())
    assert reason.startswith("Удостоверяющий центр не отвечает")
    assert "войдите по паролю" in reason
    page = visitor.get(reverse("accounts:sign_in"))
    answer = html.submit(
        visitor, page, "main form:not([data-portal-sign])", username=guardian.iin, password="factory-password"
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("_check", ["unverified [sign_in:_refusal]"])
def test_gost_without_ncanode(visitor, trusting, guardian, tmp_path, _check):
    gost = make_gost_pki(tmp_path / "gost")
    trusting.EDS_TRUST_DIR = str(gost.trust)
    asked = visitor.ask()
    cms = sign_gost_cms(gost.credential("guardian-auth"), base64.b64decode(asked["document"]))
    answer = visitor.send(asked, base64.b64encode(cms).decode())
    assert why(answer) == "Сейчас портал не может проверить подпись этого вида. Войдите по паролю."


def test_gost_with_ncanode_lets_in(visitor, trusting, guardian, pki, tmp_path):
    gost = make_gost_pki(tmp_path / "gost")
    trusting.EDS_TRUST_DIR = str(shutil.copytree(pki.trust, tmp_path / "trust"))
    trust_gost(gost, tmp_path / "trust")
    asked = visitor.ask()
    cms = sign_gost_cms(gost.credential("guardian-auth"), base64.b64decode(asked["document"]))
    with NcaNodeEmulator([pki.folder, gost.folder]) as ncanode:
        trusting.NCANODE_URL = ncanode.url
        assert visitor.send(asked, base64.b64encode(cms).decode()).status_code == 302
    assert visitor.person_pk == str(guardian.pk)


def test_a_portal_that_is_set_up_wrongly_leaves_the_password(visitor, trusting, guardian, tmp_path, caplog):
    trusting.EDS_TRUST_DIR = str(tmp_path)
    assert why(visitor.sign_in()) == "Сейчас портал не может проверить подпись этого вида. Войдите по паролю."
    assert "signatures_not_verifiable" in caplog.text


def test_each_reason_is_told_in_kazakh_too(trusting, pki, guardian):
    assert why(Visitor(pki, "kk").sign_in("stranger-auth")).startswith("Бұл кілттің иесі порталда тіркелмеген.")


# Bytes that are not good any more, or not here


def test_a_signature_lets_in_once_even_with_the_session_from_before(visitor, guardian, pki):
    asked, replayer = visitor.ask(), Visitor(pki)
    replayer.cookies = visitor.cookies.copy()
    cms = visitor.sign(asked)
    assert visitor.send(asked, cms).status_code == 302
    assert why(replayer.send(asked, cms))
    assert replayer.person_pk is None


@pytest.mark.parametrize("_check", ["used [signatures:take]"])
def test_a_failed_attempt_uses_the_bytes_up(visitor, guardian, _check):
    asked = visitor.ask()
    assert why(visitor.send(asked, visitor.sign(asked, "stranger-auth")))
    assert why(visitor.send(asked, visitor.sign(asked))) == USED


@pytest.mark.parametrize("_check", ["old [signatures:take]"])
def test_a_signature_that_comes_late(visitor, guardian, freeze, _check):
    freeze(2026, 11, 22, 12, 0)
    asked = visitor.ask()
    freeze(2026, 11, 22, 12, 3)
    assert (
        why(visitor.send(asked, visitor.sign(asked)))
        == "Подпись пришла позже чем через две минуты. Подпишите ещё раз."
    )


@pytest.mark.parametrize("_check", ["other_browser [signatures:take]"])
def test_bytes_that_another_browser_asked_for(visitor, guardian, pki, _check):
    asked, thief = visitor.ask(), Visitor(pki)
    cms = visitor.sign(asked)
    stolen = thief.ask() | {"data": asked["data"]}
    assert why(thief.send(stolen, cms)) == "Эта подпись сделана в другом браузере. Подпишите на этой странице."
    assert thief.person_pk is None
    assert visitor.send(asked, cms).status_code == 302  # it is still good where it belongs


@pytest.mark.parametrize("_check", ["other_site [signatures:take]"])
@pytest.mark.parametrize(
    "data", [b"Sign-in to the voucher portal http://other/\nTime: 1\nNonce: 2", b"Act No. 1", None]
)
def test_bytes_of_another_site(visitor, guardian, data, _check):
    document = base64.b64encode(data).decode() if data else "no Base64!"
    asked = visitor.ask() | {"data": document}
    cms = visitor.sign(asked | {"document": document}) if data else "AAAA"
    reason = "Эта подпись сделана для другого сайта. Подписывайте только на этой странице."
    assert why(visitor.send(asked, cms)) == reason


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_check", ["one of two at the same moment [signatures:take]"])
def test_two_at_the_same_moment_give_one_sign_in(visitor, trusting, guardian, pki, _check):
    trusting.SIGNATURE_READER = f"{__name__}.read_together"
    TOGETHER.reset()
    asked = visitor.ask()
    cms = visitor.sign(asked)
    twins = [Visitor(pki), Visitor(pki)]
    for twin in twins:
        twin.cookies = visitor.cookies.copy()
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda twin: twin.send(asked, cms), twins))
    assert statuses == [200, 302]


TOGETHER = Barrier(2)


def read_together(cms: bytes, data: bytes):
    """The portal's own reader; whoever gets this far waits for a second one for a moment."""
    try:
        TOGETHER.wait(1)
    except BrokenBarrierError:
        pass
    return signer_of(cms, data)


# Guessing, forging, looking


def test_the_form_of_another_site_is_refused(visitor, guardian):
    asked = visitor.ask()
    del asked["csrfmiddlewaretoken"]
    assert visitor.send(asked, visitor.sign(asked)).status_code == 403
    assert visitor.post(reverse("accounts:bytes_to_sign")).status_code == 403
    assert visitor.person_pk is None


def test_attempts_with_anothers_certificate_lock_his_sign_in_from_there(visitor, trusting, guardian, pki):
    trusting.AXES_ENABLED, trusting.AXES_FAILURE_LIMIT = True, 3
    forged = Wrong(key=pki.credential("stranger-auth").key)
    statuses = [visitor.sign_in("guardian-auth", wrong=forged).status_code for _attempt in range(3)]
    assert statuses == [200, 200, 429]
    assert visitor.sign_in("guardian-auth").status_code == 429  # his own as well, from there
    assert visitor.person_pk is None
    officer = UserFactory(iin=cast.OFFICER.iin)
    assert visitor.sign_in("officer-auth").status_code == 302  # nobody else is locked out
    assert visitor.person_pk == str(officer.pk)


def test_a_key_that_is_out_of_date_locks_nobody_out(visitor, trusting, guardian):
    trusting.AXES_ENABLED, trusting.AXES_FAILURE_LIMIT = True, 2
    for _attempt in range(4):
        assert visitor.sign_in("guardian-expired-auth").status_code == 200
    assert visitor.sign_in().status_code == 302


def test_a_signature_clears_the_failures_of_the_password(visitor, trusting, guardian):
    trusting.AXES_ENABLED, trusting.AXES_FAILURE_LIMIT = True, 3

    def guess() -> int:
        page = visitor.get(reverse("accounts:sign_in"))
        form = "main form:not([data-portal-sign])"
        return html.submit(visitor, page, form, username=guardian.iin, password="wrong").status_code

    assert [guess(), guess()] == [200, 200]
    assert visitor.sign_in().status_code == 302
    visitor.cookies.clear()
    assert [guess(), guess()] == [200, 200]


def test_what_was_sent_is_not_kept_with_a_failed_attempt(visitor, trusting, guardian, pki):
    trusting.AXES_ENABLED = True
    visitor.sign_in("guardian-auth", wrong=Wrong(key=pki.credential("stranger-auth").key))
    (attempt,) = AccessAttempt.objects.all()
    assert "cms=****" in attempt.post_data


def test_who_is_signed_in_has_nothing_to_sign(visitor, guardian):
    visitor.force_login(guardian)
    for name in ("accounts:bytes_to_sign", "accounts:sign_in_by_signature"):
        csrf = html.select(visitor.get("/profile/"), "input[name=csrfmiddlewaretoken]")[0].get("value")
        assert visitor.post(reverse(name), {"csrfmiddlewaretoken": csrf}).url == "/"


def test_reloading_after_a_refusal_comes_back_to_the_page(visitor):
    assert visitor.get(reverse("accounts:sign_in_by_signature")).url == reverse("accounts:sign_in")


def test_without_a_trusted_centre_there_is_no_such_way(settings, pki):
    settings.EDS_TRUST_DIR = ""
    visitor = Client()
    assert html.select(visitor.get(reverse("accounts:sign_in")), FORM) == []
    assert b"ncalayer" not in visitor.get(reverse("accounts:sign_in")).content
    assert visitor.post(reverse("accounts:bytes_to_sign")).status_code == 404
    assert visitor.post(reverse("accounts:sign_in_by_signature")).status_code == 404


@pytest.mark.parametrize("takes_test_keys", [True, False])
def test_the_page_asks_for_test_keys_only_when_told(visitor, trusting, takes_test_keys):
    trusting.EDS_TEST_KEYS = takes_test_keys
    trusting.NCALAYER_ADDRESS = "ws://127.0.0.1:1"
    form = html.element(visitor.get(reverse("accounts:sign_in")), FORM)
    assert ("data-portal-sign-test-keys" in form.attrib) is takes_test_keys
    assert form.get("data-portal-sign-address") == "ws://127.0.0.1:1"
    assert form.get("data-portal-sign") == "AuthAny"
