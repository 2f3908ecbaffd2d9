-- Whose ledgers this batch may write to.
SELECT issuer_id FROM touched
UNION
SELECT r.issuer_id
FROM touched t
CROSS JOIN LATERAL (SELECT issuer_id FROM registry_reservation r WHERE r.contract_id = t.contract_id OFFSET 0) r
UNION
SELECT v.issuer_id
FROM touched t
CROSS JOIN LATERAL (SELECT issuer_id FROM registry_voucher v WHERE v.child_id = t.child_id OFFSET 0) v
