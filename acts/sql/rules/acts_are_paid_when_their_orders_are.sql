-- payments.md §8: an act is PAID when, and only when, every source with a sum has a settled order. A debt is settled when
-- it is set off in full and the orders that took it over are settled. An act of sum zero has no order.
SELECT count(*)
FROM acts_act a
JOIN schools_provider p ON p.id = a.provider_id AND (%(issuer)s IS NULL OR p.issuer_id = %(issuer)s)
CROSS JOIN LATERAL (
    SELECT NOT EXISTS (
        SELECT FROM (VALUES ('local', a.local_kzt), ('republican', a.republican_kzt)) AS owed(source, amount)
        WHERE owed.amount <> 0 AND NOT EXISTS (
            SELECT FROM acts_paymentorder o
            WHERE o.act_id = a.id AND o.source = owed.source AND o.state IN ('PAID', 'SET_OFF')
              AND NOT EXISTS (SELECT FROM acts_setoff s JOIN acts_paymentorder taker ON taker.id = s.order_id
                              WHERE s.debt_id = o.id AND taker.state NOT IN ('PAID', 'SET_OFF')))) AS is_settled
) orders
WHERE (a.state = 'PAID' AND NOT orders.is_settled)
   OR (a.state <> 'PAID' AND orders.is_settled AND EXISTS (SELECT FROM acts_paymentorder o WHERE o.act_id = a.id))
