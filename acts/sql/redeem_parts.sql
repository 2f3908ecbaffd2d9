-- The bulk twin of VoucherPart.redeem(): parts of the settled acts all of whose live charges are in paid acts.
WITH live AS (
    SELECT c.voucher_id, c.service_month AS month, bool_and(a.state = 'PAID') AS is_paid
    FROM (SELECT DISTINCT voucher_id, service_month FROM acts_charge
          WHERE act_id = ANY(%(acts)s) AND kind <> 'REFUND') part
    JOIN acts_charge c USING (voucher_id, service_month)
    JOIN acts_act a ON a.id = c.act_id
    WHERE c.kind <> 'REFUND' AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = c.id)
    GROUP BY 1, 2
)
UPDATE registry_voucherpart p
SET state = 'REDEEMED'
FROM live l
WHERE l.is_paid AND p.voucher_id = l.voucher_id AND p.month = l.month AND p.state IN %(redeemable)s
