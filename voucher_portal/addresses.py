"""One REDIS_URL, several numbered databases: how each client wants its address written."""

from urllib.parse import parse_qsl, urlencode, urlsplit

QUEUE = 0
RESULTS = 1
CACHE = 2


def redis_url(url: str, database: int) -> str:
    """The address of one numbered database for redis-py: `redis://host:6379/2` or `unix:///path?db=2`."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return parts._replace(path=f"/{database}").geturl()
    query = dict(parse_qsl(parts.query)) | {"db": str(database)}
    return f"unix://{parts.netloc}{parts.path}?{urlencode(query)}"


def broker_url(url: str, database: int) -> str:
    """The same for Celery, which writes a unix socket as `redis+socket:///path?virtual_host=2`."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return redis_url(url, database)
    query = dict(parse_qsl(parts.query)) | {"virtual_host": str(database)}
    query.pop("db", None)
    return f"redis+socket://{parts.netloc}{parts.path}?{urlencode(query)}"
