-- design.md §4: money moves only for a reservation.
SELECT count(*)
FROM registry_ledgerentry e
LEFT JOIN registry_reservation r ON r.contract_id = e.contract_id AND r.month = e.month AND r.voucher_id = e.voucher_id
    AND r.issuer_id = e.issuer_id
WHERE e.contract_id IS NOT NULL AND r.voucher_id IS NULL AND (%(issuer)s IS NULL OR e.issuer_id = %(issuer)s)
