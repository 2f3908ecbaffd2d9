-- The trigger of the sheet keeps the version that goes.
UPDATE registry_sheet s
SET version = n.version, marks = n.marks, status = n.status, approved_at = n.approved_at,
    guardian_confirmed_at = n.guardian_confirmed_at, source = n.source, received_at = n.received_at
FROM staged_sheet n
WHERE s.contract_id = n.contract_id AND s.month = n.month AND s.version < n.version
