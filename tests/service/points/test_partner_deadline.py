"""A question to a partner ends in time, however it is drawn out: by drips, names, addresses, handshakes."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from services.points.gateways.partner import Issued, Partners, PartnerSilent
from shared.runtime.clock import now

NUMBER = "vch_0192f0c47b2a7c3e8f10a2b3c4d5e001"
TIMEOUT_S = 0.4
PATIENCE_S = 3.0
"""How much longer a question may take on a machine with much to do; what is drawn out takes 30 s and more."""
WORD = orjson.dumps(
    {"request_no": NUMBER, "state": "issued", "code": "R-1", "valid_until": "2199-12-31T00:00:00Z"}
)
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(WORD), WORD)
DRAWN_OUT = {
    "nothing at all": (b"", b""),
    "the status line": (b"HTTP/1.1 ", b" "),
    "headers without end": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "words that more is to come": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body of that length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b" "),
    # http.client lets go of its socket here, and reads on: what used to pass the watch.
    "a body until it closes": (b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n", b" "),
    "a body in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}
Talk = Callable[[socket.socket, threading.Event], None]


def dripping(first: bytes, drop: bytes) -> Talk:
    """Make somebody who begins, and goes on with a drop every 20 ms for half a minute."""

    def talk(line: socket.socket, over: threading.Event) -> None:
        line.recv(65_536)
        line.sendall(first)
        for _ in range(1_500):
            if over.wait(0.02):
                return
            line.sendall(drop)

    return talk


def answering(line: socket.socket, _over: threading.Event) -> None:
    """Answer a question with a whole word."""
    question(line)
    line.sendall(WHOLE)


def question(line: socket.socket) -> bytes:
    """Hear a question out, headers and body: whoever hangs up before is not heard either."""
    heard = b""
    while not heard.endswith(b"}"):
        piece = line.recv(65_536)
        if not piece:
            break
        heard += piece
    return heard


@contextmanager
def partner(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Let somebody talk like this to whoever calls; give the port."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with suppress(OSError), listener.accept()[0] as line:
                if context is None:
                    talk(line, over)
                else:
                    with context.wrap_socket(line, server_side=True) as wrapped:
                        talk(wrapped, over)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = int(listener.getsockname()[1])
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        try:
            yield port
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            serving.join(10)


def asked(port: int, scheme: str = "http", host: str = "127.0.0.1", timeout_s: float = TIMEOUT_S) -> Any:
    """Ask somebody there for a coupon; give the word, or why there is none. It never takes long."""
    partners = Partners({"taxi": f"{scheme}://{host}:{port}/v1"}, lambda *_: {}, timeout_s)
    began = time.monotonic()
    try:
        return partners.ask("taxi", NUMBER, "taxi-20", 2_000)
    except PartnerSilent as silence:
        return str(silence)
    finally:
        assert time.monotonic() - began < timeout_s + PATIENCE_S


@pytest.mark.parametrize("how", DRAWN_OUT)
def test_whoever_draws_an_answer_out_is_silent_in_time(how: str) -> None:
    with partner(dripping(*DRAWN_OUT[how])) as port:
        assert asked(port) == "TimeoutError"


def test_a_handshake_that_never_ends_is_silence() -> None:
    with partner(dripping(b"\x16\x03\x03", b"\x40")) as port:
        assert asked(port, "https") in {"TimeoutError", "SSLError"}
    with partner(dripping(b"", b"")) as port:
        assert asked(port, "https") == "TimeoutError"


def test_a_name_that_is_not_found_in_time_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def slowly(*_: Any, **__: Any) -> list[Any]:
        over.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    assert asked(1, host="slow.example.com") == "TimeoutError"
    over.set()


def test_a_name_that_nobody_knows_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for fault in (socket.gaierror("no such host"), UnicodeError("no such letters")):

        def fail(*_: Any, because: Exception = fault, **__: Any) -> list[Any]:
            raise because

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        assert asked(1, host="nowhere.example.com") == "OSError"


@contextmanager
def deaf() -> Iterator[int]:
    """Lend a port on which nobody takes a call: it rings until the caller gives up."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listener:
        port = int(listener.getsockname()[1])
        waiting = []
        for _ in range(8):
            caller = socket.socket()
            caller.setblocking(False)
            with suppress(BlockingIOError):
                caller.connect(("127.0.0.1", port))
            waiting.append(caller)
        try:
            yield port
        finally:
            for caller in waiting:
                caller.close()


def test_a_dead_first_address_leaves_time_for_the_second_and_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        deaf() as dead,
        partner(answering) as good,
        partner(dripping(b"HTTP/1.0 200 OK\r\n\r\n", b" ")) as bad,
    ):
        for second, word in ((good, Issued), (bad, str)):
            places = [
                (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in (dead, second)
            ]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=places, **__: found)
            assert isinstance(asked(1, host="two.example.com", timeout_s=2.0), word)


def test_a_partner_behind_tls_is_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*files)
    trusting = ssl.create_default_context(cafile=str(files[0]))
    heard: list[bytes] = []

    def talk(line: socket.socket, _over: threading.Event) -> None:
        heard.append(question(line))
        line.sendall(WHOLE)

    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    with partner(talk, serving) as port:
        assert isinstance(asked(port, "https", timeout_s=5.0), Issued)
        assert f"Host: 127.0.0.1:{port}\r\n".encode() in heard[0]
    with partner(dripping(b"HTTP/1.0 200 OK\r\n\r\n", b" "), serving) as port:
        assert asked(port, "https", timeout_s=1.0) == "TimeoutError"
    monkeypatch.undo()
    with partner(talk, serving) as port:
        assert asked(port, "https", timeout_s=5.0) == "SSLCertVerificationError"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of this machine that nobody but the test trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner of a test")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    paths = folder / "partner.crt", folder / "partner.key"
    paths[0].write_bytes(built.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths
