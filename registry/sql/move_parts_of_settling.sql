-- Parts follow their reservations: RESERVED while one is live, else ACTIVE. A late contract revives an EXPIRED part, and
-- when it goes before the next close the part is EXPIRED again.
UPDATE registry_voucherpart p
SET state = CASE WHEN p.state IN %(reservable)s THEN 'RESERVED' WHEN now.is_open THEN 'ACTIVE' ELSE 'EXPIRED' END
FROM (
    SELECT m.voucher_id, m.month, bool_or(m.is_new OR NOT m.is_closed) AS may_reserve,
           bool_or(NOT m.is_closed) AS is_open,
           EXISTS (SELECT FROM registry_reservation r
                   WHERE r.voucher_id = m.voucher_id AND r.month = m.month AND r.covered_days > 0) AS is_live
    FROM (
        SELECT voucher_id, month, is_new, is_closed FROM target
        UNION ALL
        SELECT voucher_id, month, false, is_closed FROM gone
    ) m
    WHERE m.voucher_id NOT IN (SELECT id FROM new_voucher)
    GROUP BY m.voucher_id, m.month
) now
WHERE p.voucher_id = now.voucher_id AND p.month = now.month
  AND ((p.state IN %(reservable)s AND now.is_live AND now.may_reserve)
    OR (p.state IN %(freeable)s AND NOT now.is_live));
