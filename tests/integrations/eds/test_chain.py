"""From a certificate to a pinned root."""

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from integrations.eds.chain import BrokenChain, Trust, chain_of
from integrations.eds.verdicts import Reason
from integrations.emulators import gost
from integrations.emulators.gost_pki import issue as issue_gost
from integrations.emulators.gost_pki import made_authorities as gost_authorities
from integrations.emulators.pki_certificates import (
    Authority,
    authority_extensions,
    authority_name,
    key_usage,
    self_signed,
)
from tests.integrations.eds.making import (
    DAY,
    NOW,
    YEAR,
    authority_below,
    centre,
    ec_key,
    over_sha1,
    person,
    rsa_key,
)

CRITICAL = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
NAMES = (x509.NameConstraints([x509.DNSName("kz")], None), True)


def chain(*authorities, at=NOW, leaf=None, root=None):
    """The chain of a leaf that the last authority issued, all of them pinned."""
    leaf = leaf or centre().leaf(issuer=authorities[-1] if authorities else None)
    pinned = [(root or centre().root).certificate, *(one.certificate for one in authorities)]
    return chain_of(leaf.certificate, Trust.of(pinned), at)


def test_a_right_chain_goes_from_leaf_to_root():
    found = chain(centre().issuing)
    assert [certificate.subject for certificate in found[1:]] == [
        centre().issuing.certificate.subject,
        centre().root.certificate.subject,
    ]


def test_the_root_may_issue_itself():
    assert len(chain(centre().root)) == 2


def below(name="НИЖЕ", number=31, above=None, **changes):
    return authority_below(above or centre().root, name, number=number, **changes)


def without(kind, **more):
    """An authority's extensions without those of that kind."""
    return [pair for pair in authority_extensions(**more) if not isinstance(pair[0], kind)]


NO_AUTHORITY = [(x509.BasicConstraints(False, None), True), (key_usage("key_cert_sign"), True)]
NO_CERTIFICATES = [(x509.BasicConstraints(True, None), True), (key_usage("crl_sign"), True)]


def test_path_length_bounds_the_authorities_below__chain_refuse_wrong_issuer():
    narrow = below(path_length=0)
    assert len(chain(narrow)) == 3
    with pytest.raises(BrokenChain, match="too many"):
        chain(narrow, below("ЕЩЁ НИЖЕ", 32, above=narrow))
    wide = below("ШИРЕ", 33, path_length=1)
    assert len(chain(wide, below("ЕЩЁ НИЖЕ", 32, above=wide))) == 4


def expired_root():
    return self_signed(authority_name("СТАРЫЙ"), ec_key(34), (NOW - 90 * DAY, NOW - DAY))


CASES = [
    (
        "chain:_refuse_wrong_issuer basicConstraints missing",
        lambda: chain(below(extensions=without(x509.BasicConstraints))),
        Reason.CHAIN,
    ),
    (
        "chain:_refuse_wrong_issuer basicConstraints CA false",
        lambda: chain(below(extensions=NO_AUTHORITY)),
        Reason.CHAIN,
    ),
    ("chain:_refuse_wrong_issuer keyCertSign", lambda: chain(below(extensions=NO_CERTIFICATES)), Reason.CHAIN),
    ("chain:_refuse_wrong_issuer no key usage", lambda: chain(below(extensions=without(x509.KeyUsage))), Reason.CHAIN),
    ("chain:_refuse_wrong_issuer leaf issues a leaf", lambda: chain(leaf_as_issuer()), Reason.CHAIN),
    (
        "chain:_refuse_wrong_issuer issuer expired",
        lambda: chain(below(dates=(NOW - 9 * DAY, NOW - DAY))),
        Reason.EXPIRED,
    ),
    (
        "chain:_refuse_wrong_issuer issuer not yet",
        lambda: chain(below(dates=(NOW + DAY, NOW + 9 * DAY))),
        Reason.NOT_YET_VALID,
    ),
    (
        "chain:_refuse_wrong_issuer root expired",
        lambda: chain(below(above=expired_root()), root=expired_root()),
        Reason.EXPIRED,
    ),
    (
        "chain:_fault issuer's critical extension",
        lambda: chain(below(extensions=[*authority_extensions(), CRITICAL])),
        Reason.CHAIN,
    ),
    ("chain:_fault name constraints", lambda: chain(below(extensions=[*authority_extensions(), NAMES])), Reason.CHAIN),
    ("chain:_fault issuer's weak key", lambda: chain(below(key=rsa_key(1024))), Reason.WEAK),
    ("chain:_fault issuer over SHA-1", lambda: chain(sha1_issuer()), Reason.WEAK),
    ("chain:_extended issuer not pinned", lambda: chain(leaf=centre().leaf(issuer=below())), Reason.UNTRUSTED),
    ("chain:_extended root not pinned", lambda: chain(centre().issuing, root=expired_root()), Reason.UNTRUSTED),
    ("chain:chain_of an authority", lambda: chain_of(centre().issuing.certificate, centre().trust, NOW), Reason.CHAIN),
    ("chain:chain_of a root", lambda: chain_of(centre().root.certificate, centre().trust, NOW), Reason.CHAIN),
    ("chain:chain_of a root without constraints", lambda: pinned_leaf(), Reason.CHAIN),
    ("chain:_extended too long", lambda: chain(*ladder(5)), Reason.CHAIN),
    ("chain:_extended circle", lambda: circle(), Reason.CHAIN),
]


