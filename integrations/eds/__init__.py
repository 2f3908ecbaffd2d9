"""National digital signatures: whose they are and whether they hold."""
