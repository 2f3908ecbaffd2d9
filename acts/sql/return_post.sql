-- The money came back: every live charge of the reopened acts moves from REDEEMED to WRITTEN_OFF. The first booking stays.
INSERT INTO registry_ledgerentry (issuer_id, voucher_id, month, contract_id, from_account, to_account, amount_kzt,
                                  local_kzt, republican_kzt, act_id, at, reason)
SELECT %(issuer)s, c.voucher_id, c.service_month, c.contract_id, 'REDEEMED', 'WRITTEN_OFF', c.amount_kzt, c.local_kzt,
       c.republican_kzt, c.act_id, %(now)s, 'RETURNED'
FROM acts_charge c
WHERE c.act_id = ANY(%(acts)s) AND c.kind <> 'REFUND'
  AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = c.id)
ORDER BY c.voucher_id, c.service_month
