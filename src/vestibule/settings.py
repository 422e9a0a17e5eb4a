"""Django's settings, built from our own (`conf.py`). Nothing else configures the product."""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from vestibule import conf

HERE = Path(__file__).resolve().parent

VESTIBULE = conf.load(os.environ)

SECRET_KEY = VESTIBULE.secret_key
DEBUG = False
ROOT_URLCONF = "vestibule.urls"
WSGI_APPLICATION = "vestibule.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Which hosts are answered is a question to the firms' rows: FirmMiddleware asks it before any
# view runs, and no link is ever built from a request's host.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = False
USE_X_FORWARDED_PORT = False

INSTALLED_APPS = [
    "vestibule.directory",
    "vestibule.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "vestibule.web.middleware.BodyLimitMiddleware",
    "vestibule.web.middleware.FirmMiddleware",
    "vestibule.web.middleware.FirmSessionMiddleware",
    "vestibule.web.middleware.ActorMiddleware",
    "vestibule.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "vestibule.web.door.DoorMiddleware",
]

# --- the database -----------------------------------------------------------------------

APP_ROLE = "vestibule_app"
SERVER_THREADS = 8
STATEMENT_TIMEOUT_MS = 15_000


def _sqlite(address: conf.DatabaseAddress) -> dict[str, Any]:
    Path(address.name).absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": address.name,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }


def _postgresql(address: conf.DatabaseAddress, *, as_owner: bool) -> dict[str, Any]:
    """As owner: one plain connection without a role or a time limit. Otherwise: the app's role, pooled.

    A request waits at most 0.8 s for a connection, so that a page can say 503 within a second
    when the database is away; a pool never has fewer connections than the server has threads,
    so nobody waits for another request. The pool gives up on reconnecting early because its
    pause doubles each time: the next request starts a fresh attempt at once.
    """
    options: dict[str, Any] = dict(address.options)
    options.setdefault("connect_timeout", 5)
    if not as_owner:
        given = f"{options.get('options', '')} " if options.get("options") else ""
        options["options"] = (
            f"{given}-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000"
            f" -c role={APP_ROLE}"
        )
        options["pool"] = {
            "min_size": 1,
            "max_size": SERVER_THREADS + 2,
            "timeout": 0.8,
            "reconnect_timeout": 2,
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": address.password,
        "HOST": address.host,
        "PORT": address.port,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": not as_owner,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": options,
    }


DATABASES = {
    "default": _sqlite(VESTIBULE.database)
    if VESTIBULE.database.engine == "sqlite"
    else _postgresql(VESTIBULE.database, as_owner=VESTIBULE.as_owner)
}

# Rate limits are shared by all server processes, so they live in the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "vestibule_cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

# --- identity ---------------------------------------------------------------------------

AUTH_USER_MODEL = "directory.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["vestibule.hashing.Argon2id"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = []  # policies/passwords.py knows the firm's rules
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "vestibule.web.adapter.AccountAdapter"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login_key"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "5/5m/key",
    "login_address": "100/h/key",
    "second_factor": "5/5m/key,30/d/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reset_password": "20/m/ip,5/10m/key",
    "reset_password_from_key": "20/m/ip",
    "signup": "20/m/ip",
    "confirm_email": "1/3m/key",
}
MFA_ADAPTER = "vestibule.web.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_PASSKEY_SIGNUP_ENABLED = False

# --- cookies and headers ----------------------------------------------------------------

SESSION_ENGINE = "vestibule.directory.sessions"
SESSION_COOKIE_NAME = "vestibule"  # FirmSessionMiddleware adds the firm's slug
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = VESTIBULE.base.is_secure
CSRF_COOKIE_NAME = "vestibule_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = VESTIBULE.base.is_secure
CSRF_FAILURE_VIEW = "vestibule.web.system.form_too_old"
LANGUAGE_COOKIE_NAME = "vestibule_language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = VESTIBULE.base.is_secure
MESSAGE_STORAGE = "vestibule.web.notices.FirmCookieStorage"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # a one-time link never leaves in a Referer header
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if VESTIBULE.base.is_secure else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

BODY_LIMIT_BYTES = 1024 * 1024
IMPORT_BODY_LIMIT_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
FILE_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT_BYTES

# --- pages ------------------------------------------------------------------------------

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "web" / "templates", HERE / "web"],  # the second for components/
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "vestibule.web.context.page",
            ],
        },
    }
]
COTTON_DIR = "components"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

STATIC_URL = "/static/"
STATIC_ROOT = VESTIBULE.data_dir / "static"
STATICFILES_DIRS = [HERE / "web" / "static"]
WHITENOISE_MAX_AGE = 3600
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- languages and time -----------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("de", _("German"))]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- mail: the worker speaks SMTP itself (work/sender.py) --------------------------------

EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_FROM_EMAIL = VESTIBULE.mail_from

# --- what is written down ---------------------------------------------------------------

# Paths can hold one-time secrets: no access log, and the filter blanks them elsewhere.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_secrets": {"()": "vestibule.logs.WithoutSecrets"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_secrets"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
        "vestibule": {"handlers": [], "level": "INFO", "propagate": True},
        "psycopg.pool": {"handlers": [], "level": "ERROR", "propagate": True},
        "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
        "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
