"""A small server on the loopback that answers as S3 does; it keeps objects, and buckets named for faults have these."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

FAULTS = {
    "forbidden": (403, "<Code>AccessDenied</Code>"),
    "wrong-key": (403, "<Code>InvalidAccessKeyId</Code><AWSAccessKeyId>writer</AWSAccessKeyId>"),
    "wrong-secret": (
        403,
        "<Code>SignatureDoesNotMatch</Code><SignatureProvided>0123abcd</SignatureProvided>"
        "<StringToSign>AWS4-HMAC-SHA256 writer</StringToSign>",
    ),
    "skewed": (403, "<Code>RequestTimeTooSkewed</Code>"),
    "expired": (400, "<Code>ExpiredToken</Code>"),
    "removed": (404, "<Code>NoSuchUpload</Code>"),
    "quota": (403, "<Code>QuotaExceeded</Code>"),
    "full": (507, "<Code>InsufficientStorage</Code>"),
    "absent": (404, "<Code>NoSuchBucket</Code>"),
    "elsewhere": (400, "<Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region>"),
    "damaging": (400, "<Code>XAmzContentChecksumMismatch</Code>"),
    "busy": (503, "<Code>SlowDown</Code>"),
    "strange": (418, "<html>a proxy of writer-secret</html>"),
}
"""By bucket, the status and the content of the answer to every request."""


class S3Server(ThreadingHTTPServer):
    """Keeps objects by bucket and key, as `objects`, with their attributes; `uploads` are those that are not complete.

    `is_held`: whether a part waits to be stored, see `holds`.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.uploads: dict[str, tuple[dict[int, bytes], dict[str, str]]] = {}
        self.requests: list[str] = []
        self.is_held = False
        self._held, self._released = 0, threading.Event()

    def holds(self, number: int) -> None:
        """Store the part with this number only when it is released."""
        self.is_held, self._held, self._released = False, number, threading.Event()

    def releases(self) -> None:
        """Store the part that is held, and hold no other."""
        self._held = 0
        self._released.set()

    def wait_for(self, number: int) -> None:
        """Wait until a part may be stored."""
        if number == self._held:
            self.is_held = True
            self._released.wait(60)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: S3Server

    def log_message(self, *_facts: object) -> None:
        """Nothing is printed."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(f"{self.command} {self.path}")
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        name = unquote(parts.path).strip("/")
        bucket, _slash, key = name.partition("/")
        if bucket == "hanging":
            time.sleep(300)
        if bucket in FAULTS:
            status, content = FAULTS[bucket]
            return self._answer(status, f"<Error>{content}</Error>".encode())
        if self.command != "GET" and self.command != "HEAD" and "Credential=reader/" in self.headers["Authorization"]:
            return self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        sent = self.headers.get("x-amz-checksum-sha256")
        if body and sent and base64.b64decode(sent) != hashlib.sha256(body).digest():
            return self._answer(400, b"<Error><Code>XAmzContentChecksumMismatch</Code></Error>")
        return getattr(self, f"_{self.command.lower()}")(name, bucket, key, query, body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815

    def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def _attributes(self) -> dict[str, str]:
        return {key.lower(): value for key, value in self.headers.items() if key.lower().startswith("x-amz-meta-")}

    def _get(self, name: str, bucket: str, key: str, query: dict[str, str], _body: bytes) -> None:
        if not key:
            prefix = f"{bucket}/{query.get('prefix', '')}"
            keys = sorted(each for each in self.server.objects if each.startswith(prefix))
            rows = "".join(
                f"<Contents><Key>{each.partition('/')[2]}</Key><Size>{len(self.server.objects[each][0])}</Size>"
                '<LastModified>2026-01-01T00:00:00Z</LastModified><ETag>"x"</ETag></Contents>'
                for each in keys
            )
            return self._answer(200, f"<ListBucketResult>{rows}</ListBucketResult>".encode())
        if name not in self.server.objects:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        content, attributes = self.server.objects[name]
        facts = {
            "ETag": f'"{hashlib.md5(content).hexdigest()}"',
            "Last_Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
            **{key.replace("-", "_"): value for key, value in attributes.items()},
        }
        if self.headers.get("If-Match") not in (None, facts["ETag"]):
            return self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        if wanted := self.headers.get("Range"):
            first, last = map(int, wanted.removeprefix("bytes=").split("-"))
            last = min(last, len(content) - 1)
            facts["Content_Range"] = f"bytes {first}-{last}/{len(content)}"
            return self._answer(206, content[first : last + 1], **facts)
        return self._answer(200, content, **facts, Content_Length=str(len(content)))

    _head = _get

    def _put(self, name: str, _bucket: str, _key: str, query: dict[str, str], body: bytes) -> None:
        if "uploadId" in query:
            self.server.wait_for(int(query["partNumber"]))
            if query["uploadId"] not in self.server.uploads:
                return self._answer(404, b"<Error><Code>NoSuchUpload</Code></Error>")
            self.server.uploads[query["uploadId"]][0][int(query["partNumber"])] = body
        else:
            self.server.objects[name] = body, self._attributes()
        return self._answer(200, ETag='"x"')

    def _post(self, name: str, _bucket: str, key: str, query: dict[str, str], body: bytes) -> None:
        if "uploads" in query:
            upload = str(len(self.server.requests))
            self.server.uploads[upload] = {}, self._attributes()
            content = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            return self._answer(200, content.encode())
        if "delete" in query:
            for removed in re.findall("<Key>(.*?)</Key>", body.decode()):
                self.server.objects.pop(f"{name}/{removed}", None)
            return self._answer(200, b"<DeleteResult></DeleteResult>")
        parts, attributes = self.server.uploads.pop(query["uploadId"])
        self.server.objects[name] = b"".join(parts[number] for number in sorted(parts)), attributes
        content = f'<CompleteMultipartUploadResult><Key>{key}</Key><ETag>"x"</ETag></CompleteMultipartUploadResult>'
        return self._answer(200, content.encode())

    def _delete(self, name: str, _bucket: str, _key: str, query: dict[str, str], _body: bytes) -> None:
        if "uploadId" in query:
            self.server.uploads.pop(query["uploadId"], None)
        else:
            self.server.objects.pop(name, None)
        self._answer(204)
