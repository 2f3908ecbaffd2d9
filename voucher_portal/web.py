"""How gunicorn serves the pages; `--bind` comes with the command."""

workers = 2
worker_class = "gthread"
threads = 4
timeout = 60  # seconds
graceful_timeout = 10  # seconds
max_requests = 10_000
max_requests_jitter = 1_000
worker_tmp_dir = "/dev/shm"
# Lines of its own go where the portal's go, through the same mask (voucher_portal.logs).
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": []},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True, "qualname": "gunicorn.error"},
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False, "qualname": "gunicorn.access"},
    },
}
