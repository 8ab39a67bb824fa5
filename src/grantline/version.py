"""The version, and the name under which requests introduce themselves (RFC 9110 section 10.1.5)."""

__version__ = "0.1.0"
USER_AGENT = f"Grantline/{__version__}"
