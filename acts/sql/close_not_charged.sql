-- Months of contracts that earn nothing, by the reason that a person can act on.
SELECT CASE WHEN sheet IS NULL THEN 'NO_SHEET' WHEN sheet <> 'approved' THEN 'SHEET_NOT_APPROVED'
            WHEN present_days < min_present_days THEN 'NO_PRESENCE' ELSE 'NO_PAID_DAYS' END AS reason, count(*)
FROM billing WHERE amount = 0 AND covered_days > 0
GROUP BY 1
UNION ALL
SELECT 'BUDGET_EXHAUSTED', count(*) FROM held WHERE is_withheld HAVING count(*) > 0
ORDER BY 1
