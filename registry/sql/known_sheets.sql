SELECT c.external_id, s.version
FROM registry_sheet s JOIN registry_contract c ON c.id = s.contract_id AND c.lms_id = %(lms)s
WHERE s.month = %(month)s AND (%(contracts)s::bigint[] IS NULL OR s.contract_id = ANY(%(contracts)s))
