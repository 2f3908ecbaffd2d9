-- Contracts of an issuer that earn nothing in a month as its sheets stand now, with the reason (as acts/close_not_charged).
SELECT contract_id, CASE WHEN status IS NULL THEN 'NO_SHEET' WHEN status <> 'approved' THEN 'SHEET_NOT_APPROVED'
                         WHEN present_days < %(least)s THEN 'NO_PRESENCE' ELSE 'NO_PAID_DAYS' END
FROM (
    SELECT r.contract_id, s.status, bit_count(registry_marks_mask(s.marks, '1000000') & r.covered_mask) AS present_days,
           bit_count(registry_marks_mask(s.marks, %(payable)s) & r.covered_mask) AS payable_days
    FROM registry_reservation r
    JOIN schools_stateordercontract o ON o.id = r.state_order_id AND o.programme = %(programme)s
    LEFT JOIN registry_sheet s ON s.contract_id = r.contract_id AND s.month = r.month
    WHERE r.issuer_id = %(issuer)s AND r.month = %(month)s AND r.covered_days > 0
) counted
WHERE status IS NULL OR status <> 'approved' OR present_days < %(least)s OR payable_days = 0
