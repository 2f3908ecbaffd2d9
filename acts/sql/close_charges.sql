INSERT INTO acts_charge (close_id, act_id, contract_id, voucher_id, service_month, bill_month, kind, study_days,
                         paid_days, nominal_kzt, amount_kzt, local_kzt, republican_kzt, reverses_id)
SELECT %(close)s, a.id, l.contract_id, l.voucher_id, l.month, %(month)s, l.kind, l.study_days, l.paid_days, l.nominal,
       l.amount, l.local, l.amount - l.local, l.reverses
FROM line l
JOIN acts_act a ON a.close_id = %(close)s AND a.provider_id = l.provider_id AND a.state_order_id = l.state_order_id
ORDER BY a.id, l.voucher_id, l.month, l.kind DESC;
