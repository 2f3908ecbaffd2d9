-- The bulk twin of Act.reopen(): paid acts of the orders whose money came back, and of the debts set off against them.
UPDATE acts_act a
SET state = 'SIGNED', paid_at = NULL
FROM acts_monthclose m
WHERE m.id = a.close_id AND m.issuer_id = %(issuer)s AND a.state = 'PAID'
  AND a.id IN (
      SELECT o.act_id FROM acts_paymentorder o WHERE o.id = ANY(%(orders)s)
      UNION ALL
      SELECT debt.act_id FROM acts_setoff s JOIN acts_paymentorder debt ON debt.id = s.debt_id
      WHERE s.order_id = ANY(%(orders)s))
RETURNING a.id
