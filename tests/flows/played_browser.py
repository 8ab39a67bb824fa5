"""A browser for the variable ``BROWSER``: a scripted person consents and brings the answer back.

BROWSER="python -m tests.flows.played_browser %s" grantline connection authorize NAME
"""

import sys

from tests.peers.browser import Person

if __name__ == "__main__":
    Person().authorize(sys.argv[1], deliver=True)
