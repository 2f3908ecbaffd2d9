-- Presence that counts for nothing, in sheets and contracts that came since the last scan: one signal a contract, month
-- and code, with the days as a mask. A month without a calendar cannot tell a study day, so it raises no day off.
INSERT INTO monitoring_risksignal AS known (provider_id, contract_id, child_id, month, code, days, noticed_at)
SELECT c.provider_id, c.id, c.child_id, s.month, seen.code, seen.days, %(now)s
FROM registry_sheet s
JOIN registry_contract c ON c.id = s.contract_id
LEFT JOIN registry_studymonth m ON m.programme = c.programme AND m.month = s.month
CROSS JOIN LATERAL (
    SELECT registry_marks_mask(s.marks, '1000000') AS present, registry_days_mask(s.month, c.days) AS inside
) days
CROSS JOIN LATERAL (VALUES
    ('PRESENT_OUTSIDE_CONTRACT', days.present & ~days.inside),
    ('PRESENT_ON_DAY_OFF', days.present & days.inside & ~coalesce(m.study_mask, days.inside))
) AS seen(code, days)
WHERE (s.received_at >= %(since)s OR c.received_at >= %(since)s) AND c.status <> 'annulled' AND bit_count(seen.days) > 0
ON CONFLICT (provider_id, contract_id, month, code) DO UPDATE
SET days = excluded.days, child_id = excluded.child_id, noticed_at = excluded.noticed_at, resolved_at = NULL
WHERE known.days <> excluded.days OR known.child_id <> excluded.child_id OR known.resolved_at IS NOT NULL
