"""Forms of dates and numbers by language (setting FORMAT_MODULE_PATH). Source: domain/glossary.md, "How to write"."""
