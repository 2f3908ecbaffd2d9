"""From which accounts an issuer pays, and the codes of its treasury.

They belong to the paying department and are set by `manage.py set_payer_account`. Outside production an issuer
without accounts gets synthetic ones, so that the demo, tests and worked examples need no other file than the region's.
Source: REG §14.3, contracts/payments.md §7.
"""

from django.conf import settings
from stdnum.iso7064 import mod_97_10

from acts.models import PayerAccount
from acts.payments.errors import PaymentError
from registry.enums import Source
from schools.models import Issuer

TREASURY_BIC = "KKMFKZ2A"
TREASURY_BANK_CODE = "070"
KOD_OF_LOCAL_AUTHORITY = "12"
KNP_OF_OTHER_SERVICES = "859"
# Functional group / subgroup / administrator / programme / subprogramme / specific of the demo (REG §14.3).
DEMO_BUDGET_CODES = {"budget_code_school": "04/2/261/099/000/159", "budget_code_preschool": "04/1/261/202/000/159"}


def payer_accounts(issuer: Issuer) -> dict[str, PayerAccount]:
    """The account of each source. One query; two more where outside production the first payment makes them.

    Raises:
        PaymentError: in production a source has no account.
    """
    accounts = {account.source: account for account in issuer.payer_accounts.all()}
    missing = [source for source in Source.values if source not in accounts]
    if not missing:
        return accounts
    if getattr(settings, "PRODUCTION", False):
        raise PaymentError(f"{issuer.code} has no account for {', '.join(missing)}: see set_payer_account")
    made = [_synthetic_account(issuer, source) for source in missing]
    PayerAccount.objects.bulk_create(made, ignore_conflicts=True)
    return accounts | {account.source: account for account in made}


def _synthetic_account(issuer: Issuer, source: str) -> PayerAccount:
    account = f"{TREASURY_BANK_CODE}KZT{issuer.pk:08d}{Source.values.index(source):02d}"
    return PayerAccount(
        issuer=issuer,
        source=source,
        iban=f"KZ{mod_97_10.calc_check_digits(account + 'KZ')}{account}",
        bic=TREASURY_BIC,
        kod=KOD_OF_LOCAL_AUTHORITY,
        knp=KNP_OF_OTHER_SERVICES,
        **DEMO_BUDGET_CODES,
    )
