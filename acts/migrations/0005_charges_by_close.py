"""One charge of a kind in a close, not in a month: two issuers may bill a corrected contract in the same month."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("acts", "0004_attempts_are_final")]

    operations = [
        migrations.RemoveConstraint(model_name="charge", name="charge_one_of_a_kind_per_bill"),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.UniqueConstraint(
                fields=("contract", "service_month", "close", "kind"), name="charge_one_of_a_kind_per_close"
            ),
        ),
    ]
