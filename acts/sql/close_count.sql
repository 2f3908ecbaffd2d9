-- Every reservation that this close looks at, with the days its approved sheet earns and its share of the part.
-- First time: months after the last closed one. Late: older parts of which a fact changed, with all their contracts.
-- `counted` is materialized: inlined, its masks would be made anew for every use of the days.
-- A part that a child shares between two issuers is shared out by each of them among its own contracts.
CREATE TEMP TABLE billing ON COMMIT DROP AS
WITH late_part AS (
    SELECT DISTINCT r.voucher_id, r.month
    FROM registry_latefact f
    JOIN registry_reservation r ON r.contract_id = f.contract_id AND r.month = f.month AND r.issuer_id = %(issuer)s
    JOIN registry_voucher v ON v.id = r.voucher_id AND v.programme = %(programme)s
    WHERE f.issuer_id = %(issuer)s AND f.programme = %(programme)s AND f.billed_at IS NULL
      AND f.month <= %(closed_through)s
), scope AS (
    SELECT r.*, true AS is_first
    FROM registry_reservation r
    WHERE r.issuer_id = %(issuer)s AND r.month > %(closed_through)s AND r.month <= %(month)s AND r.covered_days > 0
    UNION ALL
    SELECT r.*, false
    FROM late_part l
    JOIN registry_reservation r ON r.voucher_id = l.voucher_id AND r.month = l.month AND r.issuer_id = %(issuer)s
), counted AS MATERIALIZED (
    SELECT r.contract_id, r.month, r.voucher_id, r.state_order_id, so.provider_id, r.is_first, r.covered_days,
           r.study_days, r.nominal_kzt AS nominal, r.local_kzt AS reserved_local,
           r.republican_kzt AS reserved_republican, c.starts_on, c.norm_id, s.status AS sheet,
           bit_count(registry_marks_mask(s.marks, '1000000') & r.covered_mask)::int AS present_days,
           bit_count({payable_days} & r.covered_mask)::int AS payable_days,
           {min_present_days} AS min_present_days
    FROM scope r
    JOIN registry_contract c ON c.id = r.contract_id
    JOIN schools_stateordercontract so ON so.id = r.state_order_id AND so.programme = %(programme)s
    LEFT JOIN registry_sheet s ON s.contract_id = r.contract_id AND s.month = r.month
), paid AS (
    SELECT *, CASE WHEN sheet = 'approved' AND present_days >= min_present_days THEN payable_days ELSE 0 END AS paid_days
    FROM counted
), running AS (
    SELECT *, sum(paid_days) OVER (PARTITION BY voucher_id, month ORDER BY starts_on, contract_id) AS cum FROM paid
), shared AS (
    SELECT *, round(nominal * cum / study_days, 2) - round(nominal * (cum - paid_days) / study_days, 2) AS amount
    FROM running
)
SELECT b.*, b.is_first AND b.amount > 0 AS is_billed, round(b.amount * n.local_kzt / n.total_kzt, 2) AS local
FROM shared b LEFT JOIN registry_norm n ON n.id = b.norm_id;
ANALYZE billing (contract_id, month, voucher_id, is_first, is_billed);
