SELECT external_id, id FROM registry_contract
WHERE lms_id = %(lms)s AND (%(keys)s::text[] IS NULL OR external_id = ANY(%(keys)s))
LIMIT %(limit)s
