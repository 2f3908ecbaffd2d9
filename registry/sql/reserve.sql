-- Reservations follow their targets; what changes in a closed month is a late fact.
INSERT INTO registry_reservation (contract_id, month, voucher_id, issuer_id, state_order_id, covered_mask, covered_days,
                                  study_days, nominal_kzt, reserved_kzt, local_kzt, republican_kzt)
SELECT contract_id, month, voucher_id, issuer_id, state_order_id, mask, days, study_days, nominal, amount, local,
       amount - local
FROM target WHERE is_new
ORDER BY voucher_id, month, contract_id;

UPDATE registry_reservation r
SET covered_mask = t.mask, covered_days = t.days, study_days = t.study_days, nominal_kzt = t.nominal,
    reserved_kzt = t.amount, local_kzt = t.local, republican_kzt = t.amount - t.local, state_order_id = t.state_order_id
FROM target t
WHERE NOT t.is_new AND r.contract_id = t.contract_id AND r.month = t.month AND r.voucher_id = t.voucher_id
  AND r.issuer_id = t.issuer_id;

UPDATE registry_reservation r
SET covered_mask = B'0000000000000000000000000000000', covered_days = 0, reserved_kzt = 0, local_kzt = 0,
    republican_kzt = 0
FROM gone
WHERE r.contract_id = gone.contract_id AND r.month = gone.month AND r.voucher_id = gone.voucher_id
  AND r.issuer_id = gone.issuer_id;

INSERT INTO registry_latefact (contract_id, month, issuer_id, programme, reason, noticed_at)
SELECT late.contract_id, late.month, late.issuer_id, v.programme, 'CONTRACT', %(now)s
FROM (
    SELECT contract_id, month, voucher_id, issuer_id FROM target WHERE is_closed
    UNION
    SELECT contract_id, month, voucher_id, issuer_id FROM gone WHERE is_closed
) late
JOIN registry_voucher v ON v.id = late.voucher_id
ON CONFLICT (contract_id, month, issuer_id, programme) WHERE billed_at IS NULL DO NOTHING;
