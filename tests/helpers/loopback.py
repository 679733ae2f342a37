"""A web server on this machine that answers as a test tells it to, well or badly."""

import gzip
import re
import socket
import struct
import sys
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


class Site:
    """Addresses, the answers that each gives in turn (the last one again and again), and what was asked."""

    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}"
        self.answers = {}
        self.asked = []
        self.closing = Event()

    def put(self, path, *answers):
        self.answers[f"/{path}"] = list(answers)
        return f"{self.address}/{path}"

    def put_folder(self, folder, below=""):
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(below + path.relative_to(folder).as_posix(), whole(path.read_bytes()))
        return self.address

    def ranges(self):
        return [headers.get("Range") for _, headers in self.asked]


@contextmanager
def loopback():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            site.asked.append((self.path, dict(self.headers)))
            answers = site.answers.get(self.path, [status(404)])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            try:
                answer(self)
            except OSError:
                self.close_connection = True

        def head(self, code=200, **headers):
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), str(value))
            self.end_headers()

        def pause(self, seconds):
            site.closing.wait(seconds)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            """A client that leaves is no news here: some are killed on purpose."""
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(server.server_port)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def whole(content, etag='"1"', ranges=True, **headers):
    """The content with its length; the rest of it where asked for, as a good server does."""

    def answer(handler):
        start = _start(handler, etag) if ranges else 0
        tagged = headers | ({"ETag": etag} if etag else {})
        if start:
            last = len(content) - 1
            tagged |= {"Content_Range": f"bytes {start}-{last}/{len(content)}"}
        handler.head(206 if start else 200, Content_Length=len(content) - start, **tagged)
        handler.wfile.write(content[start:])

    return answer


def _start(handler, etag):
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
    same = handler.headers.get("If-Range", etag) == etag
    return int(asked[1]) if asked and same and not asked[2] else 0


def cut(content, after, etag='"1"', **headers):
    """The promise of the whole content (or of its rest), and a connection that ends after so many bytes."""

    def answer(handler):
        start = _start(handler, etag)
        tagged = headers | ({"ETag": etag} if etag else {})
        if start:
            tagged |= {"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        handler.head(206 if start else 200, Content_Length=len(content) - start, **tagged)
        handler.wfile.write(content[start : start + after])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def torn(content, after, etag='"1"'):
    """As `cut`, but the connection is reset, so that bytes on their way may be lost as well."""

    def answer(handler):
        cut(content, after, etag)(handler)
        # With a linger time of zero the system sends RST instead of an orderly end.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return answer


def promised(content, length):
    """The content under a Content-Length of the test's own."""

    def answer(handler):
        handler.head(200, Content_Length=length, Connection="close")
        handler.wfile.write(content)
        handler.close_connection = True

    return answer


def no_http(handler):
    """Bytes that are no HTTP at all, as from another kind of server."""
    handler.wfile.write(b"220 mail.example.org ESMTP\r\n")
    handler.close_connection = True


def reset(handler):
    """No answer at all: the connection ends."""
    handler.close_connection = True


def status(code, body=b"", **headers):
    """Any status, with a body."""
    return lambda handler: (handler.head(code, Content_Length=len(body), **headers), handler.wfile.write(body))


def page(code=200):
    """A web page where a file was asked for."""
    body = b"\n<!DOCTYPE html>\n<html><body>Please log in</body></html>"
    return status(code, body, Content_Type="text/html")


def redirect(to):
    return status(302, Location=to)


def gzipped(content):
    """The content in gzip encoding, although nobody asked for it."""
    body = gzip.compress(content)
    return status(200, body, Content_Encoding="gzip", ETag='"z"')


def bad_gzip(content):
    """Promised to be in gzip encoding, and is not."""
    return status(200, content, Content_Encoding="gzip")


def chunked(content, size=1000, end=True):
    """The content in chunks, without a length before; or without the closing chunk."""

    def answer(handler):
        handler.head(200, Transfer_Encoding="chunked")
        for start in range(0, len(content), size):
            part = content[start : start + size]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if end:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.wfile.flush()
            handler.close_connection = True

    return answer


def without_length(content):
    """The content ended by the end of the connection alone."""

    def answer(handler):
        handler.head(200, Connection="close")
        handler.wfile.write(content)
        handler.close_connection = True

    return answer


def stall(seconds, content=b"", length=None):
    """Some bytes, then nothing for a while; without any, not even an answer."""

    def answer(handler):
        if content:
            handler.head(200, Content_Length=length or len(content) + 1, ETag='"1"')
            handler.wfile.write(content)
            handler.wfile.flush()
        handler.pause(seconds)
        handler.close_connection = True

    return answer


def drip(content, pause, etag='"1"'):
    """The content byte by byte."""

    def answer(handler):
        handler.head(200, Content_Length=len(content), ETag=etag)
        for place in range(len(content)):
            handler.wfile.write(content[place : place + 1])
            handler.wfile.flush()
            handler.pause(pause)

    return answer


def slowly(content, pieces, pause, etag='"1"'):
    """The content in pieces with pauses between, long enough for two programs to meet."""

    def answer(handler):
        handler.head(200, Content_Length=len(content), ETag=etag)
        size = -(-len(content) // pieces)
        for start in range(0, len(content), size):
            handler.wfile.write(content[start : start + size])
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def partial(content, content_range, code=206):
    """An answer to a question for the rest, with a Content-Range of the test's own."""
    return status(code, content, Content_Range=content_range, ETag='"1"')
