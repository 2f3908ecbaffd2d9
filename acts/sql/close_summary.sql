-- What the close bills, as its preview and its result show it.
SELECT count(DISTINCT (provider_id, state_order_id)) AS acts, count(DISTINCT voucher_id) AS children,
       count(*) FILTER (WHERE kind = 'ORIGINAL') AS original, count(*) FILTER (WHERE kind = 'REFUND') AS refund,
       count(*) FILTER (WHERE kind = 'CORRECTION') AS correction, coalesce(sum(amount), 0.00) AS amount_kzt,
       coalesce(sum(local), 0.00) AS local_kzt, coalesce(sum(amount - local), 0.00) AS republican_kzt,
       coalesce(sum(amount) FILTER (WHERE month < %(month)s), 0.00) AS older_kzt
FROM line
