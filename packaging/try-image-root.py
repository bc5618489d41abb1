#!/usr/bin/env python3
"""Runs what packaging/build-image-stages.py made as a container would be run, and asks it.

    packaging/try-image-root.py DIR [--database-url URL]     as root, who alone may shut a process in

The program gets a copy of DIR/image as its root, read-only but for /data, the user, the environment and the commands of
DIR/image.json, no capabilities, and nothing else: no /proc, no /dev, no shell. Its issuer of tokens is a server that this
script starts, which is found through DNS, by another server of the script, and asked over TLS. Without a URL the registry
keeps SQLite in /data; with one it goes to a PostgreSQL over TCP. Needs openssl, and the ports 8004 and 8443 of 127.0.0.1 and
53 of 127.0.4.53.
"""

import argparse
import base64
import gzip
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent
ISSUER = "https://issuer.example:8443"
REGISTRY = "http://127.0.0.1:8004"
NAMES = "127.0.4.53"
SHUT_IN = """
set -e
root=$1 data=$2 user=$3
shift 3
mount --bind "$root" "$root"
mount --bind "$data" "$root/data"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups= "$root" "$@"
"""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, **more):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, **more).stdout


def answer_names():
    """A name server, to which every name is 127.0.0.1 and nothing has an IPv6 address."""
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind((NAMES, 53))

    def serve():
        while True:
            query, who = asked.recvfrom(512)
            # The question stands behind a head of 12 bytes: a name that a zero ends, a type, a class.
            end = query.index(0, 12) + 5
            address = query[end - 4 : end - 2] == b"\x00\x01"
            record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01" if address else b""
            head = query[:2] + b"\x81\x80\x00\x01" + bytes([0, address]) + bytes(4)
            asked.sendto(head + query[12:end] + record, who)

    threading.Thread(target=serve, daemon=True).start()


