-- payments.md §5 rule 1: what is sent again are the stored bytes, told by their SHA-256.
SELECT count(*) FROM acts_paymentfile
WHERE encode(sha256(xml), 'hex') <> sha256 AND (%(issuer)s IS NULL OR issuer_id = %(issuer)s)
