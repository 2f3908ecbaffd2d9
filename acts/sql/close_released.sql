-- What the close gives back to the limit: of reservations that earned less than they held.
SELECT coalesce(sum(greatest(reserved_local - CASE WHEN is_billed THEN local ELSE 0 END, 0)
                    + greatest(reserved_republican - CASE WHEN is_billed THEN amount - local ELSE 0 END, 0)), 0.00)
FROM billing
