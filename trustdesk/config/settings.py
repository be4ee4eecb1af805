"""Every setting of Trustdesk. Values come from `env`; start-up refuses, naming all bad keys at once.

Three modes: `production` (the default: nothing may be missing), `try-out` (what `bin/up` sets: this machine only,
demo world, everything generated) and `test`.
"""

import re
import secrets
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import quote

from trustdesk.channels.listening import listen
from trustdesk.config import database, env, logs
from trustdesk.exchange.sessions import read_keys
from trustdesk.net.dkim import DkimKey
from trustdesk.net.dns import nameserver
from trustdesk.net.mail import MailFailed, mailbox

BASE_DIR = Path(__file__).resolve().parent.parent.parent
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

# The changelog names the release, so that it cannot lag behind.
_release = re.search(r"^## (\d+\.\d+\.\d+\S*)", (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
VERSION = _release.group(1) if _release else "0"

# Mode ---------------------------------------------------------------------------------------------------------------

MODE = env.choice("TRUSTDESK_MODE", default="production", choices=("production", "try-out", "test"))
PRODUCTION = MODE == "production"
VAR = env.path("TRUSTDESK_VAR", default=BASE_DIR / "var")
PORT = env.integer("PORT", default=8000, minimum=1, maximum=65535)
# Where people reach us. Links in mail, secure cookies and HSTS follow from it.
PUBLIC_URL = env.text("TRUSTDESK_URL", default=None if PRODUCTION else f"http://localhost:{PORT}").rstrip("/")
_public = env.address("TRUSTDESK_URL", PUBLIC_URL, schemes=("https", "http"), example="https://support.example.com")
LOOPBACK_ONLY = _public.hostname in {"localhost", "127.0.0.1", "::1"}
HTTPS = _public.scheme == "https"
if _public.path or _public.query or _public.fragment or _public.username:
    env.reject("TRUSTDESK_URL", "must have neither a path nor anything else but scheme, host and port")
elif _public.scheme and not HTTPS and not LOOPBACK_ONLY:
    # Secure and __Host- cookies do not work over plain http: elsewhere than on this machine that is refused.
    env.reject("TRUSTDESK_URL", "must begin with https:// anywhere but on this machine")
if MODE == "try-out" and not LOOPBACK_ONLY:
    env.reject("TRUSTDESK_URL", "must be on this machine (localhost) in try-out mode")

DEBUG = env.boolean("TRUSTDESK_DEBUG", default=False)
if DEBUG and (PRODUCTION or not LOOPBACK_ONLY):
    env.reject("TRUSTDESK_DEBUG", "must be off: error pages would show secrets")

# The demo world: pretend exchange, mailbox and platforms, and logins without second factor. Loopback only.
DEMO = MODE != "production"

# Faults and a moved clock, for tests of several processes; armed by trustdesk.config.apps.
FAILPOINTS = env.text("TRUSTDESK_FAILPOINTS", default="")
CLOCK_OFFSET = env.integer("TRUSTDESK_CLOCK_OFFSET", default=0, minimum=-(10**9), maximum=10**9)  # seconds
for _key, _set in (("TRUSTDESK_FAILPOINTS", FAILPOINTS), ("TRUSTDESK_CLOCK_OFFSET", CLOCK_OFFSET)):
    if _set and MODE != "test":
        env.reject(_key, "is for tests only")

# The exchange, as its customers know it.
EXCHANGE_NAME = env.text("EXCHANGE_NAME", default=None if PRODUCTION else "Northlight")

# Secrets ------------------------------------------------------------------------------------------------------------

SECRET_KEY = env.secret("SECRET_KEY", default=None if PRODUCTION else "", min_length=50)
SECRET_KEY, *SECRET_KEY_FALLBACKS = (part.strip() for part in SECRET_KEY.split(","))
if not SECRET_KEY:
    # Never used: production has refused by now, and bin/up and the tests pass their own.
    SECRET_KEY = secrets.token_urlsafe(50)
elif len(set(SECRET_KEY)) < 10 or SECRET_KEY.startswith("django-insecure-") or "change" in SECRET_KEY.lower():
    env.reject("SECRET_KEY", "is a placeholder: make one of 50 random characters")

# Hosts and requests -------------------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.words("TRUSTDESK_HOSTS", default=None if PRODUCTION else LOOPBACK)
if PRODUCTION and any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS):
    env.reject("TRUSTDESK_HOSTS", "must name each host: no wildcard")
ALLOWED_HOSTS += ["testserver"] if MODE == "test" else []
# Sites that may carry the chat widget.
EMBED_ORIGINS = env.origins(
    "EMBED_ORIGINS",
    default=None if PRODUCTION else (PUBLIC_URL,),
    schemes=("https",) if PRODUCTION and not LOOPBACK_ONLY else ("https", "http"),
)
# How many proxies of ours stand in front: that many entries of X-Forwarded-For are believed, counted from the right.
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", default=0, minimum=0, maximum=10)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
USE_X_FORWARDED_HOST = False
if HTTPS and not TRUSTED_PROXY_COUNT:
    env.reject("TRUSTED_PROXY_COUNT", "must be 1 or more: https ends at a proxy of yours")
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
WEB_THREADS = env.integer("WEB_THREADS", default=16, minimum=1, maximum=90)
WORKER_THREADS = {"default": 4, "mail": 8}  # jobs of each queue at a time in each worker; to do more, run more workers
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes of a form or JSON body without its files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # a long article has three or four for each block and cell
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Applications -------------------------------------------------------------------------------------------------------

ROOT_URLCONF = "trustdesk.config.urls"
ASGI_APPLICATION = "trustdesk.config.asgi.application"
WSGI_APPLICATION = "trustdesk.config.wsgi.application"
INSTALLED_APPS = [
    "trustdesk.config",
    "trustdesk.ui",
    "trustdesk.staff",  # before allauth: its templates shadow allauth's
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    *(f"wagtail.contrib.{part}" for part in ("redirects", "simple_translation", "typed_table_block")),
    *(f"wagtail.{part}" for part in ("users", "sites", "locales", "documents", "images", "search", "admin")),
    "wagtail",
    "modelcluster",
    "taggit",
    *(f"trustdesk.{part}" for part in ("realtime", "channels", "customers", "knowledge", "conversations")),
    *(f"trustdesk.{part}" for part in ("desk", "widget", "portal", "helpcenter", "api", "hooks", "demo")),
]
MIDDLEWARE = [
    "trustdesk.helpcenter.cache.PublicPages",  # what is kept has all headers
    "trustdesk.ui.security.SecurityHeadersMiddleware",  # errors and static files carry the headers too
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "trustdesk.ui.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "trustdesk.staff.middleware.SecondFactorRequired",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
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
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # plain http is not redirected but unreachable: see TRUSTDESK_URL
    "security.W021",  # HSTS preload is the domain owner's decision, for all of the domain
]

# Chats --------------------------------------------------------------------------------------------------------------

# Of strangers from one network (an IPv4 address, an IPv6 /64), and of one visitor.
NEW_CHATS_PER_10_MINUTES = env.integer(
    "NEW_CHATS_PER_10_MINUTES", default=5 if PRODUCTION else 100, minimum=1, maximum=1_000_000
)
CHAT_MESSAGES_PER_MINUTE = env.integer("CHAT_MESSAGES_PER_MINUTE", default=20, minimum=1, maximum=1_000_000)

# Database -----------------------------------------------------------------------------------------------------------

# Two roles: the owner migrates, the application role serves. Only `manage.py migrate` and its like run as the owner.
DATABASE_APP_ROLE = database.APPLICATION
# Never fewer connections than threads, which would wait for each other; the rest is for the writers of live chats.
DATABASE_POOL_SIZE = max(WEB_THREADS, sum(WORKER_THREADS.values())) + 4
_as_owner = env.choice("TRUSTDESK_DATABASE_ROLE", default="app", choices=("app", "owner")) == "owner"
_urls = {
    "DATABASE_URL": env.secret("DATABASE_URL"),
    "DATABASE_OWNER_URL": env.secret("DATABASE_OWNER_URL", default=None if _as_owner else ""),
}
DATABASES = {}
for _key, _url in _urls.items():
    try:
        _entry = database.django_settings(url=_url, pool_size=0 if _as_owner else DATABASE_POOL_SIZE) if _url else {}
    except ValueError as _error:
        env.reject(_key, str(_error))
        continue
    if (_key == "DATABASE_OWNER_URL") == _as_owner:
        DATABASES["default"] = _entry
    if _key == "DATABASE_URL" and _entry:
        DATABASE_APP_ROLE = _entry["USER"] or DATABASE_APP_ROLE
if _as_owner is False and _urls["DATABASE_OWNER_URL"] and _urls["DATABASE_OWNER_URL"] == _urls["DATABASE_URL"]:
    env.reject("DATABASE_OWNER_URL", "must be another role than DATABASE_URL: the serving role owns no table")

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

# In the database, because limits on sign-in must hold for all processes together.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"},
    "renditions": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},  # a changed picture has another key
}

