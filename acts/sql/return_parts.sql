-- The bulk twin of VoucherPart.return_payment(): parts with a live charge in a reopened act are not paid any more.
UPDATE registry_voucherpart p
SET state = 'WRITTEN_OFF'
FROM (SELECT DISTINCT c.voucher_id, c.service_month AS month FROM acts_charge c
      WHERE c.act_id = ANY(%(acts)s) AND c.kind <> 'REFUND'
        AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = c.id)) live
WHERE p.voucher_id = live.voucher_id AND p.month = live.month AND p.state IN %(returnable)s
