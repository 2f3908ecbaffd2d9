"""Days of a month as bits, and the budgets whose limit is passed: what the set-based statements and triggers ask."""

from django.db import migrations

DAYS_MASK = """
CREATE FUNCTION registry_days_mask(month date, days daterange) RETURNS bit(31)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (B'1111111111111111111111111111111' >> greatest(lower(days) - month, 0))
         & (B'1111111111111111111111111111111' << greatest(31 - (coalesce(upper(days), month + 31) - month), 0))
$$;
COMMENT ON FUNCTION registry_days_mask IS 'bit k is 1 when day k + 1 of the month lies in the range, which is not empty; one expression, so that it is inlined';
"""

MARKS_MASK = """
CREATE FUNCTION registry_marks_mask(marks text, bits text) RETURNS bit(31)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT rpad(translate(marks, 'PSLQNH.', bits), 31, '0')::bit(31)
$$;
COMMENT ON FUNCTION registry_marks_mask IS 'bits: seven 0 or 1, one for each of P S L Q N H and the point';
"""

OVERRUN = """
CREATE VIEW registry_budget_overrun AS
SELECT used.issuer_id, used.programme, used.year, used.source, used.kzt AS used_kzt, coalesce(b.limit_kzt, 0) AS limit_kzt
FROM (
    SELECT issuer_id, programme, extract(year FROM month)::int AS year, s.source, sum(s.kzt) AS kzt
    FROM registry_ledgerbalance
    CROSS JOIN LATERAL (VALUES ('local', local_kzt), ('republican', republican_kzt)) AS s(source, kzt)
    WHERE account IN ('RESERVED', 'WRITTEN_OFF', 'REDEEMED')
    GROUP BY 1, 2, 3, 4
) used
LEFT JOIN registry_budget b USING (issuer_id, programme, year, source)
WHERE used.kzt > coalesce(b.limit_kzt, 0);
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [
        migrations.RunSQL(DAYS_MASK, "DROP FUNCTION registry_days_mask"),
        migrations.RunSQL(MARKS_MASK, "DROP FUNCTION registry_marks_mask"),
        migrations.RunSQL(OVERRUN, "DROP VIEW registry_budget_overrun"),
    ]