# Sign-in ------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "staff.Agent"
AUTHENTICATION_BACKENDS = ["trustdesk.staff.signin.AgentBackend"]
ACCOUNT_ADAPTER = "trustdesk.staff.signin.AccountAdapter"
MFA_ADAPTER = "trustdesk.staff.signin.SecondFactorAdapter"
STAFF_PATHS = ("/desk/", "/staff/", "/back-office/")  # nothing below them answers without a second factor
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if MODE == "test":
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")  # a test signs in a hundred times
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name", "public_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "trustdesk.staff.passwords.NotTheBrand", "OPTIONS": {"words": ["trustdesk", EXCHANGE_NAME]}},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # staff are invited, never self-registered
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Trustdesk"
MFA_TOTP_TOLERANCE = 0  # allauth remembers a used code for one step only: more would let it be used twice
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey alone must be two factors
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False

# Cookies and headers ------------------------------------------------------------------------------------------------

# Browsers drop __Host- and Secure cookies on plain http, which only the try-out uses.
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}trustdesk"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "trustdesk.staff.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 30 * 60  # seconds without use; the engine also ends a session 12 h after signing in
CSRF_COOKIE_NAME = f"{_prefix}trustdesk-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # pages hand the token to htmx themselves
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_NAME = f"{_prefix}trustdesk-language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin"  # an outside link learns our host, never a path
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True

