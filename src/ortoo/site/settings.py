"""Settings. Everything that differs between installations comes from the environment.

ORTOO_HOME       folder of this installation's data (default: var/ beside the checkout)
ORTOO_DATABASE   postgresql://user:password@host:port/name (default: SQLite in ORTOO_HOME)
ORTOO_MODE       production (default) or demo
ORTOO_SEAL       each: sign a checkpoint with every filing (default: by the minute)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

PACKAGE = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE.parent.parent
HOME = Path(os.environ.get("ORTOO_HOME") or CHECKOUT / "var")
DATA = HOME / "data"
KEYS = HOME / "keys"
MODE = os.environ.get("ORTOO_MODE", "production")
DEMO = MODE == "demo"
DEBUG = False


def _secret() -> str:
    """This installation's own secret, made on first use and readable by its owner only."""
    path = KEYS / "secret"
    if not path.exists():
        KEYS.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
    return path.read_text()


SECRET_KEY = _secret()
ALLOWED_HOSTS = os.environ.get("ORTOO_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
# Whose pages may read the open data from a browser; "" for none, "*" for all.
OPEN_DATA_ORIGIN = os.environ.get("ORTOO_OPEN_ORIGIN", "")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("ORTOO_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "ortoo.kernel",
    "ortoo.web",
    "ortoo.domains.market",
    "ortoo.domains.trace",
    "ortoo.domains.port",
    "ortoo.connectors.ceb_xml",
    "ortoo.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "ortoo.site.assets.CompressedAssets",
    "ortoo.site.security.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ortoo.site.language.LanguageChoice",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ortoo.site.sessions.IdleLogout",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ortoo.site.errors.Problems",
]
ROOT_URLCONF = "ortoo.site.urls"
WSGI_APPLICATION = "ortoo.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "ortoo.web.context.chrome",
                "ortoo.site.navigation.shell",
            ],
            "builtins": ["ortoo.web.templatetags.ortoo"],
        },
    }
]


def _database() -> dict[str, object]:
    url = os.environ.get("ORTOO_DATABASE", "")
    if url.startswith(("postgresql://", "postgres://")):
        parts = urlsplit(url)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 600,
        }
    DATA.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(DATA / "ortoo.sqlite3"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # IMMEDIATE: a transaction that will write takes the lock at once instead of failing
            # half-way when it upgrades. NORMAL + the barrier in kernel/filings/barrier.py is what
            # makes an acknowledged filing durable (Law 16).
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;"
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456; PRAGMA foreign_keys=ON"
            ),
        },
        "TEST": {"NAME": None},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "kernel.Account"
AUTHENTICATION_BACKENDS = ["ortoo.site.accounts.backend.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
CSRF_FAILURE_VIEW = "ortoo.site.errors.csrf_failure"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
IDLE_MINUTES = 30

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("ORTOO_HTTPS", "") == "1"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

# The place pack this installation serves: a folder name under kernel/places/packs or a path.
PLACE_PACK = os.environ.get("ORTOO_PACK", "neimenggu")
FORM_FOLDERS = [PACKAGE / "domains" / name / "forms" for name in ("market", "port")]
PROCEDURE_FOLDERS = [PACKAGE / "domains" / name / "procedures" for name in ("market", "port")]
REGULATION_FOLDERS = [
    PACKAGE / "domains" / "port" / "regulations",
    PACKAGE / "domains" / "market" / "sample" / "regulations",
]
# How much one partition of the record holds on PostgreSQL: year or quarter.
PARTITION_PERIOD = os.environ.get("ORTOO_PARTITION", "year")
# Files of yearly holiday notices 节假日安排 beside those that ship, by the path separator.
WORK_CALENDARS = [p for p in os.environ.get("ORTOO_CALENDARS", "").split(os.pathsep) if p]
# "each": every filing's transaction signs a checkpoint; otherwise by the minute (docs/keys.md).
SEAL = os.environ.get("ORTOO_SEAL", "")
LOG_ORIGIN = os.environ.get("ORTOO_ORIGIN", "ortoo.example/log")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
