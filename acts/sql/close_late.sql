-- What older parts were charged, and what still lies on their accounts. `is_changed`: the facts now give other values
-- than the live charge; the state order is one of the values, because a contract may be corrected to another provider.
CREATE TEMP TABLE held ON COMMIT DROP AS
SELECT b.contract_id, b.month, b.voucher_id, live.id AS live_id, live.study_days, live.paid_days, live.nominal_kzt,
       coalesce(live.amount_kzt, 0) AS amount_kzt, coalesce(live.local_kzt, 0) AS local_kzt, a.provider_id,
       a.state_order_id, a.state = 'PAID' AS is_redeemed, false AS is_withheld,
       coalesce(r.local, 0) AS reserved_local, coalesce(r.republican, 0) AS reserved_republican,
       EXISTS (SELECT FROM acts_charge e JOIN acts_monthclose m ON m.id = e.close_id AND m.issuer_id = %(issuer)s
               WHERE e.contract_id = b.contract_id AND e.service_month = b.month AND e.voucher_id = b.voucher_id)
           AS was_charged,
       CASE WHEN live.id IS NULL THEN b.amount > 0 ELSE
           (a.state_order_id, live.study_days, live.paid_days, live.nominal_kzt, live.amount_kzt, live.local_kzt)
           IS DISTINCT FROM (b.state_order_id, b.study_days, b.paid_days, b.nominal, b.amount, b.local) END AS is_changed
FROM billing b
LEFT JOIN acts_charge live ON live.contract_id = b.contract_id AND live.service_month = b.month
    AND live.voucher_id = b.voucher_id AND live.kind <> 'REFUND'
    AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = live.id)
    AND EXISTS (SELECT FROM acts_monthclose m WHERE m.id = live.close_id AND m.issuer_id = %(issuer)s)
LEFT JOIN acts_act a ON a.id = live.act_id
LEFT JOIN LATERAL (
    SELECT sum(CASE WHEN e.to_account = 'RESERVED' THEN e.local_kzt ELSE -e.local_kzt END) AS local,
           sum(CASE WHEN e.to_account = 'RESERVED' THEN e.republican_kzt ELSE -e.republican_kzt END) AS republican
    FROM registry_ledgerentry e
    WHERE e.voucher_id = b.voucher_id AND e.month = b.month AND e.contract_id = b.contract_id
      AND e.issuer_id = %(issuer)s AND 'RESERVED' IN (e.from_account, e.to_account) AND e.from_account <> e.to_account
) r ON true
WHERE NOT b.is_first;

-- Late facts that need more money than the limit has left wait, the contract signed last first (design.md §5.2).
WITH change AS (
    SELECT b.contract_id, b.month, b.voucher_id, c.signed_at, extract(year FROM b.month)::int AS year, s.source,
           s.need
    FROM billing b
    JOIN registry_contract c ON c.id = b.contract_id
    JOIN held h ON h.contract_id = b.contract_id AND h.month = b.month AND h.voucher_id = b.voucher_id
    CROSS JOIN LATERAL (VALUES
        ('local', b.local - h.local_kzt - h.reserved_local),
        ('republican', b.amount - b.local - (h.amount_kzt - h.local_kzt) - h.reserved_republican)
    ) AS s(source, need)
    WHERE h.is_changed
), freed AS (
    SELECT year, source, sum(kzt) AS kzt
    FROM (
        SELECT year, source, -need AS kzt FROM change WHERE need < 0
        UNION ALL
        SELECT extract(year FROM month)::int, s.source, s.kzt
        FROM billing b
        CROSS JOIN LATERAL (VALUES ('local', b.reserved_local - b.local),
            ('republican', b.reserved_republican - (b.amount - b.local))) AS s(source, kzt)
        WHERE b.is_first AND EXISTS (SELECT FROM change)
    ) f
    GROUP BY year, source
), room AS (
    SELECT b.year, b.source, b.limit_kzt + coalesce(max(f.kzt), 0) - coalesce(sum(s.kzt), 0) AS kzt
    FROM registry_budget b
    LEFT JOIN registry_ledgerbalance l ON l.issuer_id = b.issuer_id AND l.programme = b.programme
        AND extract(year FROM l.month) = b.year AND l.account IN ('RESERVED', 'WRITTEN_OFF', 'REDEEMED')
    LEFT JOIN LATERAL (VALUES ('local', l.local_kzt), ('republican', l.republican_kzt)) AS s(source, kzt)
        ON s.source = b.source
    LEFT JOIN freed f ON f.year = b.year AND f.source = b.source
    WHERE b.issuer_id = %(issuer)s AND b.programme = %(programme)s
    GROUP BY b.id
), running AS (
    SELECT c.*, sum(need) OVER (PARTITION BY year, source ORDER BY signed_at, contract_id, month) AS needed
    FROM change c WHERE need > 0
)
UPDATE held h
SET is_changed = false, is_withheld = true
FROM running r LEFT JOIN room USING (year, source)
WHERE r.needed > coalesce(room.kzt, 0) AND h.contract_id = r.contract_id AND h.month = r.month
  AND h.voucher_id = r.voucher_id;

UPDATE billing b
SET reserved_local = h.reserved_local, reserved_republican = h.reserved_republican,
    is_billed = h.is_changed AND b.amount > 0
FROM held h
WHERE b.contract_id = h.contract_id AND b.month = h.month AND b.voucher_id = h.voucher_id;
