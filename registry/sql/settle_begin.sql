-- First the contracts that lose their place, then those that take one: a child never has two funded on one day. One that
-- has a newer version meanwhile waits for the next settling.
UPDATE registry_contract c
SET funding = s.funding, unfunded_reason = s.unfunded_reason, norm_id = s.norm_id, is_settled = true
FROM settling s WHERE c.id = s.contract_id AND c.version = s.version AND s.funding <> 'FUNDED';
UPDATE registry_contract c
SET funding = s.funding, unfunded_reason = s.unfunded_reason, norm_id = s.norm_id, is_settled = true
FROM settling s WHERE c.id = s.contract_id AND c.version = s.version AND s.funding = 'FUNDED';

-- The contracts of this batch, and the funded ones of the same children, whose shares of a month may move. A batch is
-- small beside the tables, whatever their statistics say in the middle of a first load: OFFSET 0 holds each of these
-- look-ups to the index.
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT c.id AS contract_id, c.child_id, c.programme, c.provider_id, p.issuer_id, c.status, c.funding, c.norm_id, c.days,
       c.starts_on, c.signed_at
FROM (
    SELECT contract_id FROM settling
    UNION
    SELECT beside.id
    FROM settling s
    JOIN registry_contract c ON c.id = s.contract_id
    CROSS JOIN LATERAL (
        SELECT b.id FROM registry_contract b
        WHERE b.child_id = c.child_id AND b.programme = c.programme AND b.funding = 'FUNDED' OFFSET 0) beside
    UNION
    SELECT beside.contract_id
    FROM settling s
    CROSS JOIN LATERAL (
        SELECT r.voucher_id FROM registry_reservation r WHERE r.contract_id = s.contract_id OFFSET 0) r
    CROSS JOIN LATERAL (
        SELECT b.contract_id FROM registry_reservation b WHERE b.voucher_id = r.voucher_id OFFSET 0) beside
) t
CROSS JOIN LATERAL (SELECT * FROM registry_contract c WHERE c.id = t.contract_id AND c.is_settled OFFSET 0) c
JOIN schools_provider p ON p.id = c.provider_id;
ANALYZE touched;
