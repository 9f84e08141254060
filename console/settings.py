"""Settings of the console. Every value that differs between installations is read from the environment, once, here.

README.md lists the variables.
"""

from pathlib import Path

import dj_database_url

from console import environment
from console.embedded import addresses
from iam import sealing

BASE_DIR = Path(__file__).resolve().parent.parent

# Where the installation keeps what it must not lose: keys, the embedded database and the files of local accounts.
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "var"))).absolute()

DEBUG = environment.flag("DEBUG", default=False)
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.number("PORT", 8000, lowest=1, highest=65535)
# What `make run` starts; in production the web server and the worker have options of their own.
WEB_WORKERS = environment.number("WEB_WORKERS", 2, lowest=1, highest=256)
WEB_THREADS = environment.number("WEB_THREADS", 8, lowest=1, highest=256)
WORKER_PROCESSES = environment.number("WORKER_PROCESSES", 2, lowest=1, highest=256)

# Links that leave the browser (credentials CSV, sign-in URL, mail) start with this.
PUBLIC_URL = environment.text(
    "PUBLIC_URL",
    f"http://{'localhost' if HOST in {'127.0.0.1', '0.0.0.0'} else HOST}:{PORT}",
).rstrip("/")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", ["*"] if DEBUG else ["localhost", "127.0.0.1", "[::1]", HOST])
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", [])

# The first key seals, all of them open. Without any here they are in a file, which `manage.py rotate_keys` rewrites.
SEALING_KEYS = environment.words("SEALING_KEYS", [])
SEALING_KEYS_FILE = DATA_DIR / "keys" / "sealing.keys"
_keys = SEALING_KEYS or sealing.keys_in(SEALING_KEYS_FILE)
# From the oldest key, which a rotation keeps for a while: nobody's session ends with it.
SECRET_KEY = environment.text("SECRET_KEY") or sealing.derive_text(_keys[-1], purpose="django secret key")
# What the chain of the event history is laid and checked with. It is made once and lasts as long as the history.
EVENTS_KEY = environment.text("EVENTS_KEY")
EVENTS_KEY_FILE = DATA_DIR / "keys" / "events.key"

INSTALLED_APPS = [
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "iam",
    "console.components",
]

MIDDLEWARE = [
    # The first, so that it sees every answer, and those who watch need neither a host name nor a session.
    "console.monitoring.middleware.MonitoringMiddleware",
    "console.security.SecurityHeadersMiddleware",
    "console.errors.MethodNotAllowedMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.signin.middleware.PrincipalMiddleware",
]

ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "console.components.context.frame",
            ],
            "builtins": [
                "django.templatetags.static",
                "console.components.templatetags.ui",
                "console.components.templatetags.ui_chips",
            ],
        },
    },
]
# Kept by each process: parts of the frame that many pages share, and the keys of OpenID Connect providers.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 1000}},
    "issuer-keys": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "issuer-keys",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
}
FORM_RENDERER = "console.components.forms.FormRenderer"

