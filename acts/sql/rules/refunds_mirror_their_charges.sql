SELECT count(*)
FROM acts_charge r
JOIN acts_monthclose m ON m.id = r.close_id AND (%(issuer)s IS NULL OR m.issuer_id = %(issuer)s)
LEFT JOIN acts_charge c ON c.id = r.reverses_id
WHERE r.kind = 'REFUND' AND (c.contract_id, c.voucher_id, c.service_month, c.study_days, c.paid_days, c.nominal_kzt,
                             -c.amount_kzt, -c.local_kzt, -c.republican_kzt)
    IS DISTINCT FROM (r.contract_id, r.voucher_id, r.service_month, r.study_days, r.paid_days, r.nominal_kzt,
                      r.amount_kzt, r.local_kzt, r.republican_kzt)
