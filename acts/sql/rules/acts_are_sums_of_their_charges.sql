-- design.md §5.3: sum of the charges of an act = total of the act, source by source.
SELECT count(*)
FROM acts_act a
JOIN schools_provider p ON p.id = a.provider_id AND (%(issuer)s IS NULL OR p.issuer_id = %(issuer)s)
LEFT JOIN (SELECT act_id, sum(amount_kzt) AS amount, sum(local_kzt) AS local, sum(republican_kzt) AS republican
           FROM acts_charge GROUP BY act_id) c ON c.act_id = a.id
WHERE (a.amount_kzt, a.local_kzt, a.republican_kzt) IS DISTINCT FROM (c.amount, c.local, c.republican)
