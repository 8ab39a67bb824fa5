"""What a file is called that comes as an answer."""

from __future__ import annotations

from email.message import Message
from typing import Final
from urllib.parse import unquote, urlsplit

from grantline.messages import Headers, first_value

LONGEST_NAME: Final = 120


def name_of(url: str, headers: Headers) -> str:
    """What a file is called: by Content-Disposition (RFC 6266), else by its URL."""
    path = urlsplit(url).path
    name = _said_name(headers) or unquote(path.rpartition("/")[2])
    # The last part alone, and nothing that a file system takes for more than a name.
    name = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(each if each.isprintable() and each not in '<>:"|?*' else "_" for each in name)
    return plain.strip(". ")[:LONGEST_NAME] or "download"


def _said_name(headers: Headers) -> str | None:
    """The name in Content-Disposition; None where there is none that can be read."""
    said, text = Message(), first_value(headers, "content-disposition") or ""
    # Bytes that are no characters are more than the parser takes.
    said["Content-Disposition"] = text.encode("utf-8", "replace").decode()
    try:
        return said.get_filename()
    except (TypeError, ValueError):
        return None  # the pieces of a long name do not fit together (RFC 2231 section 3)
