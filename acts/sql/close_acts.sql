-- One act for each provider and state order; numbers go on from those that the issuer has for the month.
INSERT INTO acts_act (public_id, number, close_id, provider_id, state_order_id, bill_month, drawn_up_on, children,
                      paid_days, amount_kzt, local_kzt, republican_kzt, state, return_reason)
SELECT gen_random_uuid(),
       'A-' || %(code)s || to_char(%(month)s::date, '-YYYY-MM-') || lpad((%(drawn)s + row_number() OVER (
           ORDER BY o.bin, l.state_order_id))::text, 4, '0'),
       %(close)s, l.provider_id, l.state_order_id, %(month)s, %(today)s, l.children, l.paid_days, l.amount, l.local,
       l.amount - l.local, 'TO_PROVIDER', ''
FROM (
    SELECT provider_id, state_order_id, count(DISTINCT voucher_id) AS children,
           sum(CASE WHEN kind = 'REFUND' THEN -paid_days ELSE paid_days END) AS paid_days, sum(amount) AS amount,
           sum(local) AS local
    FROM line GROUP BY provider_id, state_order_id
) l
JOIN schools_provider p ON p.id = l.provider_id
JOIN accounts_organisation o ON o.id = p.organisation_id;
