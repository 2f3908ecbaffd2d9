UPDATE registry_latefact f
SET billed_at = %(now)s
FROM billing b
WHERE f.issuer_id = %(issuer)s AND f.programme = %(programme)s AND f.billed_at IS NULL
  AND f.contract_id = b.contract_id AND f.month = b.month
  AND NOT EXISTS (SELECT FROM held h WHERE h.is_withheld AND h.contract_id = f.contract_id AND h.month = f.month);

INSERT INTO registry_closedthrough (issuer_id, programme, month) VALUES (%(issuer)s, %(programme)s, %(month)s)
ON CONFLICT (issuer_id, programme) DO UPDATE SET month = excluded.month;

