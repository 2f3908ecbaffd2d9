"""What beat starts and when (Asia/Almaty). The only place where a schedule is written."""

from celery.schedules import crontab

MINUTE = 60  # seconds
OFFICE_HOURS = crontab(minute=0, hour="9-17", day_of_week="mon-fri")
NIGHT = crontab(minute=0, hour=3)

# Each start expires before the next one, so that nothing piles up while no worker is there.
SCHEDULE: dict[str, dict] = {
    "poll every LMS": {
        "task": "registry.tasks.poll_all_lms",
        "schedule": 15 * MINUTE,
        "options": {"expires": 15 * MINUTE},
    },
    "send what may be paid": {
        "task": "acts.payment_tasks.send_all_due_payments",
        "schedule": OFFICE_HOURS,
        "options": {"expires": 60 * MINUTE},
    },
    "ask the treasury what became of it": {
        "task": "acts.payment_tasks.ask_treasury",
        "schedule": 5 * MINUTE,
        "options": {"expires": 5 * MINUTE},
    },
    "render the acts that lack a document": {
        "task": "acts.tasks.render_missing_documents",
        "schedule": 15 * MINUTE,
        "options": {"expires": 15 * MINUTE},
    },
    "look for signs of risk in new sheets": {
        "task": "monitoring.tasks.scan_new_sheets",
        "schedule": 60 * MINUTE,
        "options": {"expires": 60 * MINUTE},
    },
    "look for signs of risk in all sheets": {
        "task": "monitoring.tasks.scan_all_sheets",
        "schedule": NIGHT,
        "options": {"expires": 180 * MINUTE},
    },
    "collect the later answers of state databases": {
        "task": "integrations.tasks.collect_later_answers",
        "schedule": 5 * MINUTE,
        "options": {"expires": 5 * MINUTE},
    },
    "remove what was archived long ago": {
        "task": "integrations.tasks.purge_archive",
        "schedule": NIGHT,
        "options": {"expires": 180 * MINUTE},
    },
    "remove sessions that have ended": {
        "task": "accounts.tasks.clear_sessions",
        "schedule": NIGHT,
        "options": {"expires": 180 * MINUTE},
    },
}