# One engine everywhere. Where nothing is set, the servers that `make run` started on the same DATA_DIR are meant.
DATABASE_URL = environment.text("DATABASE_URL") or addresses.read(DATA_DIR / "postgres") or "postgresql:///iam"
DATABASES = {
    "default": {
        **dj_database_url.parse(DATABASE_URL, engine="console.database"),
        "OPTIONS": {
            # A page's statements are always the same: planned once for each connection, they cost half.
            "server_side_binding": True,
            "prepare_threshold": 2,
            "pool": {
                "timeout": 10,
                # With one to begin with, the first request would wait for that one, and open a second.
                "min_size": 0,
                "max_size": environment.number("DATABASE_POOL_SIZE", 16, lowest=1, highest=1000),
            },
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.text("REDIS_URL") or addresses.read(DATA_DIR / "valkey") or "redis://127.0.0.1:6379/0"
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Without end: a worker that gave up would have to be started by hand.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "iam"
# A page must not wait for a broker that is away: the row in the database is the truth, the message only a nudge.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "max_retries": 0,
}
SWEEP_SECONDS = environment.number("SWEEP_SECONDS", 5, lowest=1, highest=3600)
# How often each account is compared with its backend.
DRIFT_CHECK_SECONDS = environment.number("DRIFT_CHECK_SECONDS", 15 * 60, lowest=60, highest=7 * 24 * 60 * 60)
# For how many days the change sets stay that are done with; 0 keeps all.
CHANGES_KEPT_DAYS = environment.number("CHANGES_KEPT_DAYS", 365, lowest=0, highest=36500)
# How long a call waits for what only an AWS account can answer, such as a new access key.
ANSWER_SECONDS = environment.number("ANSWER_SECONDS", 20, lowest=1, highest=50)
CELERY_BEAT_SCHEDULE = {
    # A message that nobody took in time is void: the next one is there, and they must not pile up.
    "sweep": {"task": "iam.sync.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "chain": {"task": "iam.sync.chain", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "follow": {"task": "iam.sync.follow", "schedule": 60, "options": {"expires": 60}},
    "analyze": {"task": "iam.sync.analyze", "schedule": 5 * 60, "options": {"expires": 5 * 60}},
    "detect-drift": {"task": "iam.sync.detect_drift", "schedule": 60, "options": {"expires": 60}},
    "recover": {"task": "console.signin.recover", "schedule": 60, "options": {"expires": 60}},
    "forget-reports": {"task": "iam.sync.forget", "schedule": 60 * 60, "options": {"expires": 60 * 60}},
    "forget": {"task": "console.signin.forget", "schedule": 60 * 60, "options": {"expires": 60 * 60}},
}
# Commits every change of a local account to a git repository in its folder, with the administrator as author.
LOCAL_BACKEND_GIT = environment.flag("LOCAL_BACKEND_GIT", default=False)

# The accounts whose administrators may let workers act in AWS with their own rights, and name endpoints: the first
# account, unless some are named.
CONNECTION_OWNERS = environment.words("CONNECTION_OWNERS", [])

# OpenID Connect providers are asked for their keys by HTTPS. These authorities are trusted besides the system's, and
# these hosts (`idp.internal` or `idp.internal:8443`) may have private addresses and other ports.
OIDC_CA_FILE = environment.text("OIDC_CA_FILE")
OIDC_INTERNAL_HOSTS = environment.words("OIDC_INTERNAL_HOSTS", [])

# Sends the links for forgotten root passwords. Without a server the page says who else can help.
globals().update(environment.mail_server("MAIL_SERVER"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.text("MAIL_FROM", "iam-console@localhost")

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

SESSION_ENGINE = "console.signin.stores"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_SECONDS = environment.number("SESSION_IDLE_SECONDS", 60 * 60, lowest=60, highest=12 * 60 * 60)
SESSION_COOKIE_NAME = "iam-session"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "iam-csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "console.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if PUBLIC_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies in front are ours: the client's address is that many steps from the end of X-Forwarded-For.
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 0, highest=10)

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("guide", BASE_DIR / "docs" / "guide" / "screenshots")]
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Who may read the metrics from elsewhere shows this; without it they are for the machine itself.
METRICS_TOKEN = environment.token("METRICS_TOKEN", shortest=16)

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
APPEND_SLASH = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6000
# The metadata of a SAML provider have up to ten million characters.
FILE_UPLOAD_HANDLERS = ["console.uploads.BoundedUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "iam.logs.ContextFilter"}},
    "formatters": {"chosen": {"()": "console.monitoring.lines.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen", "filters": ["context"]}},
    # One line per message received and one per task done is too much of a clock's work.
    "loggers": {
        # Refused requests have their line already.
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        # At DEBUG it writes out requests and answers, with the secrets in them.
        "botocore": {"level": "INFO"},
    },
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO")},
}
