-- Sums as text in plain ASCII order, so that the same charges always give the same bytes.
SELECT o.bin, l.code, c.external_id, child.iin, to_char(ch.service_month, 'YYYY-MM'), ch.kind, ch.nominal_kzt,
       ch.study_days, ch.paid_days, ch.amount_kzt, ch.local_kzt, ch.republican_kzt
FROM acts_charge ch
JOIN acts_monthclose m ON m.id = ch.close_id AND m.issuer_id = %(issuer)s AND m.programme = %(programme)s
    AND m.month = %(month)s
JOIN acts_act a ON a.id = ch.act_id
JOIN schools_provider p ON p.id = a.provider_id
JOIN accounts_organisation o ON o.id = p.organisation_id
JOIN registry_contract c ON c.id = ch.contract_id
JOIN integrations_lms l ON l.id = c.lms_id
JOIN registry_voucher v ON v.id = ch.voucher_id
JOIN registry_child child ON child.id = v.child_id
ORDER BY o.bin, l.code COLLATE "C", c.external_id COLLATE "C", child.iin, ch.service_month, ch.kind COLLATE "C",
         ch.nominal_kzt, ch.study_days, ch.paid_days, ch.amount_kzt, ch.local_kzt, ch.republican_kzt
