-- Whose ledgers this batch may write to.
SELECT p.issuer_id FROM touched JOIN registry_contract c ON c.id = contract_id
JOIN schools_provider p ON p.id = c.provider_id
UNION
SELECT r.issuer_id FROM registry_reservation r WHERE r.contract_id IN (SELECT contract_id FROM touched)
UNION
SELECT v.issuer_id FROM touched JOIN registry_contract c ON c.id = contract_id
JOIN registry_voucher v ON v.child_id = c.child_id
