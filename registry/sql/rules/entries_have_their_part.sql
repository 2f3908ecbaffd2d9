-- design.md §4: every entry is a movement of one part.
SELECT count(*)
FROM registry_ledgerentry e
LEFT JOIN registry_voucherpart p ON p.voucher_id = e.voucher_id AND p.month = e.month
WHERE p.voucher_id IS NULL AND (%(issuer)s IS NULL OR e.issuer_id = %(issuer)s)
