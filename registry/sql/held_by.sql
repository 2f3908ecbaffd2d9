-- What funded contracts hold at present, by financial year and source: a changed contract may use its own again.
SELECT contract_id, extract(year FROM month)::int, sum(local_kzt), sum(republican_kzt)
FROM registry_reservation WHERE contract_id = ANY(%(contracts)s) GROUP BY 1, 2
