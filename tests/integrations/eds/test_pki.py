"""The test certification centre on disk."""

import json
import shutil
import stat
from collections import Counter

import pytest
from cryptography.x509.oid import NameOID

from integrations.emulators import cast
from integrations.emulators import pki as pki_module
from integrations.emulators.pki import make_pki, open_pki
from voucher_portal.identifiers import bin_error, iin_error


def test_everyone_of_the_cast_has_a_key_for_signing_and_one_for_signing_in(pki):
    found = {(holder.iin, holder.purpose) for holder in pki.people if holder.state == "good"}
    players = [*cast.STAFF, cast.GUARDIAN]
    assert {(player.iin, purpose) for player in players for purpose in ("sign", "auth")} <= found


def test_numbers_in_certificates_are_valid(pki):
    assert not [holder.slug for holder in pki.people if iin_error(holder.iin)]
    assert not [holder.slug for holder in pki.people if holder.bin and bin_error(holder.bin)]


def test_subject_is_written_as_the_national_centre_does(pki):
    subject = pki.certificate("school-director-sign").subject
    values = {attribute.oid: attribute.value for attribute in subject}
    assert values == {
        NameOID.COMMON_NAME: "ЖҰМАБАЕВ МАРАТ",
        NameOID.SURNAME: "ЖҰМАБАЕВ",
        NameOID.SERIAL_NUMBER: "IIN610314399003",
        NameOID.COUNTRY_NAME: "KZ",
        NameOID.ORGANIZATION_NAME: "ЧАСТНАЯ ШКОЛА «ШАҢЫРАҚ»",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "BIN101140990009",
        NameOID.GIVEN_NAME: "СЕРІКҰЛЫ",
    }


def test_private_keys_are_readable_for_their_owner_only(pki):
    # The twin centre with GOST keys, made when a test wants it, is not of this one.
    keys = [path for path in pki.folder.rglob("*.key.pem") if "gost" not in path.relative_to(pki.folder).parts]
    assert len(keys) == len(pki.people) + 6
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_every_credential_has_the_key_of_its_certificate(pki):
    for slug in ("portal", "gateway", "ocsp", "tsa", "root", "issuing", "guardian-sign", "guardian-expired-sign"):
        credential = pki.credential(slug)
        assert credential.key.public_key() == credential.certificate.public_key(), slug


def test_slugs_are_unique(pki):
    assert [slug for slug, count in Counter(holder.slug for holder in pki.people).items() if count > 1] == []


def test_making_it_again_changes_nothing(pki):
    before = pki.certificate("root")
    assert make_pki(pki.folder).certificate("root") == before


@pytest.mark.parametrize("spoil", ["unlink", "old", "garbage"])
def test_a_folder_that_is_not_whole_or_not_fresh_is_made_again(tmp_path, pki, spoil):
    folder = shutil.copytree(pki.folder, tmp_path / "pki")
    made = folder / "pki.json"
    if spoil == "unlink":
        made.unlink()
    elif spoil == "garbage":
        made.write_text("{")
    else:
        made.write_text(json.dumps(json.loads(made.read_text()) | {"ends_at": "2025-01-01T00:00:00+00:00"}))
    assert make_pki(folder).certificate("root") != pki.certificate("root")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".pki.lock", "pki"]


def test_a_folder_of_another_version_is_not_opened(tmp_path):
    (tmp_path / "pki.json").write_text('{"version": 0}')
    with pytest.raises(ValueError, match="another version"):
        open_pki(tmp_path)


def test_an_unknown_slug_is_a_key_error(pki):
    with pytest.raises(KeyError):
        pki.credential("../authority/root")


def test_the_command_prints_the_folder(pki, capsys):
    assert pki_module.main(["--out", str(pki.folder)]) == 0
    assert capsys.readouterr().out == f"{pki.folder}\n"
