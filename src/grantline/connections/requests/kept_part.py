"""What is remembered of a download beside its bytes, so that another process can go on with it.

It is a small file of its own, replaced as a whole. It holds no secret: of the answer's headers
those that name and type the file, and of its URL no query.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Self

from grantline.calls.request import RequestSpec
from grantline.messages import Headers

_KEPT_HEADERS: Final = frozenset({"content-disposition", "content-type", "etag", "last-modified"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPart:
    """A download that was begun.

    Attributes:
        asked: Digest of the request, which has to be the same.
        status: Of the answer it began with; so for ``headers`` and ``url``.
        validator: What names the very bytes, for If-Range.
        total: How many bytes there will be; None when nobody knows.
        target: Where the file is, or is just being put; empty while it still arrives.
        size: Its length once it is whole.
    """

    asked: str
    status: int
    headers: Headers
    url: str
    validator: str | None
    total: int | None
    target: str = ""
    size: int = 0

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What ``path`` remembers; None when there is nothing that can be read."""
        try:
            plain: dict[str, Any] = json.loads(path.read_bytes())
            plain["headers"] = tuple((str(name), str(value)) for name, value in plain["headers"])
            return cls(**plain)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, path: Path) -> None:
        """Remembers it at ``path``; raises ``OSError``."""
        fresh = path.with_name(f"{path.name}.new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as writing:
            writing.write(json.dumps(asdict(self)).encode())
            writing.flush()
            os.fsync(writing.fileno())
        fresh.replace(path)

    def is_in_place(self, part: Path) -> bool:
        """Whether the file got its name before the process that gave it was gone."""
        target = Path(self.target)
        if not self.target or not target.is_file() or target.stat().st_size != self.size:
            return False
        # Either it has both names yet, or the bytes have left their first one.
        return part.samefile(target) or not part.stat().st_size


def asked_digest(spec: RequestSpec) -> str:
    """What tells one request from another."""
    said = json.dumps([spec.method, spec.url, spec.query, spec.headers])
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def kept_headers(headers: Headers) -> Headers:
    """Those of ``headers`` that are remembered."""
    return tuple(each for each in headers if each[0] in _KEPT_HEADERS)