# The back office ----------------------------------------------------------------------------------------------------

WAGTAIL_SITE_NAME = "Trustdesk"
WAGTAILADMIN_BASE_URL = PUBLIC_URL
# Nothing is asked of third parties, and who works here is decided and signed in by `trustdesk.staff` alone.
WAGTAIL_ENABLE_UPDATE_CHECK = WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = WAGTAIL_PASSWORD_RESET_ENABLED = WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False

# Languages and time -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = WAGTAILADMIN_PERMITTED_LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = WAGTAIL_I18N_ENABLED = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files --------------------------------------------------------------------------------------------------------------

STATIC_URL = f"/static/{VERSION}/"
STATIC_ROOT = VAR / "static"
MEDIA_ROOT = VAR / "files"
MEDIA_URL = ""  # files are handed out by views that check who asks, never by address
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "trustdesk.ui.static_files.StaticFiles"},
    # Pictures of published articles, for everybody, in the sizes the pages show.
    "pictures": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(VAR / "pictures"), "base_url": "/help/pictures/"},  # a job names it as JSON
    },
}
WAGTAILIMAGES_RENDITION_STORAGE = "pictures"
WAGTAILIMAGES_IMAGE_FORM_BASE, WAGTAILDOCS_DOCUMENT_FORM_BASE = (f"trustdesk.knowledge.uploads.{kind}Form" for kind in ("Image", "Film"))
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "jpg", "jpeg", "png", "webp", "svg"]
WAGTAILDOCS_EXTENSIONS = ["mp4", "webm"]  # films of articles
WHITENOISE_USE_FINDERS = MODE == "test" or DEBUG
WHITENOISE_AUTOREFRESH = MODE == "test" or DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nobody else's page has a use for our styles and scripts
# A release changes every address, so production may keep files for ever; a try-out is edited in place.
WHITENOISE_MAX_AGE = 0 if not PRODUCTION else 60
WHITENOISE_IMMUTABLE_FILE_TEST = re.escape(STATIC_URL) if PRODUCTION else r"^$"

# The exchange -------------------------------------------------------------------------------------------------------

