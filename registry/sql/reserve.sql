-- Reservations follow their targets. `moved` remembers by how much each changed, for the ledger below.
CREATE TEMP TABLE moved ON COMMIT DROP AS
SELECT coalesce(t.contract_id, r.contract_id) AS contract_id, coalesce(t.month, r.month) AS month,
       coalesce(t.voucher_id, r.voucher_id) AS voucher_id, coalesce(t.issuer_id, r.issuer_id) AS issuer_id,
       r.contract_id IS NULL AS is_new, t.contract_id IS NULL AS is_gone,
       coalesce(t.is_closed, closed.month >= r.month, false) AS is_closed,
       coalesce(t.local, 0) - coalesce(r.local_kzt, 0) AS local,
       coalesce(t.amount - t.local, 0) - coalesce(r.republican_kzt, 0) AS republican
FROM target t
FULL JOIN (
    SELECT * FROM registry_reservation WHERE contract_id IN (SELECT contract_id FROM touched)
) r ON r.contract_id = t.contract_id AND r.month = t.month AND r.voucher_id = t.voucher_id
LEFT JOIN registry_contract c ON c.id = r.contract_id
LEFT JOIN registry_closedthrough closed ON closed.issuer_id = r.issuer_id AND closed.programme = c.programme
WHERE r.contract_id IS NULL
   OR (t.contract_id IS NULL AND r.covered_days > 0)
   OR (t.mask, t.study_days, t.nominal, t.amount, t.local, t.state_order_id)
      IS DISTINCT FROM (r.covered_mask, r.study_days, r.nominal_kzt, r.reserved_kzt, r.local_kzt, r.state_order_id)
      AND t.contract_id IS NOT NULL;
ANALYZE moved;

INSERT INTO registry_reservation (contract_id, month, voucher_id, issuer_id, state_order_id, covered_mask, covered_days,
                                  study_days, nominal_kzt, reserved_kzt, local_kzt, republican_kzt)
SELECT t.contract_id, t.month, t.voucher_id, t.issuer_id, t.state_order_id, t.mask, t.days, t.study_days, t.nominal,
       t.amount, t.local, t.amount - t.local
FROM target t JOIN moved m USING (contract_id, month, voucher_id)
WHERE m.is_new
ORDER BY t.voucher_id, t.month, t.contract_id;

UPDATE registry_reservation r
SET covered_mask = t.mask, covered_days = t.days, study_days = t.study_days, nominal_kzt = t.nominal,
    reserved_kzt = t.amount, local_kzt = t.local, republican_kzt = t.amount - t.local, state_order_id = t.state_order_id
FROM target t JOIN moved m USING (contract_id, month, voucher_id)
WHERE NOT m.is_new AND r.contract_id = t.contract_id AND r.month = t.month AND r.voucher_id = t.voucher_id;

UPDATE registry_reservation r
SET covered_mask = B'0000000000000000000000000000000', covered_days = 0, reserved_kzt = 0, local_kzt = 0,
    republican_kzt = 0
FROM moved m
WHERE m.is_gone AND r.contract_id = m.contract_id AND r.month = m.month AND r.voucher_id = m.voucher_id;

INSERT INTO registry_latefact (contract_id, month, reason, noticed_at)
SELECT DISTINCT contract_id, month, 'CONTRACT', %(now)s::timestamptz FROM moved WHERE is_closed
ON CONFLICT (contract_id, month) WHERE billed_at IS NULL DO NOTHING;
