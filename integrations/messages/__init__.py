"""Messages to people by SMS, e-mail and Telegram: the wire under an outbox."""
