-- design.md §5.4: a late fact takes the live charge back before it makes a new one.
SELECT count(*)
FROM (
    SELECT 1
    FROM acts_charge c
    JOIN acts_monthclose m ON m.id = c.close_id AND (%(issuer)s IS NULL OR m.issuer_id = %(issuer)s)
    WHERE c.kind <> 'REFUND' AND NOT EXISTS (SELECT FROM acts_charge r WHERE r.reverses_id = c.id)
    GROUP BY m.issuer_id, c.contract_id, c.voucher_id, c.service_month HAVING count(*) > 1
) twice
