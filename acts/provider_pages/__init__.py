"""Pages of a provider's staff: overview, contingent, sheets, acts, payments. They show acts, so they stand here."""
