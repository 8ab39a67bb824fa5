"""Cookies of one run: what answers set, and what later requests send back (RFC 6265).

A jar knows no clock: every method is told the time. It keeps what a service sets within one run and
is bounded; whether two steps share one is for who calls them to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from grantline.calls.hosts import is_public_suffix
from grantline.errors import EgressBlocked
from grantline.messages import Headers
from grantline.url import Url, canonical_host, parse_url

# RFC 6265 section 6.1 asks for 50 a host and 3000 in all; a run needs fewer.
MOST_COOKIES: Final = 300
LARGEST: Final = 4096
# draft-ietf-httpbis-rfc6265bis section 5.5: nothing lives longer.
LONGEST: Final = timedelta(days=400)
'''+''
