-- design.md §5.5: an order is PAID when, and only when, its sum was booked once more than it came back.
SELECT count(*)
FROM acts_paymentorder o
JOIN acts_act a ON a.id = o.act_id
JOIN schools_provider p ON p.id = a.provider_id AND (%(issuer)s IS NULL OR p.issuer_id = %(issuer)s)
LEFT JOIN (
    SELECT t.order_id, sum(CASE WHEN b.is_return THEN -b.amount_kzt ELSE b.amount_kzt END) AS booked
    FROM acts_bookedentry b JOIN acts_paymentattempt t ON t.id = b.attempt_id
    WHERE b.problem = '' GROUP BY t.order_id
) b ON b.order_id = o.id
WHERE CASE WHEN o.state = 'PAID' THEN coalesce(b.booked, 0) <> o.pay_kzt ELSE b.booked > 0 END
