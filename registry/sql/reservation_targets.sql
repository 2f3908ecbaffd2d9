-- What every touched contract should hold for each month: the days of its state order and contract as a mask, the
-- nominal of its norm, and its share of the part, which is the difference of two rounded running sums (design.md §6).
ANALYZE new_voucher;

CREATE TEMP TABLE holder ON COMMIT DROP AS
SELECT c.id AS contract_id, v.id AS voucher_id, v.start_year, c.provider_id, c.programme, c.days, c.starts_on,
       n.total_kzt, n.local_kzt, n.per_month, coalesce(closed.month, DATE '1900-01-01') AS closed_through
FROM touched
JOIN registry_contract c ON c.id = touched.contract_id AND c.funding = 'FUNDED'
JOIN registry_norm n ON n.id = c.norm_id
JOIN registry_voucher v ON v.child_id = c.child_id AND v.programme = c.programme
JOIN schools_provider p ON p.id = c.provider_id
LEFT JOIN registry_closedthrough closed ON closed.issuer_id = p.issuer_id AND closed.programme = c.programme;
ANALYZE holder;

CREATE TEMP TABLE target ON COMMIT DROP AS
WITH priced AS MATERIALIZED (
    SELECT h.contract_id, m.month, h.voucher_id, m.issuer_id, m.state_order_id, m.study_days, h.starts_on,
           m.month <= h.closed_through AS is_closed,
           m.mask & registry_days_mask(m.month, h.days) AS mask,
           bit_count(m.mask & registry_days_mask(m.month, h.days))::int AS days, h.total_kzt, h.local_kzt,
           CASE WHEN h.per_month THEN h.total_kzt
                WHEN m.is_last_part THEN h.total_kzt - (m.parts - 1) * round(h.total_kzt / m.parts, 2)
                ELSE round(h.total_kzt / m.parts, 2) END AS nominal
    FROM holder h
    JOIN order_month m ON m.provider_id = h.provider_id AND m.programme = h.programme AND m.start_year = h.start_year
    WHERE m.month_days && h.days
), running AS (
    SELECT *, sum(days) OVER (PARTITION BY voucher_id, month ORDER BY starts_on, contract_id) AS cum
    FROM priced
), shared AS (
    SELECT *, round(nominal * cum / study_days, 2) - round(nominal * (cum - days) / study_days, 2) AS amount
    FROM running WHERE days > 0
)
SELECT contract_id, month, voucher_id, issuer_id, state_order_id, mask, days, study_days, nominal, amount,
       round(amount * local_kzt / total_kzt, 2) AS local, is_closed
FROM shared
ORDER BY voucher_id, month, contract_id;
ANALYZE target;
