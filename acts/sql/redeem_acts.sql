-- The bulk twin of Act.settle(): acts of which every source with a sum has a settled order. A debt is settled when it is
-- set off in full and the orders that took it over are settled themselves.
UPDATE acts_act a
SET state = 'PAID', paid_at = %(now)s
FROM acts_monthclose m
WHERE m.id = a.close_id AND m.issuer_id = %(issuer)s AND a.state IN %(payable)s
  AND NOT EXISTS (
      SELECT FROM (VALUES ('local', a.local_kzt), ('republican', a.republican_kzt)) AS owed(source, amount)
      WHERE owed.amount <> 0 AND NOT EXISTS (
          SELECT FROM acts_paymentorder o
          WHERE o.act_id = a.id AND o.source = owed.source AND o.state IN %(settled)s
            AND NOT EXISTS (SELECT FROM acts_setoff s JOIN acts_paymentorder taker ON taker.id = s.order_id
                            WHERE s.debt_id = o.id AND taker.state NOT IN %(settled)s)))
RETURNING a.id
