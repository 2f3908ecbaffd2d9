-- Orders whose state the treasury's answers have moved; every move was made by a transition of the model.
UPDATE acts_paymentorder o
SET state = n.state, reason = n.reason, changed_at = %(now)s
FROM unnest(%(pk)s::bigint[], %(state)s::text[], %(reason)s::text[]) AS n(id, state, reason)
WHERE o.id = n.id
