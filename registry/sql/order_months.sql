-- Study days of every part inside the state orders of a provider, as a mask; read by every batch of one settling.
CREATE TEMP TABLE order_month AS
SELECT so.provider_id, so.issuer_id, so.programme, m.month, m.start_year, m.study_days, m.is_last_part, parts.n AS parts,
       daterange(m.month, (m.month + interval '1 month')::date) AS month_days, min(so.id) AS state_order_id,
       bit_or(m.study_mask & registry_days_mask(m.month, so.days)) AS mask
FROM schools_stateordercontract so
JOIN registry_studymonth m ON m.programme = so.programme AND m.is_part
    AND so.days && daterange(m.month, (m.month + interval '1 month')::date)
JOIN (SELECT programme, start_year, count(*) AS n FROM registry_studymonth WHERE is_part GROUP BY 1, 2) parts
    ON parts.programme = m.programme AND parts.start_year = m.start_year
GROUP BY so.provider_id, so.issuer_id, so.programme, m.month, m.start_year, m.study_days, m.is_last_part, parts.n;
ANALYZE order_month;
