"""1CClientBankExchange, the file of accountants: orders out, statements in."""
