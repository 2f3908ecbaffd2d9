SELECT c.external_id, c.id, coalesce(s.version, 0)
FROM registry_contract c
LEFT JOIN registry_sheet s ON s.contract_id = c.id AND s.month = %(month)s
WHERE c.lms_id = %(lms)s
LIMIT %(limit)s
