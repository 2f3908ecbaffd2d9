SELECT count(*)
FROM registry_sheet s
LEFT JOIN registry_contract c ON c.id = s.contract_id
WHERE c.id IS NULL
