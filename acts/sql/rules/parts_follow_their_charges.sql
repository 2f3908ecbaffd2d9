-- design.md §4: a part is WRITTEN_OFF with a live charge, REDEEMED when all its live charges are in paid acts.
SELECT count(*)
FROM registry_voucherpart p
JOIN registry_voucher v ON v.id = p.voucher_id AND (%(issuer)s IS NULL OR v.issuer_id = %(issuer)s)
LEFT JOIN (
    SELECT c.voucher_id, c.service_month AS month, bool_and(a.state = 'PAID') AS is_paid
    FROM acts_charge c JOIN acts_act a ON a.id = c.act_id
    WHERE c.kind <> 'REFUND' AND NOT EXISTS (SELECT FROM acts_charge r WHERE r.reverses_id = c.id)
    GROUP BY 1, 2
) c ON c.voucher_id = p.voucher_id AND c.month = p.month
WHERE CASE WHEN c.voucher_id IS NULL THEN p.state IN ('WRITTEN_OFF', 'REDEEMED')
           WHEN c.is_paid THEN p.state <> 'REDEEMED' ELSE p.state <> 'WRITTEN_OFF' END
