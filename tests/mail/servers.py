"""A real IMAP server (Dovecot) and a real mail transfer agent (Postfix), each in a folder and on loopback ports of its
own. Nothing of the machine's own configuration is read, and nothing is left running."""

from __future__ import annotations

import grp
import itertools
import os
import pwd
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.net.servers import certificate

HOST = "imap.test"  # what Dovecot's certificate is for
PASSWORD = "correct-horse"
_START_SECONDS = 20.0
_NOBODY = pwd.getpwnam("nobody")  # whose the mail is when the tests run as root: Dovecot serves no mail of root's
_number = itertools.count(1)


def dovecot_missing() -> str | None:
    """Say why there can be no Dovecot on this machine; None when there can."""
    return None if _program("dovecot") else "no Dovecot on this machine (Debian: dovecot-imapd)"


def postfix_missing() -> str | None:
    """Say why there can be no Postfix on this machine; None when there can."""
    if not _program("postfix"):
        return "no Postfix on this machine (Debian: postfix)"
    return None if os.geteuid() == 0 else "Postfix starts as root only"


@dataclass
class Dovecot:
    """A running IMAP server. Every user exists, with the password `PASSWORD`; `tls` trusts its certificate for `HOST`."""

    folder: Path
    port: int  # STARTTLS, or plain
    tls_port: int
    tls: ssl.SSLContext

    def maildir(self, user: str) -> Path:
        """Return where the mail of a user lies."""
        return self.folder / "home" / user / "Maildir"

    def deliver(self, user: str, *contents: bytes) -> None:
        """Put mails into the user's INBOX, in this order (as a delivery agent does: written beside, then moved)."""
        maildir = self.maildir(user)
        for part in (maildir.parent, maildir, maildir / "tmp", maildir / "new", maildir / "cur"):
            if not part.exists():
                part.mkdir(mode=0o700)
                self._give(part)
        for content in contents:
            # Dovecot numbers new mails in the order of their names.
            name = f"{int(time.time())}.M{next(_number):09d}.test"
            (maildir / "tmp" / name).write_bytes(content)
            self._give(maildir / "tmp" / name)
            (maildir / "tmp" / name).rename(maildir / "new" / name)

    def kick(self) -> None:
        """Cut every session, as an administrator does."""
        subprocess.run(
            ["doveadm", "-c", self.folder / "dovecot.conf", "kick", "*"], check=False, capture_output=True, timeout=20
        )

    @staticmethod
    def _give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, _NOBODY.pw_uid, _NOBODY.pw_gid)


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Start Dovecot and stop it again."""
    folder = _open_folder("trustdesk-imap-")
    try:
        port, tls_port = _free_port(), _free_port()
        _, trusting = certificate(folder, HOST)
        (folder / "home").mkdir()
        Dovecot._give(folder / "home")
        root = os.geteuid() == 0
        own, group = _own()
        configuration = _DOVECOT.format(
            folder=folder, port=port, tls_port=tls_port, certificate=folder / f"{HOST}.pem", password=PASSWORD,
            internal="dovecot" if root else own, internal_group="dovecot" if root else group,
            login="dovenull" if root else own,
            owner=_NOBODY.pw_uid if root else own, owner_group=_NOBODY.pw_gid if root else group,
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(configuration)
        command = [_program("dovecot") or "dovecot", "-F", "-c", str(folder / "dovecot.conf")]
        with _running(command, port=port, log=folder / "log", folder=folder):
            yield Dovecot(folder=folder, port=port, tls_port=tls_port, tls=trusting)
    finally:
        shutil.rmtree(folder)


_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
mailbox_idle_check_interval = 1s
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # Without this, who gives a wrong password waits ever longer.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={folder}/home/%u
}}
"""


