-- Contracts to be decided on: not settled yet, or unfunded and so looked at again. One row each with all that the
-- decision asks of other tables. The norm is the one with most exact matches on the contract's first day.
SELECT c.id, c.version, c.child_id, c.provider_id, p.issuer_id, c.programme, lower(c.days) AS first_day,
       upper(c.days) AS end_day, c.signed_at, l.code AS lms_code, c.external_id, c.status, c.funding, c.unfunded_reason, c.is_settled,
       child.life_status, least(p.design_capacity, p.sanitary_places) AS places,
       EXISTS (SELECT FROM schools_suspension s WHERE s.provider_id = p.id AND s.days @> c.starts_on) AS is_suspended,
       coalesce(t.from_day <= c.starts_on, false) AS is_terminated,
       n.id AS norm_id
FROM registry_contract c
JOIN schools_provider p ON p.id = c.provider_id
JOIN integrations_lms l ON l.id = c.lms_id
JOIN registry_child child ON child.id = c.child_id
LEFT JOIN schools_termination t ON t.provider_id = p.id
LEFT JOIN LATERAL (
    SELECT norm.id FROM registry_norm norm
    WHERE norm.issuer_id = p.issuer_id AND norm.programme = c.programme AND norm.level = c.level
      AND norm.area = p.area AND norm.language IN ('', c.language)
      AND (norm.special_needs IS NULL OR norm.special_needs = c.special_needs) AND norm.days @> c.starts_on
    ORDER BY (norm.language <> '')::int + (norm.special_needs IS NOT NULL)::int DESC, norm.id
    LIMIT 1
) n ON true
WHERE NOT c.is_settled OR c.funding = 'UNFUNDED'
ORDER BY c.funding <> 'FUNDED', c.signed_at, l.code, c.external_id
