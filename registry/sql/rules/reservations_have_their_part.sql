-- design.md §4: a reservation is of a part.
SELECT count(*)
FROM registry_reservation r
LEFT JOIN registry_voucherpart p ON p.voucher_id = r.voucher_id AND p.month = r.month
WHERE p.voucher_id IS NULL AND (%(issuer)s IS NULL OR r.issuer_id = %(issuer)s)
