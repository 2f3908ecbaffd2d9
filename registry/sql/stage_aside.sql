CREATE TEMP TABLE IF NOT EXISTS aside (
    kind text, key text, version int, provider_bin text, reason text, message text, raw text, waits_for text
) ON COMMIT DROP;
TRUNCATE aside;
