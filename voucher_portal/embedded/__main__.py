"""`python -m voucher_portal.embedded start|stop|status`: the services of the data folder by hand."""

import argparse
import sys

from voucher_portal import embedded
from voucher_portal.environment import data_dir, read_environment


def main(arguments: list[str] | None = None) -> int:
    """Do as told; say one line for each service. 1 when `status` finds one that is not running."""
    parser = argparse.ArgumentParser(prog="python -m voucher_portal.embedded", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "status"])
    action = parser.parse_args(arguments).action
    folder = data_dir(read_environment())
    all_run = True
    for service in (embedded.Postgres(folder), embedded.Redis(folder)):
        if action == "start":
            embedded.ensure_started(service)
        elif action == "stop" and folder.exists():
            embedded.stop(service)
        runs = service.is_running()
        all_run = all_run and runs
        sys.stdout.write(f"{service.name}: {'running' if runs else 'stopped'} in {service.folder}\n")
    return 1 if action == "status" and not all_run else 0


if __name__ == "__main__":
    sys.exit(main())
