"""A contract may be corrected to another issuer or programme: its reservations and late facts are kept by them.

The tables are as large as the contracts of a region and its late facts: some seconds for a city.
"""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE registry_latefact f SET issuer_id = p.issuer_id, programme = c.programme
FROM registry_contract c JOIN schools_provider p ON p.id = c.provider_id WHERE c.id = f.contract_id
"""
KEY = "ALTER TABLE registry_reservation DROP CONSTRAINT registry_reservation_pkey, ADD PRIMARY KEY ({})"


class Migration(migrations.Migration):
    dependencies = [("registry", "0008_text_of_entries"), ("schools", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="latefact", name="latefact_one_waiting_per_month"),
        migrations.AddField(
            model_name="latefact",
            name="issuer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="schools.issuer",
            ),
        ),
        migrations.AddField(
            model_name="latefact",
            name="programme",
            field=models.CharField(
                choices=[("school", "School"), ("preschool", "Preschool")],
                max_length=10,
                null=True,
                verbose_name="programme",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="latefact",
            name="issuer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="schools.issuer",
            ),
        ),
        migrations.AlterField(
            model_name="latefact",
            name="programme",
            field=models.CharField(
                choices=[("school", "School"), ("preschool", "Preschool")], max_length=10, verbose_name="programme"
            ),
        ),
        migrations.AddConstraint(
            model_name="latefact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("billed_at", None)),
                fields=("contract", "month", "issuer", "programme"),
                name="latefact_one_waiting_per_month",
            ),
        ),
        migrations.RunSQL(
            KEY.format("contract_id, month, voucher_id, issuer_id"),
            KEY.format("contract_id, month, voucher_id"),
            state_operations=[
                migrations.AlterField(
                    model_name="reservation",
                    name="pk",
                    field=models.CompositePrimaryKey(
                        "contract_id",
                        "month",
                        "voucher_id",
                        "issuer_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
    ]
