"""Tests of the spine: LMS feed, funding, reservation, close, charges and ledger together."""
