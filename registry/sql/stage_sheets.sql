CREATE TEMP TABLE IF NOT EXISTS staged_sheet (LIKE registry_sheet) ON COMMIT DROP;
TRUNCATE staged_sheet;
