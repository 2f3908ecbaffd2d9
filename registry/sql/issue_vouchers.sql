-- A voucher for every child with a contract, for each school year that the contract touches (REG §5.2, T1).
CREATE TEMP TABLE new_voucher ON COMMIT DROP AS
WITH added AS (
    INSERT INTO registry_voucher (public_id, issuer_id, child_id, programme, start_year, issued_at)
    SELECT gen_random_uuid(), (array_agg(p.issuer_id ORDER BY c.signed_at, c.id))[1], c.child_id, c.programme,
           y.start_year, %(now)s
    FROM settling s
    JOIN registry_contract c ON c.id = s.contract_id AND c.status <> 'annulled'
    JOIN schools_provider p ON p.id = c.provider_id
    JOIN registry_schoolcalendar y ON y.programme = c.programme AND y.days && c.days
    GROUP BY c.child_id, c.programme, y.start_year
    ORDER BY c.child_id
    ON CONFLICT (child_id, programme, start_year) DO NOTHING
    RETURNING id, issuer_id, programme, start_year
)
SELECT * FROM added;
