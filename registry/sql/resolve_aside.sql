UPDATE registry_putaside kept
SET resolved_at = %(now)s
FROM unnest(%(keys)s::text[], %(versions)s::int[]) AS taken(key, version)
WHERE kept.lms_id = %(lms)s AND kept.kind = %(kind)s AND kept.key = taken.key AND kept.resolved_at IS NULL
  AND coalesce(kept.version, 0) <= taken.version
