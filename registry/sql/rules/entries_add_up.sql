-- design.md §5.3: local + republican = amount on every entry, to the tiyn.
SELECT count(*) FROM registry_ledgerentry
WHERE amount_kzt <> local_kzt + republican_kzt AND (%(issuer)s IS NULL OR issuer_id = %(issuer)s)
