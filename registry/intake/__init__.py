"""Taking in what the LMS feeds bring: contracts, sheets, and what has to be put aside."""
