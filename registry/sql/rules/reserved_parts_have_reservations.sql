-- design.md §4: a part is RESERVED while it has a live reservation, and an open part with one is not ACTIVE.
SELECT count(*)
FROM registry_voucherpart p
JOIN registry_voucher v ON v.id = p.voucher_id AND (%(issuer)s IS NULL OR v.issuer_id = %(issuer)s)
LEFT JOIN (SELECT DISTINCT voucher_id, month FROM registry_reservation WHERE covered_days > 0) r
    ON r.voucher_id = p.voucher_id AND r.month = p.month
WHERE (p.state = 'RESERVED' AND r.voucher_id IS NULL) OR (p.state = 'ACTIVE' AND r.voucher_id IS NOT NULL)
