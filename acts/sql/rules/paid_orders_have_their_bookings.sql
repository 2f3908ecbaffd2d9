-- design.md §5.5: an order is PAID only on a booked entry of its sum that did not come back.
SELECT count(*)
FROM acts_paymentorder o
JOIN acts_act a ON a.id = o.act_id
JOIN schools_provider p ON p.id = a.provider_id AND (%(issuer)s IS NULL OR p.issuer_id = %(issuer)s)
LEFT JOIN (
    SELECT t.order_id, sum(CASE WHEN b.is_return THEN -b.amount_kzt ELSE b.amount_kzt END) AS booked
    FROM acts_bookedentry b JOIN acts_paymentattempt t ON t.id = b.attempt_id
    WHERE b.problem = '' GROUP BY t.order_id
) b ON b.order_id = o.id
WHERE o.state = 'PAID' AND coalesce(b.booked, 0) <> o.pay_kzt
