-- design.md §4: while a month is open, the account RESERVED has what its reservations say.
SELECT count(*)
FROM (
    SELECT r.contract_id, r.month, r.voucher_id, r.issuer_id, r.local_kzt, r.republican_kzt
    FROM registry_reservation r
    JOIN registry_voucher v ON v.id = r.voucher_id
    LEFT JOIN registry_closedthrough t ON t.issuer_id = r.issuer_id AND t.programme = v.programme
    WHERE r.month > coalesce(t.month, DATE '1900-01-01') AND (%(issuer)s IS NULL OR r.issuer_id = %(issuer)s)
) r
LEFT JOIN (
    SELECT e.contract_id, e.voucher_id, e.month, e.issuer_id, sum(a.sign * e.local_kzt) AS local,
           sum(a.sign * e.republican_kzt) AS republican
    FROM registry_ledgerentry e
    CROSS JOIN LATERAL (VALUES (e.to_account, 1), (e.from_account, -1)) AS a(account, sign)
    WHERE e.contract_id IS NOT NULL AND a.account = 'RESERVED' AND (%(issuer)s IS NULL OR e.issuer_id = %(issuer)s)
    GROUP BY 1, 2, 3, 4
) e USING (contract_id, month, voucher_id, issuer_id)
WHERE (coalesce(e.local, 0), coalesce(e.republican, 0)) IS DISTINCT FROM (r.local_kzt, r.republican_kzt)
