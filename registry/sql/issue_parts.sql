-- The parts of the new vouchers, at once in the state in which their reservations put them.
INSERT INTO registry_voucherpart (voucher_id, month, state)
SELECT v.id, m.month,
       CASE WHEN EXISTS (SELECT FROM target t WHERE t.voucher_id = v.id AND t.month = m.month)
            THEN 'RESERVED' ELSE 'ACTIVE' END
FROM new_voucher v
JOIN registry_studymonth m ON m.programme = v.programme AND m.start_year = v.start_year AND m.is_part
ORDER BY v.id, m.month;
