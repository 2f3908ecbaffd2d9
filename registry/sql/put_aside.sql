-- One row an item. A later bad version replaces an earlier one, and brings a resolved item back; a repeated one does not.
INSERT INTO registry_putaside AS kept (lms_id, kind, key, version, provider_id, reason, message, raw, waits_for,
                                       first_seen_at, last_seen_at)
SELECT %(lms)s, a.kind, a.key, a.version, p.id, a.reason, a.message, a.raw, a.waits_for, %(now)s, %(now)s
FROM aside a
LEFT JOIN accounts_organisation o ON o.bin = a.provider_bin
LEFT JOIN schools_provider p ON p.organisation_id = o.id
ON CONFLICT (lms_id, kind, key) DO UPDATE
SET version = excluded.version, provider_id = excluded.provider_id, reason = excluded.reason,
    message = excluded.message, raw = excluded.raw, waits_for = excluded.waits_for,
    last_seen_at = excluded.last_seen_at, resolved_at = NULL
WHERE coalesce(excluded.version, 0) > coalesce(kept.version, 0)
   OR (coalesce(excluded.version, 0) = coalesce(kept.version, 0) AND kept.resolved_at IS NULL
       AND excluded.reason <> kept.reason)
