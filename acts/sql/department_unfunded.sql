-- Children without funding on some day of a month, by the reason, and all together (reason NULL); with the organisations
-- and with what the norm would give them in a year. A child with two contracts for one reason counts once.
SELECT u.unfunded_reason AS reason, count(DISTINCT u.child_id) AS children, count(DISTINCT u.provider_id) AS providers,
       sum(u.year_kzt) AS year_kzt
FROM (
    SELECT DISTINCT ON (c.unfunded_reason, c.programme, c.child_id) c.unfunded_reason, c.child_id, c.provider_id,
           n.total_kzt * CASE WHEN n.per_month THEN cardinality(r.parts) ELSE 1 END AS year_kzt
    FROM registry_contract c
    JOIN schools_provider p ON p.id = c.provider_id
    LEFT JOIN registry_ruleset r ON r.programme = c.programme AND r.days @> c.starts_on
    LEFT JOIN LATERAL (
        SELECT norm.total_kzt, norm.per_month FROM registry_norm norm
        WHERE norm.issuer_id = p.issuer_id AND norm.programme = c.programme AND norm.level = c.level
          AND norm.area = p.area AND norm.language IN ('', c.language)
          AND (norm.special_needs IS NULL OR norm.special_needs = c.special_needs) AND norm.days @> c.starts_on
        ORDER BY (norm.language <> '')::int + (norm.special_needs IS NOT NULL)::int DESC, norm.id
        LIMIT 1
    ) n ON true
    WHERE c.funding = 'UNFUNDED' AND p.issuer_id = ANY(%(issuers)s) AND c.programme = ANY(%(programmes)s)
      AND c.days && daterange(%(first)s, %(last)s, '[]')
    ORDER BY c.unfunded_reason, c.programme, c.child_id, year_kzt DESC NULLS LAST
) u
GROUP BY GROUPING SETS ((u.unfunded_reason), ())
ORDER BY children DESC, reason
