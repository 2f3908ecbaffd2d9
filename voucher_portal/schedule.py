"""What beat starts and when (Asia/Almaty). The only place where a schedule is written."""

SCHEDULE: dict[str, dict] = {}
