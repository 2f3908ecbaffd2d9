-- payments.md §8: what an order does not pay was set off, and no debt is set off by more than it is.
SELECT count(*)
FROM acts_paymentorder o
JOIN acts_act a ON a.id = o.act_id
JOIN schools_provider p ON p.id = a.provider_id AND (%(issuer)s IS NULL OR p.issuer_id = %(issuer)s)
LEFT JOIN (SELECT order_id, sum(amount_kzt) AS kzt FROM acts_setoff GROUP BY 1) took ON took.order_id = o.id
LEFT JOIN (SELECT debt_id, sum(amount_kzt) AS kzt FROM acts_setoff GROUP BY 1) gave ON gave.debt_id = o.id
WHERE CASE WHEN o.amount_kzt > 0
           THEN o.amount_kzt - coalesce(took.kzt, 0) <> o.pay_kzt OR (o.state = 'SET_OFF') <> (o.pay_kzt = 0)
           ELSE -o.amount_kzt < coalesce(gave.kzt, 0) OR (o.state = 'SET_OFF') <> (-o.amount_kzt = coalesce(gave.kzt, 0))
      END
