-- Every live charge of the settled acts moves from WRITTEN_OFF to REDEEMED. A charge that was taken back went to RELEASED
-- when its refund was closed.
WITH added AS (
    INSERT INTO registry_ledgerentry (issuer_id, voucher_id, month, contract_id, from_account, to_account, amount_kzt,
                                      local_kzt, republican_kzt, act_id, at, reason)
    SELECT %(issuer)s, c.voucher_id, c.service_month, c.contract_id, 'WRITTEN_OFF', 'REDEEMED', c.amount_kzt,
           c.local_kzt, c.republican_kzt, c.act_id, %(now)s, 'PAID'
    FROM acts_charge c
    WHERE c.act_id = ANY(%(acts)s) AND c.kind <> 'REFUND'
      AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = c.id)
    ORDER BY c.voucher_id, c.service_month
    RETURNING amount_kzt
)
SELECT coalesce(sum(amount_kzt), 0.00) FROM added
