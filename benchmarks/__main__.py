"""`python -m benchmarks [--children N] [--providers N] [--only-wires]`: one JSON object on standard output.

Everything runs in its own data folder, from a cold start, against an LMS in a process of its own.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=88_000)
    parser.add_argument("--providers", type=int, default=985)
    parser.add_argument("--requests", type=int, default=200, help="requests for each page")
    parser.add_argument("--asks", type=int, default=10_000, help="questions to the state gateway")
    parser.add_argument("--signatures", type=int, default=1_000, help="signatures to verify")
    parser.add_argument("--only-wires", action="store_true", help="leave out the region, its intake, close and pages")
    parser.add_argument("--data-dir", help="kept afterwards; without it a temporary folder is used")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        folder = Path(options.data_dir or temporary)
        os.environ["PORTAL_DATA_DIR"] = str(folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voucher_portal.settings.dev")
        os.environ["PORTAL_TODAY"] = "2025-12-05"
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        out, sys.stdout = sys.stdout, sys.stderr
        import django

        django.setup()
        from benchmarks.stages import run_all
        from voucher_portal import embedded

        try:
            result = run_all(folder, options)
        finally:
            if not options.data_dir:
                embedded.stop_started_here()
        result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        out.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
