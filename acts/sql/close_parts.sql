-- The bulk twin of VoucherPart.write_off() and expire(): the same sets of states.
UPDATE registry_voucherpart p
SET state = CASE WHEN n.is_live THEN 'WRITTEN_OFF' ELSE 'EXPIRED' END
FROM part_now n
WHERE p.voucher_id = n.voucher_id AND p.month = n.month AND NOT n.is_pending
  AND p.month BETWEEN (SELECT min(month) FROM part_now) AND (SELECT max(month) FROM part_now)
  AND CASE WHEN n.is_live
      THEN p.state IN %(chargeable)s AND (p.state <> 'REDEEMED' OR EXISTS (
               SELECT FROM line l WHERE l.voucher_id = p.voucher_id AND l.month = p.month AND l.amount > 0))
      ELSE p.state IN %(expirable)s END;

-- The bulk twin of VoucherPart.redeem() where a close leaves paid charges only: those that were not paid it took back.
UPDATE registry_voucherpart p
SET state = 'REDEEMED'
FROM part_now n
WHERE p.voucher_id = n.voucher_id AND p.month = n.month AND n.is_live AND NOT n.is_first AND p.state IN %(redeemable)s
  AND NOT EXISTS (
      SELECT FROM acts_charge c JOIN acts_act a ON a.id = c.act_id AND a.state <> 'PAID'
      WHERE c.voucher_id = n.voucher_id AND c.service_month = n.month AND c.kind <> 'REFUND'
        AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = c.id));
