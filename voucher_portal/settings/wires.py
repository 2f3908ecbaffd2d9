"""Others' systems: where each one is and what we show it. An empty address means that the portal does not have it.

How to point each at the real thing: docs/integrations.md.
"""

from voucher_portal.environment import data_dir, read_environment

env = read_environment()

TREASURY_URL = env.text("TREASURY_URL")
TREASURY_TOKEN = env.text("TREASURY_TOKEN")

# What was asked and answered, byte for byte
ARCHIVE_ROOT = data_dir(env) / "archive"
ARCHIVE_DAYS = env.number("ARCHIVE_DAYS", 1825)

# The state gateway ШЭП
SHEP_URL = env.text("SHEP_URL")
SHEP_ASYNC_URL = env.text("SHEP_ASYNC_URL")
SHEP_SENDER_ID = env.text("SHEP_SENDER_ID")
SHEP_SENDER_PASSWORD = env.text("SHEP_SENDER_PASSWORD")
SHEP_REQUESTOR_BIN = env.text("SHEP_REQUESTOR_BIN")
SHEP_SIGN_WITH = env.text("SHEP_SIGN_WITH", "rsa")  # rsa, or ncanode for GOST
SHEP_KEY_FILE = env.text("SHEP_KEY_FILE")  # rsa: PEM; ncanode: PKCS#12
SHEP_KEY_PASSWORD = env.text("SHEP_KEY_PASSWORD")
SHEP_CERTIFICATE_FILE = env.text("SHEP_CERTIFICATE_FILE")
SHEP_GATEWAY_CERTIFICATE_FILE = env.text("SHEP_GATEWAY_CERTIFICATE_FILE")
SHEP_WITHOUT_CONSENT = env.words("SHEP_WITHOUT_CONSENT")  # codes of services that the law opens without consent

# Signatures
EDS_TRUST_DIR = env.text("EDS_TRUST_DIR")  # *.pem: roots and issuers of НУЦ РК
EDS_OCSP_URL = env.text("EDS_OCSP_URL")
EDS_CRL_URLS = env.words("EDS_CRL_URLS")
EDS_TEST_KEYS = env.flag("EDS_TEST_KEYS")  # pages accept keys of a certification centre of the test kind
NCANODE_URL = env.text("NCANODE_URL")
NCALAYER_ADDRESS = env.text("NCALAYER_ADDRESS", "wss://127.0.0.1:13579")
# Sign-in: what reads a signature; accounts stands below integrations and may not name it
SIGNATURE_READER = "integrations.eds.sign_in.signer_of"

# Messages to people
SMS_URL = env.text("SMS_URL")
SMS_TOKEN = env.text("SMS_TOKEN")
SMS_SENDER = env.text("SMS_SENDER", "VOUCHER")
SMS_CALLBACK_TOKEN = env.text("SMS_CALLBACK_TOKEN")
SMTP_HOST = env.text("SMTP_HOST")
SMTP_PORT = env.number("SMTP_PORT", 587)
SMTP_USER = env.text("SMTP_USER")
SMTP_PASSWORD = env.text("SMTP_PASSWORD")
SMTP_SECURITY = env.text("SMTP_SECURITY", "starttls")  # starttls, tls or none
MAIL_FROM = env.text("MAIL_FROM")
TELEGRAM_URL = env.text("TELEGRAM_URL", "https://api.telegram.org")
TELEGRAM_TOKEN = env.text("TELEGRAM_TOKEN")
SMS_PER_SECOND = env.number("SMS_PER_SECOND", 10)
MAIL_PER_SECOND = env.number("MAIL_PER_SECOND", 10)
TELEGRAM_PER_SECOND = env.number("TELEGRAM_PER_SECOND", 25)
