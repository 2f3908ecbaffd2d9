-- design.md §5.2: every sum on a dashboard is a sum of the ledger.
SELECT count(*)
FROM (
    SELECT e.issuer_id, v.programme, e.month, a.account, sum(a.sign * e.amount_kzt) AS amount,
           sum(a.sign * e.local_kzt) AS local, sum(a.sign * e.republican_kzt) AS republican
    FROM registry_ledgerentry e
    JOIN registry_voucher v ON v.id = e.voucher_id
    CROSS JOIN LATERAL (VALUES (e.to_account, 1), (e.from_account, -1)) AS a(account, sign)
    WHERE e.amount_kzt <> 0 AND (%(issuer)s IS NULL OR e.issuer_id = %(issuer)s)
    GROUP BY 1, 2, 3, 4
) e
FULL JOIN (SELECT * FROM registry_ledgerbalance WHERE %(issuer)s IS NULL OR issuer_id = %(issuer)s) b
    USING (issuer_id, programme, month, account)
WHERE (coalesce(e.amount, 0), coalesce(e.local, 0), coalesce(e.republican, 0))
   IS DISTINCT FROM (coalesce(b.amount_kzt, 0), coalesce(b.local_kzt, 0), coalesce(b.republican_kzt, 0))
