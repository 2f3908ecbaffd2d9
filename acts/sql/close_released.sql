SELECT coalesce(sum(greatest(b.reserved_local - coalesce(l.local, 0), 0)
                    + greatest(b.reserved_republican - coalesce(l.amount - l.local, 0), 0)), 0.00)
FROM billing b
LEFT JOIN line l ON l.contract_id = b.contract_id AND l.month = b.month AND l.voucher_id = b.voucher_id
    AND l.kind <> 'REFUND'
WHERE b.is_ours
