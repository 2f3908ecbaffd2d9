-- What funded contracts hold, month by month, and whether the month is closed.
SELECT r.contract_id, r.month, coalesce(closed.month >= r.month, false), r.local_kzt, r.republican_kzt
FROM registry_reservation r
JOIN registry_voucher v ON v.id = r.voucher_id
LEFT JOIN registry_closedthrough closed ON closed.issuer_id = r.issuer_id AND closed.programme = v.programme
WHERE r.contract_id = ANY(%(contracts)s)
