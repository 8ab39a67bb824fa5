"""The settings of the Django site: the toolkit as it comes, on SQLite, with Django's own pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "oauth2_provider",
]


def site_settings(base_url: str, folder: Path, oauth2_provider: dict[str, Any]) -> dict[str, Any]:
    """What Django is configured with; ``oauth2_provider`` overrides the toolkit's settings."""
    return {
        "SECRET_KEY": "for tests on loopback only",
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "USE_TZ": True,
        "STATIC_URL": "/static/",
        "ROOT_URLCONF": "tests.peers.django_toolkit.urls",
        "LOGIN_URL": "/admin/login/",
        "INSTALLED_APPS": INSTALLED_APPS,
        # Tables come straight from the models: minutes of migrations would prove nothing here.
        "MIGRATION_MODULES": {name.rpartition(".")[2]: None for name in INSTALLED_APPS},
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "MIDDLEWARE": [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                },
            },
        ],
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "site.sqlite3",
                # Threads wait for each other's writes instead of failing halfway through one.
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
                },
            },
        },
        "OAUTH2_PROVIDER": {
            "SCOPES": {
                "read": "Read your orders",
                "write": "Change your orders",
                "introspection": "Look into tokens",
            },
            "DEFAULT_SCOPES": ["read"],
            "REFRESH_TOKEN_EXPIRE_SECONDS": 86400,
            "OAUTH_DEVICE_VERIFICATION_URI": f"{base_url}/o/device/",
            # Open registration, for redirect URIs that are known only once the site listens.
            "DCR_ENABLED": True,
            "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
            **oauth2_provider,
        },
    }
