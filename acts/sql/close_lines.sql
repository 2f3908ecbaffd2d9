-- Lines to bill. A part that was charged before gets one REFUND for its live charge and one CORRECTION with the new
-- values, and nothing where they are equal (design.md §6).
CREATE TEMP TABLE held ON COMMIT DROP AS
SELECT b.contract_id, b.month, b.voucher_id, live.id AS live_id, live.study_days, live.paid_days, live.nominal_kzt,
       live.amount_kzt, live.local_kzt, a.provider_id, a.state_order_id, a.state = 'PAID' AS is_redeemed,
       EXISTS (SELECT FROM acts_charge e WHERE e.contract_id = b.contract_id AND e.service_month = b.month
               AND e.voucher_id = b.voucher_id) AS was_charged,
       coalesce(r.local, 0) AS reserved_local, coalesce(r.republican, 0) AS reserved_republican
FROM billing b
LEFT JOIN acts_charge live ON live.contract_id = b.contract_id AND live.service_month = b.month
    AND live.voucher_id = b.voucher_id AND live.kind <> 'REFUND'
    AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = live.id)
LEFT JOIN acts_act a ON a.id = live.act_id
LEFT JOIN LATERAL (
    SELECT sum(CASE WHEN e.to_account = 'RESERVED' THEN e.local_kzt ELSE -e.local_kzt END) AS local,
           sum(CASE WHEN e.to_account = 'RESERVED' THEN e.republican_kzt ELSE -e.republican_kzt END) AS republican
    FROM registry_ledgerentry e
    WHERE e.voucher_id = b.voucher_id AND e.month = b.month AND e.contract_id = b.contract_id
      AND 'RESERVED' IN (e.from_account, e.to_account) AND e.from_account <> e.to_account
) r ON true
WHERE NOT b.is_first;

UPDATE billing b
SET reserved_local = h.reserved_local, reserved_republican = h.reserved_republican
FROM held h
WHERE b.contract_id = h.contract_id AND b.month = h.month AND b.voucher_id = h.voucher_id;

CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT CASE WHEN h.was_charged THEN 'CORRECTION' ELSE 'ORIGINAL' END AS kind, b.contract_id, b.voucher_id, b.month,
       b.provider_id, b.state_order_id, b.study_days, b.paid_days, b.nominal, b.amount, b.local, NULL::bigint AS reverses,
       false AS is_redeemed
FROM billing b
LEFT JOIN held h ON NOT b.is_first AND h.contract_id = b.contract_id AND h.month = b.month
    AND h.voucher_id = b.voucher_id
WHERE b.is_ours AND b.amount > 0
  AND (h.live_id IS NULL OR (h.study_days, h.paid_days, h.nominal_kzt, h.amount_kzt, h.local_kzt)
       IS DISTINCT FROM (b.study_days, b.paid_days, b.nominal, b.amount, b.local))
UNION ALL
SELECT 'REFUND', b.contract_id, b.voucher_id, b.month, h.provider_id, h.state_order_id, h.study_days, h.paid_days,
       h.nominal_kzt, -h.amount_kzt, -h.local_kzt, h.live_id, h.is_redeemed
FROM billing b
JOIN held h ON h.contract_id = b.contract_id AND h.month = b.month AND h.voucher_id = b.voucher_id
WHERE b.is_ours AND NOT b.is_first AND h.live_id IS NOT NULL
  AND (h.study_days, h.paid_days, h.nominal_kzt, h.amount_kzt, h.local_kzt)
      IS DISTINCT FROM (b.study_days, b.paid_days, b.nominal, b.amount, b.local);
