"""The few pages a person sees, each labelled as a demo."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem;
       color: #1c2733; background: #fff }
.demo { color: #5b6673; border-bottom: 1px solid #d5dbe1; padding-bottom: .5rem }
button { font: inherit; padding: .5rem 1.25rem; margin-right: .5rem; border: 1px solid #5b6673;
         border-radius: .4rem; background: #fff; color: inherit }
button[value=approve] { background: #14532d; border-color: #14532d; color: #fff }
input { font: inherit; padding: .4rem; letter-spacing: .1em }
@media (prefers-color-scheme: dark) { body { color: #e6eaee; background: #14191f }
  button, input { background: #14191f; color: inherit } }
"""


def consent_page(transaction: str, *, client_id: str, subject: str, scope: Iterable[str]) -> str:
    """The question whether ``client_id`` may act for ``subject``."""
    scopes = "".join(f"<li><code>{escape(one)}</code></li>" for one in scope)
    asked = f"<p>It asks for:</p><ul>{scopes}</ul>" if scopes else ""
    return _page(
        "Allow access?",
        f"<p><strong>{escape(client_id)}</strong> would like to act for "
        f"<strong>{escape(subject)}</strong>.</p>{asked}"
        f'<form method="post" action="/authorize">'
        f'<input type="hidden" name="transaction" value="{escape(transaction)}">'
        f"{_DECISION}</form>",
    )


def device_page(user_code: str) -> str:
    """The form for the user code of a device."""
    return _page(
        "Connect a device",
        '<form method="post" action="/device"><p><label>Code shown by the device<br>'
        f'<input name="user_code" autocomplete="off" value="{escape(user_code)}" required>'
        f"</label></p>{_DECISION}</form>",
    )


def form_post_page(redirect_uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    """A page that posts the authorization response (OAuth 2.0 Form Post Response Mode)."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in parameters
    )
    return _page(
        "Going back",
        f'<form method="post" action="{escape(redirect_uri)}">{fields}'
        "<button>Continue</button></form><script>document.forms[0].submit()</script>",
    )


def message_page(text: str) -> str:
    """One sentence."""
    return _page("Demo", f"<p>{escape(text)}</p>")


_DECISION: Final = (
    '<p><button name="decision" value="approve">Allow</button>'
    '<button name="decision" value="deny">Deny</button></p>'
)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        '<p class="demo">Demo authorization server on this machine. No real account is used.</p>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