@dataclass
class Postfix:
    """A running mail transfer agent on `port`. It relays what is not for `here.test` and keeps that in Maildirs."""

    folder: Path
    port: int

    def send(self, content: bytes, *, sender: str, recipients: list[str], options: tuple[str, ...] = ()) -> None:
        """Hand over one mail, as a program on the same machine does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.sendmail(sender, recipients, content, mail_options=options)

    def queued(self) -> int:
        """Return how many mails wait in its queue."""
        command = ["postqueue", "-c", str(self.folder / "conf"), "-j"]
        return subprocess.run(command, check=True, capture_output=True, timeout=20).stdout.count(b"\n")

    def received(self, recipient: str) -> list[bytes]:
        """Return the mails delivered to an address at here.test, the oldest first."""
        new = self.folder / "mail" / "all" / "new"
        found = sorted(new.iterdir(), key=lambda one: one.stat().st_mtime_ns) if new.exists() else []
        field = f"\nDelivered-To: {recipient}\n".encode()
        return [content for content in (one.read_bytes() for one in found) if field in content]

    def log(self) -> str:
        """Return what it has logged."""
        return (self.folder / "log").read_text()


@contextmanager
def postfix(*, relay_to: int = 0, tls: Path | None = None) -> Iterator[Postfix]:
    """Start Postfix and stop it again. It relays to `relay_to` on the loopback address, over verified TLS where `tls`
    names the certificate to trust, and tries again every second."""
    folder = _open_folder("trustdesk-mta-")
    try:
        port = _free_port()
        for name in ("conf", "queue", "data", "mail"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", user="postfix")
        os.chown(folder / "mail", _NOBODY.pw_uid, _NOBODY.pw_gid)
        libexec = subprocess.run(
            ["postconf", "-d", "-h", "daemon_directory"], check=True, capture_output=True, text=True, timeout=20
        ).stdout.strip()
        security = f"verify\nsmtp_tls_CAfile = {tls}\nsmtp_tls_verify_cert_match = mx.test" if tls else "none"
        relay = f"[127.0.0.1]:{relay_to}" if relay_to else ""
        (folder / "conf" / "main.cf").write_text(
            _POSTFIX.format(folder=folder, libexec=libexec, relay=relay, security=security, nobody=_NOBODY)
        )
        (folder / "conf" / "master.cf").write_text(_SERVICES.format(port=port))
        for name, mode, group in _QUEUES:
            (folder / "queue" / name).mkdir()
            (folder / "queue" / name).chmod(mode)
            shutil.chown(folder / "queue" / name, user="root" if name == "pid" else "postfix", group=group)
        command = [f"{libexec}/master", "-d", "-c", str(folder / "conf")]
        environment = os.environ | {"MAIL_CONFIG": str(folder / "conf")}
        with _running(command, port=port, log=folder / "log", folder=folder, environment=environment):
            yield Postfix(folder=folder, port=port)
    finally:
        shutil.rmtree(folder)


# As `postfix check` makes them; it takes three seconds.
_QUEUES = [
    *((name, 0o700, "root") for name in "active bounce corrupt defer deferred flush hold incoming private saved trace".split()),
    ("maildrop", 0o1730, "postdrop"),
    ("public", 0o710, "postdrop"),
    ("pid", 0o755, "root"),
]

_POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {libexec}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mta.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
relayhost = {relay}
virtual_mailbox_domains = here.test
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
smtp_tls_security_level = {security}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtputf8_autodetect_classes = all
message_size_limit = 60000000
virtual_mailbox_limit = 0
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
smtp_destination_concurrency_failed_cohort_limit = 0
default_process_limit = 20
biff = no
"""

_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def _open_folder(prefix: str) -> Path:
    """Make a folder that the servers' own users can enter; pytest's are for its user alone."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


@contextmanager
def _running(
    command: list[str], *, port: int, log: Path, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[None]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "output").read_text(errors="replace")
                raise AssertionError(f"{command[0]} did not start:\n{said}\n{log.read_text() if log.exists() else ''}")
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
        with suppress(ProcessLookupError):  # nobody left
            os.killpg(process.pid, signal.SIGKILL)  # the group that we made for it: no child outlives the test
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            peer.settimeout(5)
            return bool(peer.recv(1))
    except OSError:
        return False


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _own() -> tuple[str, str]:
    """Return the names of the user and group that run the tests."""
    return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
