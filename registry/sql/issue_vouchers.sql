-- A voucher for every child with a contract, for each school year that the contract touches (REG §5.2, T1). Its issuer is
-- the one of the contract signed first.
CREATE TEMP TABLE new_voucher ON COMMIT DROP AS
WITH added AS (
    INSERT INTO registry_voucher (public_id, issuer_id, child_id, programme, start_year, issued_at)
    SELECT DISTINCT ON (t.child_id, t.programme, y.start_year)
           gen_random_uuid(), t.issuer_id, t.child_id, t.programme, y.start_year, %(now)s
    FROM touched t
    JOIN registry_schoolcalendar y ON y.programme = t.programme AND y.days && t.days
    WHERE t.status <> 'annulled'
    ORDER BY t.child_id, t.programme, y.start_year, t.signed_at, t.contract_id
    ON CONFLICT (child_id, programme, start_year) DO NOTHING
    RETURNING id, issuer_id, programme, start_year
)
SELECT * FROM added;
