"""The way of the money: orders from accepted acts, files to the treasury, its answers, redeemed parts.

    orders       what accepted acts owe from each source: set off, held or to be paid
    payers       from which accounts an issuer pays; names: what things are called on the wire
    files        one message of an issuer and a run, its bytes stored before they go
    sending      the message to the gateway, exactly once
    routing      these in their order: `route_payments`
    standing     what an answer of the treasury does to one attempt; standings: to all that a page speaks of
    reports      a page of the gateway's feed, applied in one transaction with its cursor
    redeeming    acts that are settled, and their parts
    reconciling  what became of everything that was sent: `reconcile_payments`

Source: contracts/payments.md, REG §12.1 and §14, docs/rules/payments.md.
"""
