"""Django settings of the sandbox. The environment may set DATABASE_URL, CELERY_BROKER_URL
and SANDBOX_HOSTS (comma-separated names the shop may be reached under)."""

import os

from . import postgres

SECRET_KEY = "the sandbox keeps no secrets"
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] + [
    host for host in os.environ.get("SANDBOX_HOSTS", "").split(",") if host
]
INSTALLED_APPS = [
    "django.contrib.messages",
    "saleor_referral_plugin",
    "saleor_referral_plugin.sandbox",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "saleor_referral_plugin.sandbox.web.middleware.content_security_policy",
    "saleor_referral_plugin.sandbox.web.middleware.current_customer",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "referral_sandbox"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
ROOT_URLCONF = "saleor_referral_plugin.sandbox.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "saleor_referral_plugin.sandbox.web.context.sandbox",
            ]
        },
    }
]

DATABASES = {
    "default": (
        postgres.settings_from_url(os.environ["DATABASE_URL"])
        if os.environ.get("DATABASE_URL")
        else postgres.embedded_settings()
    )
    # Test runs side by side must not share a database.
    | {"TEST": {"NAME": os.environ.get("TEST_DATABASE", f"test_referral_{os.getpid()}")}}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.server": {"level": "ERROR"}},
}

# Webhooks may go to this very machine, and need no TLS there.
HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = True

REFERRAL_STORE = "saleor_referral_plugin.sandbox.store.SandboxStore"

# Without a broker tasks run where they are called, as in a Saleor that has none.
CELERY_TASK_ALWAYS_EAGER = not os.environ.get("CELERY_BROKER_URL")
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "memory://localhost"
CELERY_TIMEZONE = TIME_ZONE