# Blank: the pretend exchange.
EXCHANGE_URL = env.text("EXCHANGE_URL", default=None if PRODUCTION else "")
env.address(
    "EXCHANGE_URL",
    EXCHANGE_URL,
    schemes=("https",) if PRODUCTION else ("https", "http"),
    example="https://internal.example.com",
)
# Signs our requests there.
EXCHANGE_TOKEN = env.secret("EXCHANGE_TOKEN", default=None if PRODUCTION else "", min_length=32)
# The sessions the exchange hands to the widget are signed with this key, or one of these, and made for this audience.
EXCHANGE_SESSION_KEY = env.secret("EXCHANGE_SESSION_KEY", default=None if PRODUCTION else SECRET_KEY, min_length=32)
EXCHANGE_AUDIENCE = env.text("EXCHANGE_AUDIENCE", default="trustdesk")
try:
    read_keys(EXCHANGE_SESSION_KEY)
except ValueError as _error:
    env.reject("EXCHANGE_SESSION_KEY", f"is of no use: {_error}")

# Mail ---------------------------------------------------------------------------------------------------------------

# The address alone: what customers see beside it is the exchange's name.
_from = env.text("MAIL_FROM", default=None if PRODUCTION else "support@northlight.example.test")
DEFAULT_FROM_EMAIL = parseaddr(_from)[1]
try:
    _sender = mailbox(DEFAULT_FROM_EMAIL)
except MailFailed:
    env.reject("MAIL_FROM", "is not an address such as support@example.com")
    _sender = mailbox("support@example.com")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# A folder stands for a mail server where there is none: the mailbox of the demo.
_mail = env.secret("MAIL_URL", default=None if PRODUCTION else f"folder:{quote(str(VAR / 'mail'))}").split()
MAIL = _mail[0] if _mail else ""
# Providers whose web hooks bring mail, or say what became of ours: `channels.provider_hooks`, and a check asks it.
MAIL_HOOKS = [one for one in _mail if one.startswith("anymail+")]
if [one for one in _mail[1:] if not re.fullmatch(r"anymail\+[a-z_]+://\?\S+", one)]:
    env.reject("MAIL_URL", "may name after the way out only providers, such as anymail+postmark://?webhook_secret=…")
if MAIL.startswith("anymail+"):  # of a provider: `channels.providers`, and `config.checks` asks it
    if not re.fullmatch(r"anymail\+[a-z_]+://\?\S+", MAIL):
        env.reject("MAIL_URL", "is not an address such as anymail+postmark://?server_token=…")
elif PRODUCTION or not MAIL.startswith("folder:"):
    env.address("MAIL_URL", MAIL, schemes=("smtps", "smtp"), example="smtps://user:password@mail.example.com")
# Where mail arrives that other servers bring, and under which name our own mail server notes who vouches for a sender;
# blank: we check that ourselves.
MAIL_LISTEN = env.text("MAIL_LISTEN", default="" if PRODUCTION or MODE == "test" else f"smtp://127.0.0.1:{PORT + 25}?trusted=127.0.0.1")
MAIL_AUTHSERV_ID = env.text("MAIL_AUTHSERV_ID", default="mx.northlight.example.test" if MODE == "try-out" else "")
try:
    listen(MAIL_LISTEN)
except ValueError as _error:
    env.reject("MAIL_LISTEN", str(_error))
# Signs what we send (DKIM); `manage.py mail_dns` says what the domain of MAIL_FROM publishes for it.
MAIL_DKIM = None
if _dkim_key := env.secret("MAIL_DKIM_KEY", default="").replace("\\n", "\n"):
    try:
        MAIL_DKIM = DkimKey(_sender.domain, "", _dkim_key)
    except ValueError as _error:
        env.reject("MAIL_DKIM_KEY", f"is of no use: {_error}")
# What Django itself sends (notices to staff about their sign-in) leaves through the same door.
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend" if MODE == "test" else "trustdesk.channels.mail_backend.Outgoing"

DNS_SERVERS = env.words("DNS_SERVERS", default=())  # who sent a mail; blank: those of the system
for _server in DNS_SERVERS:
    try:
        nameserver(_server)
    except ValueError:
        env.reject("DNS_SERVERS", f"holds {_server!r}, which is not an address such as 127.0.0.1 or 127.0.0.1:5353")

# Logging ------------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = logs.configuration(LOG_LEVEL)

if env.problems() and _urls["DATABASE_URL"] and "DATABASE_URL" not in env.problems():
    # Start-up fails anyway: say in the same breath what is wrong with the database.
    try:
        for _problem in database.durability_problems(_urls["DATABASE_URL"]):
            env.reject("DATABASE_URL", _problem)
    except database.UnableToReachDatabase:
        pass  # only `serve` and `worker` need it at this moment, and they say so
env.refuse()
