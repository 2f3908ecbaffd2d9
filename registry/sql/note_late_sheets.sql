-- A sheet that comes after its month was closed is a late fact: the next close bills the difference.
INSERT INTO registry_latefact (contract_id, month, issuer_id, programme, reason, noticed_at)
SELECT c.id, %(month)s, closed.issuer_id, closed.programme, 'SHEET', %(now)s
FROM registry_closedthrough closed
JOIN schools_provider p ON p.issuer_id = closed.issuer_id
JOIN registry_contract c ON c.provider_id = p.id AND c.programme = closed.programme
WHERE closed.month >= %(month)s AND c.id = ANY(%(contracts)s)
ON CONFLICT (contract_id, month, issuer_id, programme) WHERE billed_at IS NULL DO NOTHING
