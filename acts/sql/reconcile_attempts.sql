-- What the treasury's answers made of these attempts; SQL because the ORM's bulk_update would need a CASE for each row.
UPDATE acts_paymentattempt t
SET status = n.status, status_at = n.status_at, is_final = n.is_final
FROM unnest(%(pk)s::bigint[], %(status)s::text[], %(status_at)s::timestamptz[], %(is_final)s::boolean[])
    AS n(id, status, status_at, is_final)
WHERE t.id = n.id
