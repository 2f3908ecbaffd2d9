-- design.md §5.2 and §5.5: of every reservation, written off + redeemed is what its charges say, and redeemed is what
-- those of them say that are live and whose act is paid.
SELECT count(*)
FROM (
    SELECT m.issuer_id, c.contract_id, c.voucher_id, c.service_month AS month, sum(c.local_kzt) AS local,
           sum(c.republican_kzt) AS republican,
           coalesce(sum(c.local_kzt) FILTER (WHERE a.state = 'PAID' AND c.kind <> 'REFUND' AND refund.id IS NULL), 0)
               AS redeemed_local,
           coalesce(sum(c.republican_kzt)
                    FILTER (WHERE a.state = 'PAID' AND c.kind <> 'REFUND' AND refund.id IS NULL), 0)
               AS redeemed_republican
    FROM acts_charge c
    JOIN acts_act a ON a.id = c.act_id
    JOIN acts_monthclose m ON m.id = c.close_id AND (%(issuer)s IS NULL OR m.issuer_id = %(issuer)s)
    LEFT JOIN acts_charge refund ON refund.reverses_id = c.id
    GROUP BY 1, 2, 3, 4
) c
FULL JOIN (
    SELECT e.issuer_id, e.contract_id, e.voucher_id, e.month, sum(s.sign * e.local_kzt) AS local,
           sum(s.sign * e.republican_kzt) AS republican,
           coalesce(sum(s.sign * e.local_kzt) FILTER (WHERE s.account = 'REDEEMED'), 0) AS redeemed_local,
           coalesce(sum(s.sign * e.republican_kzt) FILTER (WHERE s.account = 'REDEEMED'), 0) AS redeemed_republican
    FROM registry_ledgerentry e
    CROSS JOIN LATERAL (VALUES (e.to_account, 1), (e.from_account, -1)) AS s(account, sign)
    WHERE e.contract_id IS NOT NULL AND s.account IN ('WRITTEN_OFF', 'REDEEMED')
      AND (%(issuer)s IS NULL OR e.issuer_id = %(issuer)s)
    GROUP BY 1, 2, 3, 4
) l USING (issuer_id, contract_id, voucher_id, month)
WHERE (coalesce(c.local, 0), coalesce(c.republican, 0), coalesce(c.redeemed_local, 0), coalesce(c.redeemed_republican, 0))
   IS DISTINCT FROM (coalesce(l.local, 0), coalesce(l.republican, 0), coalesce(l.redeemed_local, 0),
                     coalesce(l.redeemed_republican, 0))
