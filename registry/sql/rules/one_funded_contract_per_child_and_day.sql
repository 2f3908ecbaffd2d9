-- design.md §5.1: the exclusion constraint asked again, for a database that somebody restored without it.
SELECT count(*)
FROM registry_contract a
JOIN registry_contract b ON b.child_id = a.child_id AND b.programme = a.programme AND b.id > a.id AND b.days && a.days
JOIN schools_provider p ON p.id = a.provider_id
WHERE a.funding = 'FUNDED' AND b.funding = 'FUNDED' AND a.is_settled AND b.is_settled
  AND (%(issuer)s IS NULL OR p.issuer_id = %(issuer)s)
