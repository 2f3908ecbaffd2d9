-- First the contracts that lose their place, then those that take one: a child never has two funded on one day. One that
-- has a newer version meanwhile waits for the next settling.
UPDATE registry_contract c
SET funding = s.funding, unfunded_reason = s.unfunded_reason, norm_id = s.norm_id, is_settled = true
FROM settling s WHERE c.id = s.contract_id AND c.version = s.version AND s.funding <> 'FUNDED';
UPDATE registry_contract c
SET funding = s.funding, unfunded_reason = s.unfunded_reason, norm_id = s.norm_id, is_settled = true
FROM settling s WHERE c.id = s.contract_id AND c.version = s.version AND s.funding = 'FUNDED';

-- The contracts of this batch, and the funded ones of the same children, whose shares of a month may move.
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT contract_id
FROM (
    SELECT contract_id FROM settling
    UNION
    SELECT beside.id FROM settling s
    JOIN registry_contract c ON c.id = s.contract_id
    JOIN registry_contract beside ON beside.child_id = c.child_id AND beside.programme = c.programme
        AND beside.funding = 'FUNDED'
    UNION
    SELECT beside.contract_id FROM settling s
    JOIN registry_reservation r ON r.contract_id = s.contract_id
    JOIN registry_reservation beside ON beside.voucher_id = r.voucher_id
) t
JOIN registry_contract c ON c.id = t.contract_id AND c.is_settled;
ANALYZE touched;
