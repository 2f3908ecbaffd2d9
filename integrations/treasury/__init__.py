"""The payer's treasury: payment files out, status reports and booked entries in (contracts/payments.md)."""
