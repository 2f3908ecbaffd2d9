-- What every touched contract should hold for each month: the days of its state order and contract as a mask, the
-- nominal of its norm, and its share of the part, which is the difference of two rounded running sums (design.md §6).
CREATE TEMP TABLE target ON COMMIT DROP AS
WITH parts AS (
    SELECT programme, start_year, count(*) AS n FROM registry_studymonth WHERE is_part GROUP BY 1, 2
), order_months AS (
    SELECT so.provider_id, so.programme, m.month, m.start_year, m.study_days, m.is_last_part,
           min(so.id) AS state_order_id, bit_or(m.study_mask & registry_days_mask(m.month, so.days)) AS mask
    FROM schools_stateordercontract so
    JOIN registry_studymonth m ON m.programme = so.programme AND m.is_part
        AND so.days && daterange(m.month, (m.month + interval '1 month')::date)
    WHERE so.provider_id IN (SELECT c.provider_id FROM touched JOIN registry_contract c ON c.id = contract_id)
    GROUP BY so.provider_id, so.programme, m.month, m.start_year, m.study_days, m.is_last_part
), covered AS (
    SELECT c.id AS contract_id, c.child_id, c.programme, c.starts_on, c.norm_id, c.provider_id, om.month, om.start_year,
           om.study_days, om.is_last_part, om.state_order_id, om.mask & registry_days_mask(om.month, c.days) AS mask
    FROM touched t
    JOIN registry_contract c ON c.id = t.contract_id AND c.funding = 'FUNDED'
    JOIN order_months om ON om.provider_id = c.provider_id AND om.programme = c.programme
        AND c.days && daterange(om.month, (om.month + interval '1 month')::date)
), priced AS (
    SELECT d.*, v.id AS voucher_id, p.issuer_id, bit_count(d.mask)::int AS days, n.local_kzt AS norm_local,
           n.total_kzt AS norm_total,
           CASE WHEN n.per_month THEN n.total_kzt
                WHEN d.is_last_part THEN n.total_kzt - (parts.n - 1) * round(n.total_kzt / parts.n, 2)
                ELSE round(n.total_kzt / parts.n, 2) END AS nominal
    FROM covered d
    JOIN schools_provider p ON p.id = d.provider_id
    JOIN registry_norm n ON n.id = d.norm_id
    JOIN parts ON parts.programme = d.programme AND parts.start_year = d.start_year
    JOIN registry_voucher v ON v.child_id = d.child_id AND v.programme = d.programme AND v.start_year = d.start_year
    WHERE bit_count(d.mask) > 0
), running AS (
    SELECT *, sum(days) OVER (PARTITION BY voucher_id, month ORDER BY starts_on, contract_id) AS cum FROM priced
), shared AS (
    SELECT *, round(nominal * cum / study_days, 2) - round(nominal * (cum - days) / study_days, 2) AS amount FROM running
)
SELECT contract_id, shared.month, voucher_id, issuer_id, state_order_id, mask, days, study_days, nominal, amount,
       round(amount * norm_local / norm_total, 2) AS local,
       coalesce(closed_month >= shared.month, false) AS is_closed
FROM shared
LEFT JOIN (SELECT issuer_id, programme, month AS closed_month FROM registry_closedthrough) closed
    USING (issuer_id, programme)
ORDER BY voucher_id, month, contract_id;
ANALYZE target;
