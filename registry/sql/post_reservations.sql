-- The ledger of one issuer for this batch: vouchers issued (sum 0), sums reserved, sums given back. In a closed month
-- only a new reservation moves money here; what changes otherwise is billed by the next close. Its parts one after the
-- other: what is given back stands before what is taken.
INSERT INTO registry_ledgerentry (issuer_id, voucher_id, month, contract_id, from_account, to_account, amount_kzt,
                                  local_kzt, republican_kzt, actor_id, at, reason)
SELECT %(issuer)s, voucher_id, month, contract_id, from_account, to_account, local + republican, local, republican,
       %(actor)s, %(now)s, reason
FROM (
    SELECT v.id AS voucher_id, p.month, NULL::bigint AS contract_id, 'BUDGET' AS from_account,
           'BUDGET' AS to_account, 0::numeric AS local, 0::numeric AS republican, 'ISSUED' AS reason
    FROM new_voucher v
    JOIN registry_studymonth p ON p.programme = v.programme AND p.start_year = v.start_year AND p.is_part
    WHERE v.issuer_id = %(issuer)s
    UNION ALL
    SELECT voucher_id, month, contract_id, 'RESERVED', 'RELEASED', held_local, held_republican, 'CONTRACT_CHANGED'
    FROM gone WHERE issuer_id = %(issuer)s AND NOT is_closed AND held_local + held_republican > 0
    UNION ALL
    SELECT voucher_id, month, contract_id, 'RESERVED', 'RELEASED', greatest(held_local - local, 0),
           greatest(held_republican - (amount - local), 0), 'CONTRACT_CHANGED'
    FROM target
    WHERE issuer_id = %(issuer)s AND NOT is_closed AND (held_local > local OR held_republican > amount - local)
    UNION ALL
    SELECT voucher_id, month, contract_id, 'BUDGET', 'RESERVED', greatest(local - held_local, 0),
           greatest(amount - local - held_republican, 0),
           CASE WHEN is_new THEN 'CONTRACT' ELSE 'CONTRACT_CHANGED' END
    FROM target
    WHERE issuer_id = %(issuer)s AND (NOT is_closed OR is_new)
      AND (local > held_local OR amount - local > held_republican)
) e;
