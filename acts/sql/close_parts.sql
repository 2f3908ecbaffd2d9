-- The bulk twin of VoucherPart.write_off() and expire(): the same sets of states, in one UPDATE each way.
UPDATE registry_voucherpart p
SET state = CASE WHEN n.is_live THEN 'WRITTEN_OFF' ELSE 'EXPIRED' END
FROM part_now n
WHERE p.voucher_id = n.voucher_id AND p.month = n.month AND NOT n.is_pending
  AND CASE WHEN n.is_live
      THEN p.state IN %(chargeable)s AND (p.state <> 'REDEEMED' OR EXISTS (
               SELECT FROM line l WHERE l.voucher_id = p.voucher_id AND l.month = p.month AND l.amount > 0))
      ELSE p.state IN %(expirable)s END;
