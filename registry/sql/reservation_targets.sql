-- What every touched contract should hold for each month: the days of its state order and contract as a mask, the
-- nominal of its norm, and its share of the part, which is the difference of two rounded running sums (design.md §6).
-- Only what differs from the reservation that is there becomes a row of `target`.
ANALYZE new_voucher;

CREATE TEMP TABLE holder ON COMMIT DROP AS
SELECT t.contract_id, v.id AS voucher_id, v.start_year, t.provider_id, t.programme, t.days, t.starts_on,
       n.total_kzt, n.local_kzt, n.per_month, coalesce(closed.month, DATE '1900-01-01') AS closed_through
FROM touched t
JOIN registry_norm n ON n.id = t.norm_id
JOIN registry_voucher v ON v.child_id = t.child_id AND v.programme = t.programme
LEFT JOIN registry_closedthrough closed ON closed.issuer_id = t.issuer_id AND closed.programme = t.programme
WHERE t.funding = 'FUNDED';
ANALYZE holder (contract_id, voucher_id, provider_id, programme);

CREATE TEMP TABLE held ON COMMIT DROP AS
SELECT r.*
FROM touched t
CROSS JOIN LATERAL (SELECT * FROM registry_reservation r WHERE r.contract_id = t.contract_id OFFSET 0) r;
ANALYZE held (contract_id, month);

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
    SELECT *, sum(days) OVER (PARTITION BY voucher_id, month, issuer_id ORDER BY starts_on, contract_id) AS cum
    FROM priced
), shared AS (
    SELECT *, CASE WHEN days = study_days THEN nominal  -- the whole month, as for most: then nothing has to be divided
                   ELSE round(nominal * cum / study_days, 2) - round(nominal * (cum - days) / study_days, 2) END AS amount
    FROM running WHERE days > 0
)
SELECT s.contract_id, s.month, s.voucher_id, s.issuer_id, s.state_order_id, s.mask, s.days, s.study_days, s.nominal,
       s.amount, round(s.amount * s.local_kzt / s.total_kzt, 2) AS local, s.is_closed, r.contract_id IS NULL AS is_new,
       coalesce(r.local_kzt, 0) AS held_local, coalesce(r.republican_kzt, 0) AS held_republican
FROM shared s
LEFT JOIN held r ON r.contract_id = s.contract_id AND r.month = s.month AND r.voucher_id = s.voucher_id
    AND r.issuer_id = s.issuer_id
WHERE r.contract_id IS NULL
   OR (s.mask, s.study_days, s.nominal, s.amount, round(s.amount * s.local_kzt / s.total_kzt, 2), s.state_order_id)
      IS DISTINCT FROM (r.covered_mask, r.study_days, r.nominal_kzt, r.reserved_kzt, r.local_kzt, r.state_order_id);
ANALYZE target (contract_id, month, voucher_id, is_new);

-- Months that a contract no longer covers, or covers for another child or with another issuer.
CREATE TEMP TABLE gone ON COMMIT DROP AS
SELECT r.contract_id, r.month, r.voucher_id, r.issuer_id, r.local_kzt AS held_local,
       r.republican_kzt AS held_republican, coalesce(closed.month >= r.month, false) AS is_closed
FROM held r
JOIN registry_voucher v ON v.id = r.voucher_id
LEFT JOIN registry_closedthrough closed ON closed.issuer_id = r.issuer_id AND closed.programme = v.programme
WHERE r.covered_days > 0 AND NOT EXISTS (
    SELECT FROM holder h
    JOIN order_month m ON m.provider_id = h.provider_id AND m.programme = h.programme AND m.start_year = h.start_year
    WHERE h.contract_id = r.contract_id AND h.voucher_id = r.voucher_id AND m.month = r.month
      AND m.issuer_id = r.issuer_id AND m.month_days && h.days
      AND bit_count(m.mask & registry_days_mask(m.month, h.days)) > 0);
