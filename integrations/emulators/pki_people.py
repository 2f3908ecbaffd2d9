"""Who of the demo's people holds which certificate, the odd ones included. Source: contracts/ncalayer.md §5."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integrations.emulators import cast
from integrations.emulators.cast import Office, Player
from integrations.emulators.pki_certificates import LEAVES_FROM, Authority, Dates, leaf_extensions, policies

SIGN, AUTH = "sign", "auth"
GOOD, EXPIRED, REVOKED = "good", "expired", "revoked"
INDIVIDUAL, CEO, CAN_SIGN, CAN_SIGN_FINANCIAL, HR, EMPLOYEE, NCA_STAFF = (
    "INDIVIDUAL", "CEO", "CAN_SIGN", "CAN_SIGN_FINANCIAL", "HR", "EMPLOYEE", "NCA_STAFF",
)  # fmt: skip
ORGANISATION_OID = "1.2.398.3.3.4.1.2"
ROLE_OIDS = {
    INDIVIDUAL: "1.2.398.3.3.4.1.1",
    CEO: "1.2.398.3.3.4.1.2.1",
    CAN_SIGN: "1.2.398.3.3.4.1.2.2",
    CAN_SIGN_FINANCIAL: "1.2.398.3.3.4.1.2.3",
    HR: "1.2.398.3.3.4.1.2.4",
    EMPLOYEE: "1.2.398.3.3.4.1.2.5",
    NCA_STAFF: "1.2.398.3.3.4.2.1",
}
WITHOUT_ORGANISATION = (INDIVIDUAL, NCA_STAFF)
# The extended key usage of the purpose, and the bit beside digitalSignature.
PURPOSES = {
    SIGN: (ExtendedKeyUsageOID.EMAIL_PROTECTION, "content_commitment"),
    AUTH: (ExtendedKeyUsageOID.CLIENT_AUTH, "key_encipherment"),
}
EXPIRED_ON = datetime.datetime(2025, 6, 30, tzinfo=datetime.UTC)
REVOKED_ON = datetime.datetime(2025, 7, 1, tzinfo=datetime.UTC)

SLUGS = {
    cast.SCHOOL_DIRECTOR: "school-director",
    cast.SCHOOL_CLERK: "school-clerk",
    cast.KINDERGARTEN_DIRECTOR: "kindergarten-director",
    cast.KINDERGARTEN_CLERK: "kindergarten-clerk",
    cast.OFFICER: "officer",
    cast.DEPARTMENT_HEAD: "department-head",
    cast.OPERATOR_STAFF: "operator",
    cast.INSPECTOR: "inspector",
    cast.AUDITOR: "auditor",
    cast.ADMINISTRATOR: "administrator",
    cast.GUARDIAN: "guardian",
}
STRANGER = Player(cast.FAMILY, "720415399005", "Бөтенов", "Тимур", "Арманұлы")


@dataclass(frozen=True)
class Holder:
    """One certificate of a person; without an organisation `bin` and `organisation` are empty."""

    slug: str
    iin: str
    bin: str
    name: str
    organisation: str
    place: str
    purpose: str
    role: str
    state: str
    last_name: str
    first_name: str
    middle_name: str
    key_name: str


def holders(scale: str, seed: int) -> list[Holder]:
    """Every certificate of the demo: for all their own as natural persons, for staff also their organisation's."""
    offices = cast.workplaces(scale, seed)
    rows = []
    for player, slug in SLUGS.items():
        office = offices.get(player.place)
        role = CEO if player.is_head else EMPLOYEE
        for purpose in (SIGN, AUTH):
            if office:
                rows.append(_holder(player, slug, f"{slug}-{purpose}", purpose, role, office=office))
                rows.append(_holder(player, slug, f"{slug}-person-{purpose}", purpose, INDIVIDUAL))
            else:
                rows.append(_holder(player, slug, f"{slug}-{purpose}", purpose, INDIVIDUAL))
    return [*rows, *_odd_ones(offices)]


def _odd_ones(offices: dict[str, Office]) -> Iterator[Holder]:
    school, kindergarten = offices[cast.SCHOOL], offices[cast.KINDERGARTEN]
    director, clerk, guardian = cast.SCHOOL_DIRECTOR, cast.SCHOOL_CLERK, cast.GUARDIAN
    for purpose in (SIGN, AUTH):
        for state in (EXPIRED, REVOKED):
            yield _holder(
                director, "school-director", f"school-director-{state}-{purpose}", purpose, CEO, state, office=school
            )
            yield _holder(guardian, "guardian", f"guardian-{state}-{purpose}", purpose, INDIVIDUAL, state)
        yield _holder(STRANGER, "stranger", f"stranger-{purpose}", purpose, INDIVIDUAL)
    yield _holder(director, "school-director", "school-director-wrong-role-sign", SIGN, EMPLOYEE, office=school)
    yield _holder(director, "school-director", "school-director-elsewhere-sign", SIGN, CEO, office=kindergarten)
    for role in (CAN_SIGN, CAN_SIGN_FINANCIAL, HR):
        slug = f"school-clerk-{role.lower().replace('_', '-')}-sign"
        yield _holder(clerk, "school-clerk", slug, SIGN, role, office=school)
    yield _holder(STRANGER, "stranger", "nca-staff-sign", SIGN, NCA_STAFF)
    yield _holder(STRANGER, "stranger", "nca-staff-auth", AUTH, NCA_STAFF)


def _holder(
    player: Player, person: str, slug: str, purpose: str, role: str, state: str = GOOD, *, office: Office | None = None
) -> Holder:
    return Holder(
        slug=slug,
        iin=player.iin,
        bin=office.bin if office else "",
        name=f"{player.last_name} {player.first_name} {player.middle_name}",
        organisation=office.name_ru if office else "",
        place=player.place,
        purpose=purpose,
        role=role,
        state=state,
        last_name=player.last_name,
        first_name=player.first_name,
        middle_name=player.middle_name,
        key_name=f"{person}-{purpose}",
    )


def certificate_of(
    holder: Holder, issuing: Authority, key: rsa.RSAPrivateKey, now: datetime.datetime
) -> x509.Certificate:
    """The certificate of that row."""
    purpose, bit = PURPOSES[holder.purpose]
    roles = [] if holder.role in WITHOUT_ORGANISATION else [ORGANISATION_OID]
    extended = [purpose, *map(x509.ObjectIdentifier, [*roles, ROLE_OIDS[holder.role]])]
    extensions = [*leaf_extensions(["digital_signature", bit], extended), policies()]
    return issuing.issue(subject_of(holder), key.public_key(), _dates(holder, issuing, now), extensions)


def subject_of(holder: Holder) -> x509.Name:
    """The subject as НУЦ РК writes it: GIVENNAME is the patronymic."""
    pairs = [
        (NameOID.COMMON_NAME, f"{holder.last_name} {holder.first_name}".upper()),
        (NameOID.SURNAME, holder.last_name.upper()),
        (NameOID.SERIAL_NUMBER, f"IIN{holder.iin}"),
        (NameOID.COUNTRY_NAME, "KZ"),
        (NameOID.ORGANIZATION_NAME, holder.organisation.upper()),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, holder.bin and f"BIN{holder.bin}"),
        (NameOID.GIVEN_NAME, holder.middle_name.upper()),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs if value])


def _dates(holder: Holder, issuing: Authority, now: datetime.datetime) -> Dates:
    return (LEAVES_FROM, EXPIRED_ON) if holder.state == EXPIRED else issuing.leaf_dates(now)
