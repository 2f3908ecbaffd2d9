-- Money of the close, one movement after the other, refunds before what is taken anew: taken back from where it is, topped
-- up where the reservation was smaller, written off, and the unearned rest given back to the limit. A part that ends with
-- no charge expires.
CREATE TEMP TABLE part_now ON COMMIT DROP AS
SELECT b.voucher_id, b.month, bool_or(b.is_first) AS is_first,
       bool_or(CASE WHEN h.is_withheld THEN h.live_id IS NOT NULL ELSE b.amount > 0 END) AS is_live,
       false AS is_pending
FROM billing b
LEFT JOIN held h ON NOT b.is_first AND h.contract_id = b.contract_id AND h.month = b.month AND h.voucher_id = b.voucher_id
GROUP BY b.voucher_id, b.month
UNION ALL
SELECT p.voucher_id, p.month, true, false, false
FROM registry_voucherpart p
JOIN registry_voucher v ON v.id = p.voucher_id AND v.issuer_id = %(issuer)s AND v.programme = %(programme)s
WHERE p.month <= %(month)s AND p.state = 'ACTIVE'
  AND NOT EXISTS (SELECT FROM billing b WHERE b.voucher_id = p.voucher_id AND b.month = p.month);

-- What earned nothing here may be charged by another issuer, or wait for the close of another one.
UPDATE part_now n
SET is_live = EXISTS (
        SELECT FROM acts_charge c JOIN acts_monthclose m ON m.id = c.close_id AND m.issuer_id <> %(issuer)s
        WHERE c.voucher_id = n.voucher_id AND c.service_month = n.month AND c.kind <> 'REFUND'
          AND NOT EXISTS (SELECT FROM acts_charge refund WHERE refund.reverses_id = c.id)),
    is_pending = EXISTS (
        SELECT FROM registry_reservation r
        LEFT JOIN registry_closedthrough t ON t.issuer_id = r.issuer_id AND t.programme = %(programme)s
        WHERE r.voucher_id = n.voucher_id AND r.month = n.month AND r.issuer_id <> %(issuer)s AND r.covered_days > 0
          AND coalesce(t.month < r.month, true))
WHERE NOT n.is_live;

ANALYZE part_now;

INSERT INTO registry_ledgerentry (issuer_id, voucher_id, month, contract_id, from_account, to_account, amount_kzt,
                                  local_kzt, republican_kzt, act_id, actor_id, at, reason)
WITH earned AS MATERIALIZED (
    SELECT b.voucher_id, b.month, b.contract_id, b.is_first, a.id AS act_id, b.reserved_local, b.reserved_republican,
           CASE WHEN b.is_billed THEN b.local ELSE 0 END AS local,
           CASE WHEN b.is_billed THEN b.amount - b.local ELSE 0 END AS republican
    FROM billing b
    LEFT JOIN acts_act a ON a.close_id = %(close)s AND a.provider_id = b.provider_id
        AND a.state_order_id = b.state_order_id
)
SELECT %(issuer)s, voucher_id, month, contract_id, from_account, to_account, local + republican, local, republican,
       act_id, %(actor)s, %(now)s, reason
FROM (
    SELECT l.voucher_id, l.month, l.contract_id,
           CASE WHEN l.is_redeemed THEN 'REDEEMED' ELSE 'WRITTEN_OFF' END AS from_account, 'RELEASED' AS to_account,
           -l.local AS local, l.local - l.amount AS republican, a.id AS act_id, 'REFUND' AS reason
    FROM line l
    JOIN acts_act a ON a.close_id = %(close)s AND a.provider_id = l.provider_id AND a.state_order_id = l.state_order_id
    WHERE l.kind = 'REFUND'
    UNION ALL
    SELECT voucher_id, month, contract_id, 'BUDGET', 'RESERVED', greatest(local - reserved_local, 0),
           greatest(republican - reserved_republican, 0), NULL, 'LATE_FACT'
    FROM earned WHERE local > reserved_local OR republican > reserved_republican
    UNION ALL
    SELECT voucher_id, month, contract_id, 'RESERVED', 'WRITTEN_OFF', local, republican, act_id,
           CASE WHEN is_first THEN 'CLOSED' ELSE 'LATE_FACT' END
    FROM earned WHERE local + republican > 0
    UNION ALL
    SELECT voucher_id, month, contract_id, 'RESERVED', 'RELEASED', greatest(reserved_local - local, 0),
           greatest(reserved_republican - republican, 0), NULL, 'UNEARNED'
    FROM earned WHERE local < reserved_local OR republican < reserved_republican
    UNION ALL
    SELECT n.voucher_id, n.month, NULL, 'BUDGET', 'BUDGET', 0, 0, NULL, 'EXPIRED'
    FROM part_now n JOIN registry_voucherpart p USING (voucher_id, month)
    WHERE NOT n.is_live AND NOT n.is_pending AND p.state IN %(expirable)s
) e;
