-- design.md §5.2: the days that a part's contracts cover never overlap.
SELECT count(*)
FROM (
    SELECT 1 FROM registry_reservation
    WHERE covered_days > 0 AND (%(issuer)s IS NULL OR issuer_id = %(issuer)s)
    GROUP BY voucher_id, month
    HAVING count(*) > 1 AND sum(bit_count(covered_mask)) <> bit_count(bit_or(covered_mask))
) overlapping
