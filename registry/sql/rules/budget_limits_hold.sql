-- design.md §5.2: reserved, written off and redeemed never pass the limit of their source and financial year.
SELECT count(*) FROM registry_budget_overrun WHERE %(issuer)s IS NULL OR issuer_id = %(issuer)s
