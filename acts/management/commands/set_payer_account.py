"""`manage.py set_payer_account --issuer CODE --source S --iban … --bic … …`: from where an issuer pays a source."""

from django.core.exceptions import ValidationError

from acts.models import PayerAccount
from acts.payments.payers import KNP_OF_OTHER_SERVICES, KOD_OF_LOCAL_AUTHORITY
from registry.enums import Source
from schools.models import Issuer
from voucher_portal.commands import JsonCommand, WrongInput

FIELDS = ("iban", "bic", "kod", "knp", "budget_code_school", "budget_code_preschool")


class Command(JsonCommand):
    help = "Set or change the account from which an issuer pays a funding source, with the codes of its treasury."

    def add_options(self, parser):
        parser.add_argument("--issuer", required=True, help="code of the issuer")
        parser.add_argument("--source", required=True, choices=Source.values)
        parser.add_argument("--iban", required=True)
        parser.add_argument("--bic", required=True)
        parser.add_argument("--kod", default=KOD_OF_LOCAL_AUTHORITY, help="residency and sector of the payer")
        parser.add_argument("--knp", default=KNP_OF_OTHER_SERVICES, help="code of the payment's purpose")
        parser.add_argument("--budget-code-school", required=True, help="expense code of the school programme")
        parser.add_argument("--budget-code-preschool", required=True, help="expense code of the preschool programme")

    def run(self, *, issuer, source, **options) -> dict:
        payer = Issuer.objects.filter(code=issuer).first()
        if payer is None:
            raise WrongInput(f"there is no issuer with the code {issuer!r}")
        account = PayerAccount.objects.filter(issuer=payer, source=source).first()
        account = account or PayerAccount(issuer=payer, source=source)
        for name in FIELDS:
            setattr(account, name, options[name])
        try:
            account.full_clean()
        except ValidationError as error:
            wrong = (f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts)
            raise WrongInput(*wrong) from error
        account.save()
        return {"issuer": issuer, "source": source, "iban": account.iban}
