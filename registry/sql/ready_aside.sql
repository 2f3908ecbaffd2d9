-- Waiting items whose cause has gone: the provider, or the contract, is there now.
SELECT a.id
FROM registry_putaside a
WHERE a.lms_id = %(lms)s AND a.kind = %(kind)s AND a.reason = %(reason)s AND a.resolved_at IS NULL
  AND CASE a.kind
      WHEN 'contract' THEN EXISTS (SELECT FROM accounts_organisation o JOIN schools_provider p
                                   ON p.organisation_id = o.id WHERE o.bin = a.waits_for)
      ELSE EXISTS (SELECT FROM registry_contract c WHERE c.lms_id = a.lms_id AND c.external_id = a.waits_for) END
ORDER BY a.id