class Issuer:
    """An issuer of tokens behind TLS, whose certificate is signed by an authority of its own."""

    def __init__(self, directory):
        at = lambda name: str(directory / name)
        self.signing_key, self.authority = at("signing.key"), at("authority.crt")
        openssl("genrsa", "-out", self.signing_key, "2048")
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=An authority"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-keyout", at("authority.key"), "-out", self.authority),
        )
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=issuer.example"),
            *("-CA", self.authority, "-CAkey", at("authority.key"), "-addext", "subjectAltName=DNS:issuer.example"),
            *("-addext", "basicConstraints=critical,CA:FALSE", "-keyout", at("issuer.key"), "-out", at("issuer.crt")),
        )
        modulus = bytes.fromhex(openssl("rsa", "-in", self.signing_key, "-noout", "-modulus").decode().split("=")[1])
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": base64url(modulus), "e": "AQAB"}
        answers = {
            "/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
            "/keys": {"keys": [key]},
        }

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(answers[self.path]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(at("issuer.crt"), at("issuer.key"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Handler)
        self.server.handle_error = lambda *_: None
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self):
        head = {"alg": "RS256", "kid": "1", "typ": "JWT"}
        claims = {
            "iss": ISSUER,
            "aud": "rec-registry",
            "sub": "1",
            "preferred_username": "operator",
            "scope": "rec-registry.admin",
            "exp": int(time.time()) + 600,
        }
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        return text + "." + base64url(openssl("dgst", "-sha256", "-sign", self.signing_key, input=text.encode()))


def ask(path, token=None, body=None, kind=None, accept="*/*"):
    """The status and the text of an answer."""
    request = urllib.request.Request(REGISTRY + path, data=body, headers={"Accept": accept})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if kind:
        request.add_header("Content-Type", kind)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            # The pages of the playground are kept compressed, and sent as they are.
            if answer.headers["Content-Encoding"] == "gzip":
                text = gzip.decompress(text)
            return answer.status, text.decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def expect(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"FAILED  {what}: {found!r} instead of {wanted!r}")
    print(f"ok  {what}", flush=True)


class Container:
    """The image, running. What it logged is shown when something is not as expected."""

    def __init__(self, root, data, image, settings):
        self.root, self.user = root, image["USER"]
        self.log = tempfile.TemporaryFile()
        self.environment = {**image["ENV"], **settings}
        self.health_words = image["HEALTHCHECK"]
        words = [str(root), str(data), self.user, *image["ENTRYPOINT"], *image["CMD"]]
        self.process = subprocess.Popen(
            ["unshare", "--mount", "setpriv", "--no-new-privs", "sh", "-c", SHUT_IN, "sh", *words],
            cwd="/",
            env={"PATH": os.environ["PATH"], **self.environment},
            stderr=self.log,
        )

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.kill()
        self.process.wait()
        if kind:
            self.log.seek(0)
            print(self.log.read().decode(errors="replace"))

    def healthcheck(self):
        """The status of the image's own health check."""
        words = ["chroot", f"--userspec={self.user}", "--groups=", str(self.root), *self.health_words]
        environment = {"PATH": os.environ["PATH"], **self.environment}
        return subprocess.run(words, env=environment, stderr=subprocess.DEVNULL, check=False).returncode

    def wait_until_healthy(self):
        for _ in range(600):
            if self.healthcheck() == 0:
                return
            if self.process.poll() is not None:
                raise SystemExit(f"FAILED  it ended with {self.process.returncode}")
            time.sleep(0.1)
        raise SystemExit("FAILED  not healthy after a minute")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--database-url")
    args = parser.parse_args()
    image = json.loads((args.directory / "image.json").read_text())
    user, group = map(int, image["USER"].split(":"))

    with tempfile.TemporaryDirectory(prefix="image-") as made:
        made = Path(made)
        made.chmod(0o755)
        root, data = made / "root", made / "data"
        shutil.copytree(args.directory / "image", root, symlinks=True)
        shutil.copytree(args.directory / "image" / "data", data)
        os.chown(data, user, group)
        # What runs a container lays these over its image.
        (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        (root / "etc/resolv.conf").write_text(f"nameserver {NAMES}\n")
        answer_names()
        issuer = Issuer(made)
        shutil.copy(issuer.authority, root / "etc/authority.crt")
        settings = {"REC_REGISTRY_AUTH_ISSUER": ISSUER, "REC_REGISTRY_AUTH_AUDIENCE": "rec-registry"}
        if args.database_url:
            settings["DATABASE_URL"] = args.database_url

        with Container(root, data, image, settings) as container:
            container.wait_until_healthy()
            expect("/health answers", ask("/health"), (200, '{"status":"ok"}'))
            expect("/ready answers", ask("/ready")[0], 200)
            status, page = ask("/graphql", accept="text/html")
            expect("the playground is the bundle", (status, "/graphql/playground/" in page), (200, True))
            expect("an issuer that no known authority vouches for is not believed", ask("/user", issuer.token())[0], 401)
            expect("SIGTERM ends it without an error", container.stop(), 0)
            expect("the health check fails then", container.healthcheck(), 1)

        with Container(root, data, image, {**settings, "SSL_CERT_FILE": "/etc/authority.crt"}) as container:
            container.wait_until_healthy()
            token = issuer.token()
            bundle = (SOURCES / "examples/valle-chiara.yaml").read_bytes()
            expect("a bundle is imported", ask("/admin/import/yaml", token, bundle, "application/yaml")[0], 200)
            query = json.dumps({"query": '{ community(key: "valle-chiara") { members { totalCount } } }'}).encode()
            expect(
                "/graphql tells of it",
                ask("/graphql", token, query, "application/json"),
                (200, '{"data":{"community":{"members":{"totalCount":5}}}}'),
            )
            expect("SIGTERM ends it without an error", container.stop(), 0)
        print("in /data:", *sorted(path.name for path in data.iterdir()))


main()
