-- Children of a month by the state of their part.
SELECT p.state, count(*)
FROM registry_voucherpart p
JOIN registry_voucher v ON v.id = p.voucher_id
WHERE p.month = %(month)s AND v.issuer_id = ANY(%(issuers)s) AND v.programme = ANY(%(programmes)s)
GROUP BY p.state
