-- Parts of these acts, before they move: two issuers that are paid for one part at the same time must see each other.
SELECT count(*)
FROM (
    SELECT 1 FROM registry_voucherpart p
    WHERE (p.voucher_id, p.month) IN (
        SELECT c.voucher_id, c.service_month FROM acts_charge c WHERE c.act_id = ANY(%(acts)s) AND c.kind <> 'REFUND')
    ORDER BY p.voucher_id, p.month
    FOR UPDATE
) locked
