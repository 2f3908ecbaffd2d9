-- Lines to bill. A part that was charged before gets one REFUND for its live charge and one CORRECTION with the new
-- values, and nothing where they are equal (design.md §6).
CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT 'ORIGINAL' AS kind, contract_id, voucher_id, month, provider_id, state_order_id, study_days, paid_days, nominal,
       amount, local, NULL::bigint AS reverses, false AS is_redeemed
FROM billing WHERE is_billed AND is_first
UNION ALL
SELECT CASE WHEN h.was_charged THEN 'CORRECTION' ELSE 'ORIGINAL' END, b.contract_id, b.voucher_id, b.month,
       b.provider_id, b.state_order_id, b.study_days, b.paid_days, b.nominal, b.amount, b.local, NULL, false
FROM held h JOIN billing b USING (contract_id, month, voucher_id)
WHERE b.is_billed
UNION ALL
SELECT 'REFUND', contract_id, voucher_id, month, provider_id, state_order_id, study_days, paid_days, nominal_kzt,
       -amount_kzt, -local_kzt, live_id, is_redeemed
FROM held WHERE is_changed AND live_id IS NOT NULL;
ANALYZE line (contract_id, month, voucher_id, provider_id, kind);
