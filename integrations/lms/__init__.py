"""Client of a school's LMS: change feeds of contracts and month sheets. Source: contracts/lms.md."""
