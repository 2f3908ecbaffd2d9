-- Seals computed again from the entries, and the chain from one seal to the next. `seals` is how many there are.
SELECT count(*) AS seals,
       count(*) FILTER (WHERE entries IS DISTINCT FROM found OR sha256 IS DISTINCT FROM computed) AS broken,
       count(*) FILTER (WHERE previous_sha256 <> coalesce(before, ''::bytea)) AS unchained
FROM (
    SELECT s.id, s.entries, s.sha256, s.previous_sha256, e.found, e.computed,
           lag(s.sha256) OVER (PARTITION BY s.issuer_id ORDER BY s.id) AS before
    FROM registry_ledgerseal s
    LEFT JOIN LATERAL (
        SELECT count(*) AS found,
               sha256(s.previous_sha256 || convert_to(string_agg({entry_text}, E'\n' ORDER BY e.id), 'UTF8')) AS computed
        FROM registry_ledgerentry e
        WHERE e.issuer_id = s.issuer_id AND e.id BETWEEN s.first_id AND s.last_id
    ) e ON true
    WHERE %(issuer)s IS NULL OR s.issuer_id = %(issuer)s
) seals
