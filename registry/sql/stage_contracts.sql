CREATE TEMP TABLE IF NOT EXISTS staged (
    external_id text, version int, status text, provider_id bigint, programme text, level text, group_name text,
    language text, special_needs boolean, child_iin text, last_name text, first_name text, middle_name text,
    birth_date date, guardian_iin text, guardian_last_name text, guardian_first_name text, guardian_middle_name text,
    phone text, email text, guardian_language text, parent_fee_kzt numeric(14, 2), signed_at timestamptz,
    starts_on date, ends_on date, end_reason text, days daterange
) ON COMMIT DROP;
TRUNCATE staged;
