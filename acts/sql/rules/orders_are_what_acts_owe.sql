-- design.md §5.3: an act that has payment orders has one for each source with a sum, and together they are its total.
SELECT count(*)
FROM acts_act a
JOIN schools_provider p ON p.id = a.provider_id AND (%(issuer)s IS NULL OR p.issuer_id = %(issuer)s)
JOIN (SELECT act_id, sum(amount_kzt) FILTER (WHERE source = 'local') AS local,
             sum(amount_kzt) FILTER (WHERE source = 'republican') AS republican
      FROM acts_paymentorder GROUP BY act_id) o ON o.act_id = a.id
WHERE a.local_kzt <> coalesce(o.local, 0) OR a.republican_kzt <> coalesce(o.republican, 0)
   OR a.state NOT IN ('SIGNED', 'PAID')
