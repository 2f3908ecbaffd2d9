-- What may still be reserved: limit less reserved, written off and redeemed, by issuer, programme, year and source.
SELECT b.issuer_id, b.programme, b.year, b.source, b.limit_kzt - coalesce(sum(s.kzt), 0)
FROM registry_budget b
LEFT JOIN registry_ledgerbalance l ON l.issuer_id = b.issuer_id AND l.programme = b.programme
    AND extract(year FROM l.month) = b.year AND l.account IN ('RESERVED', 'WRITTEN_OFF', 'REDEEMED')
LEFT JOIN LATERAL (VALUES ('local', l.local_kzt), ('republican', l.republican_kzt)) AS s(source, kzt)
    ON s.source = b.source
GROUP BY b.id
