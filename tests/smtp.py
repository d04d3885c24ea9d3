"""A mail server for tests: real SMTP over a real socket, which keeps what it is given, or refuses as it is told."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message

from django.test import override_settings

from codat_admin import mail


@dataclass
class MailServer:
    port: int = 0
    mails: list[Message] = field(default_factory=list)
    # What it says to RCPT, and to the whole of a mail.
    to_recipients: str = "250 fine"
    to_mails: str = "250 taken"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    @property
    def texts(self) -> list[str]:
        return [str(mail.get_payload(decode=True), "utf-8") for mail in self.mails]  # type: ignore[arg-type]


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """All mail of the settings goes there."""
    kept = MailServer()

    class Talk(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline():
                match line.split()[0].upper():
                    case b"RCPT":
                        self.say(kept.to_recipients)
                    case b"DATA":
                        self.say("354 go on")
                        self.take()
                    case b"QUIT":
                        self.say("221 bye")
                        return
                    case _:
                        self.say("250 fine")

        def take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            if kept.to_mails.startswith("250"):
                kept.mails.append(email.message_from_bytes(b"".join(lines)))
            self.say(kept.to_mails)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        kept.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with override_settings(
            EMAIL_BACKEND=mail.SMTP,
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=kept.port,
            EMAIL_URL="smtp://127.0.0.1",
        ):
            yield kept
        server.shutdown()
