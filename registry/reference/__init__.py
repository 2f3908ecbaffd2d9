"""The reference file of a region: read, check, apply (contracts/reference-data.md). Entry: `loading`."""
