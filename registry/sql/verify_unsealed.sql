SELECT count(*)
FROM registry_ledgerentry e
WHERE (%(issuer)s IS NULL OR e.issuer_id = %(issuer)s) AND NOT EXISTS (
    SELECT FROM registry_ledgerseal s WHERE s.issuer_id = e.issuer_id AND e.id BETWEEN s.first_id AND s.last_id)
