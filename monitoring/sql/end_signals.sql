-- Signals whose cause is gone: the sheet or the contract was corrected, or the contract was annulled.
UPDATE monitoring_risksignal r
SET resolved_at = %(now)s
FROM registry_sheet s
JOIN registry_contract c ON c.id = s.contract_id
LEFT JOIN registry_studymonth m ON m.programme = c.programme AND m.month = s.month
WHERE r.resolved_at IS NULL AND r.contract_id = s.contract_id AND r.month = s.month
  AND (c.status = 'annulled' OR r.provider_id <> c.provider_id OR bit_count(
      registry_marks_mask(s.marks, '1000000') & CASE r.code
          WHEN 'PRESENT_OUTSIDE_CONTRACT' THEN ~registry_days_mask(s.month, c.days)
          ELSE registry_days_mask(s.month, c.days)
               & ~coalesce(m.study_mask, registry_days_mask(s.month, c.days)) END
  ) = 0)
