-- Contracts that are funded and stay so: those of the candidates' children and of the candidates' providers.
SELECT c.id, c.child_id, c.provider_id, c.programme, lower(c.days), upper(c.days)
FROM registry_contract c
WHERE c.funding = 'FUNDED' AND c.is_settled
  AND (c.child_id = ANY(%(children)s) OR c.provider_id = ANY(%(providers)s))