def leaf_as_issuer():
    leaf = centre().leaf()
    return Authority(leaf.certificate, leaf.key)


def sha1_issuer():
    made = below()
    return Authority(over_sha1(made.certificate, centre().root), made.key)


def pinned_leaf():
    """Somebody pinned a certificate that signed itself and is no authority's."""
    builder = x509.CertificateBuilder(
        authority_name("САМ"), authority_name("САМ"), ec_key(35).public_key(), 1, YEAR[0], YEAR[1]
    )
    certificate = builder.sign(ec_key(35), hashes.SHA256())
    return chain_of(certificate, Trust.of([certificate]), NOW)


def ladder(steps):
    made = [centre().root]
    for number in range(steps):
        made.append(below(f"СТУПЕНЬ {number}", 40 + number, above=made[-1]))
    return made[1:]


def circle():
    """Two authorities that issued each other."""
    first = self_signed(authority_name("ПЕРВЫЙ"), ec_key(36), YEAR)
    second = below("ВТОРОЙ", 37, above=first)
    turned = below("ПЕРВЫЙ", 36, above=second)
    leaf = centre().leaf(issuer=turned)
    return chain_of(leaf.certificate, Trust.of([turned.certificate, second.certificate]), NOW)


@pytest.mark.parametrize(("broken", "reason"), [pytest.param(*case, id=name) for name, *case in CASES])
def test_a_wrong_chain_is_refused(broken, reason):
    with pytest.raises(BrokenChain) as caught:
        broken()
    assert caught.value.reason is reason


def test_of_two_issuers_of_one_name_the_one_that_signed_is_found():
    """Authorities keep their name when they renew their key."""
    old, new = below("ОДНО ИМЯ", 51), below("ОДНО ИМЯ", 52)
    trust = Trust.of([centre().root.certificate, old.certificate, new.certificate])
    for issuer in (old, new):
        assert chain_of(centre().leaf(issuer=issuer).certificate, trust, NOW)[1] == issuer.certificate


def bare(issuer, *, number, name=None):
    """A certificate without the identifiers of keys; an authority's with a name."""
    subject = authority_name(name) if name else person()
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject, subject, ec_key(number).public_key(), number, *YEAR
    )
    for extension, is_critical in authority_extensions() if name else ():
        builder = builder.add_extension(extension, is_critical)
    key = issuer.key if issuer else ec_key(number)
    return Authority(builder.sign(key, hashes.SHA256()), ec_key(number))


def test_certificates_without_identifiers_of_keys_are_chained_by_name():
    root = bare(None, number=61, name="БЕЗ ПРИМЕТ")
    leaf = bare(root, number=62)
    assert len(chain_of(leaf.certificate, Trust.of([root.certificate]), NOW)) == 2
    with_identifier = centre().leaf(issuer=root)
    assert len(chain_of(with_identifier.certificate, Trust.of([root.certificate]), NOW)) == 2
    assert len(chain_of(bare(centre().root, number=63).certificate, centre().trust, NOW)) == 2


def gost_leaf(issuer):
    """A certificate whose signature says GOST and that names this issuer: nobody here can tell who made it."""
    made = asn1.Certificate.load(centre().leaf(issuer=issuer).certificate.public_bytes(Encoding.DER))
    oid = {"algorithm": gost.GOST_2015_512.signature_oid}
    made["tbs_certificate"]["signature"] = made["signature_algorithm"] = oid
    return x509.load_der_x509_certificate(made.dump())


def test_a_gost_certificate_is_refused_where_nobody_computed_it__chain_of():
    authorities = gost_authorities(NOW)
    leaf = issue_gost(authorities["issuing"], Ed25519PrivateKey.generate(), person(), YEAR, [])
    trust = Trust.of(authority.certificate for authority in authorities.values())
    assert len(chain_of(leaf, trust, NOW, is_computed_elsewhere=True)) == 3
    with pytest.raises(BrokenChain, match="a GOST certificate"):
        chain_of(leaf, trust, NOW)


def test_a_certificate_that_says_gost_under_an_rsa_issuer_is_refused__chain_is_issued_by():
    leaf = gost_leaf(centre().issuing)
    with pytest.raises(BrokenChain, match="not signed"):
        chain_of(leaf, centre().trust, NOW, is_computed_elsewhere=True)


def test_a_folder_without_root_is_no_trust(tmp_path):
    (tmp_path / "issuing.pem").write_bytes(centre().issuing.certificate.public_bytes(Encoding.PEM))
    with pytest.raises(ValueError, match="no root"):
        Trust.load(tmp_path)


def test_several_certificates_in_one_file_are_read(tmp_path):
    both = [centre().root.certificate, centre().issuing.certificate]
    (tmp_path / "bundle.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in both))
    assert Trust.load(tmp_path) == Trust.of(both)
