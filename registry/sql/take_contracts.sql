-- A page of contracts, each in the newest version that the page has. Names of a child come from the contract signed
-- last, so that the order of delivery does not matter; a guardian's account keeps what its owner may have changed.
INSERT INTO registry_child AS child (iin, last_name, first_name, middle_name, birth_date, named_at, named_by)
SELECT DISTINCT ON (child_iin) child_iin, last_name, first_name, middle_name, birth_date, signed_at, external_id
FROM staged ORDER BY child_iin, signed_at DESC, external_id DESC
ON CONFLICT (iin) DO UPDATE
SET last_name = excluded.last_name, first_name = excluded.first_name, middle_name = excluded.middle_name,
    birth_date = excluded.birth_date, named_at = excluded.named_at, named_by = excluded.named_by
WHERE (excluded.named_at, excluded.named_by) >= (child.named_at, child.named_by)
  AND (excluded.last_name, excluded.first_name, excluded.middle_name, excluded.birth_date, excluded.named_at)
      IS DISTINCT FROM (child.last_name, child.first_name, child.middle_name, child.birth_date, child.named_at);

INSERT INTO accounts_user (iin, last_name, first_name, middle_name, phone, email, language)
SELECT DISTINCT ON (guardian_iin) guardian_iin, guardian_last_name, guardian_first_name, guardian_middle_name, phone,
       email, guardian_language
FROM staged ORDER BY guardian_iin, signed_at DESC, external_id DESC
ON CONFLICT (iin) DO NOTHING;

UPDATE registry_contract c
SET version = s.version, status = s.status, provider_id = s.provider_id, programme = s.programme, level = s.level,
    group_name = s.group_name, language = s.language, special_needs = s.special_needs, child_id = child.id,
    guardian_id = guardian.id, parent_fee_kzt = s.parent_fee_kzt, signed_at = s.signed_at, starts_on = s.starts_on,
    ends_on = s.ends_on, end_reason = s.end_reason, days = s.days, received_at = %(now)s, is_settled = false
FROM staged s
JOIN registry_child child ON child.iin = s.child_iin
JOIN accounts_user guardian ON guardian.iin = s.guardian_iin
WHERE c.lms_id = %(lms)s AND c.external_id = s.external_id AND c.version < s.version;

INSERT INTO registry_contract (lms_id, external_id, version, status, provider_id, programme, level, group_name, language,
                               special_needs, child_id, guardian_id, parent_fee_kzt, signed_at, starts_on, ends_on,
                               end_reason, days, received_at)
SELECT %(lms)s, s.external_id, s.version, s.status, s.provider_id, s.programme, s.level, s.group_name, s.language,
       s.special_needs, child.id, guardian.id, s.parent_fee_kzt, s.signed_at, s.starts_on, s.ends_on, s.end_reason,
       s.days, %(now)s
FROM staged s
JOIN registry_child child ON child.iin = s.child_iin
JOIN accounts_user guardian ON guardian.iin = s.guardian_iin
ORDER BY child.id
ON CONFLICT (lms_id, external_id) DO NOTHING;
