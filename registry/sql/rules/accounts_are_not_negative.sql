-- design.md §5.2: of a reservation nothing leaves an account that did not come there, source by source.
SELECT count(*)
FROM (
    SELECT 1
    FROM registry_ledgerentry e
    CROSS JOIN LATERAL (VALUES (e.to_account, 1), (e.from_account, -1)) AS a(account, sign)
    WHERE e.contract_id IS NOT NULL AND a.account <> 'BUDGET' AND (%(issuer)s IS NULL OR e.issuer_id = %(issuer)s)
    GROUP BY e.issuer_id, e.contract_id, e.voucher_id, e.month, a.account
    HAVING sum(a.sign * e.local_kzt) < 0 OR sum(a.sign * e.republican_kzt) < 0
) negative
