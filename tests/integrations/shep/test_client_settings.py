"""The client as the settings name it."""

import pytest
from cryptography.hazmat.primitives import serialization
from django.core.exceptions import ImproperlyConfigured

from integrations import tasks
from integrations.shep import client_settings
from integrations.shep.archive import DAY
from integrations.shep.client import gateway_of_settings
from integrations.shep.registers import Outcome
from integrations.shep.wsse import RsaSigner
from integrations.shep.wsse_ncanode import NcanodeSigner
from tests.integrations.shep.portal_side import ELIC, key


@pytest.mark.django_db
def test_the_gateway_of_the_settings_is_asked(connected):
    portal = gateway_of_settings()
    answer = portal.ask(ELIC, key(ELIC), fresh=True)
    assert answer.outcome is Outcome.FOUND
    assert portal.archive.root == connected.ARCHIVE_ROOT
    assert portal.account.without_consent == {"GBDFL"}


def test_one_gateway_serves_until_a_setting_changes(connected):
    first = gateway_of_settings()
    assert gateway_of_settings() is first
    connected.SHEP_URL = "http://gateway.example/sync"
    assert gateway_of_settings() is not first


@pytest.mark.parametrize(
    "name",
    ["SHEP_URL", "SHEP_SENDER_ID", "SHEP_REQUESTOR_BIN", "SHEP_KEY_FILE", "SHEP_CERTIFICATE_FILE",
     "SHEP_GATEWAY_CERTIFICATE_FILE"],
)  # fmt: skip
def test_a_setting_that_is_missing_is_named(connected, name):
    setattr(connected, name, "")
    with pytest.raises(ImproperlyConfigured, match=rf"Set {name} \(docs/integrations\.md"):
        gateway_of_settings()


def test_an_unknown_way_to_sign_is_refused(connected):
    connected.SHEP_SIGN_WITH = "quill"
    with pytest.raises(ImproperlyConfigured, match="SHEP_SIGN_WITH"):
        gateway_of_settings()


@pytest.mark.parametrize("name", ["SHEP_KEY_FILE", "SHEP_CERTIFICATE_FILE", "SHEP_GATEWAY_CERTIFICATE_FILE"])
@pytest.mark.parametrize("content", [None, "not PEM"], ids=["no file", "no PEM"])
def test_a_file_that_cannot_be_read_is_named(connected, tmp_path, name, content):
    file = tmp_path / "wrong.pem"
    if content:
        file.write_text(content)
    setattr(connected, name, str(file))
    with pytest.raises(ImproperlyConfigured, match=r"wrong\.pem"):
        gateway_of_settings()


def test_gost_is_signed_and_verified_by_ncanode(connected, tmp_path):
    (tmp_path / "key.p12").write_bytes(b"PKCS#12")
    connected.SHEP_SIGN_WITH, connected.SHEP_KEY_PASSWORD = "ncanode", "of the key"
    connected.SHEP_KEY_FILE, connected.SHEP_CERTIFICATE_FILE = str(tmp_path / "key.p12"), ""
    with pytest.raises(ImproperlyConfigured, match="NCANODE_URL"):
        gateway_of_settings()
    connected.NCANODE_URL = "http://127.0.0.1:14579"
    portal = gateway_of_settings()
    assert isinstance(portal.line.signer, NcanodeSigner)
    assert portal.line.trust.gost is not None
    assert "of the key" not in repr(portal)


def test_a_key_with_a_password_is_opened(connected, pki, tmp_path):
    key_file = tmp_path / "locked.pem"
    locked = serialization.BestAvailableEncryption(b"of the key")
    kind = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    key_file.write_bytes(pki.credential("portal").key.private_bytes(*kind))
    connected.SHEP_KEY_FILE, connected.SHEP_KEY_PASSWORD = str(key_file), "of the key"
    assert isinstance(gateway_of_settings().line.signer, RsaSigner)


def test_the_archive_is_purged_by_its_days(connected, monkeypatch):
    connected.ARCHIVE_DAYS = 30
    archive = client_settings.archive_of_settings()
    name = archive.put(b"<a/>")
    tasks.purge_archive()
    assert archive.get(name) == b"<a/>"
    now = archive._path(name).stat().st_mtime
    monkeypatch.setattr("integrations.shep.archive.time.time", lambda: now + 31 * DAY)
    tasks.purge_archive()
    assert not archive._path(name).exists()
