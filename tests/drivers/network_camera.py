"""A network camera that sends JPEGs one after the other over HTTP, on a real socket."""

import base64
import socket
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_FRAME_SECONDS = 0.02


class NetworkCamera:
    """Shows `pictures`, JPEG files, over and over; asks for a login when it has one."""

    def __init__(self, pictures: Sequence[bytes], login: str | None = None, port: int = 0) -> None:
        self.pictures = list(pictures)
        self.login = login
        self.asked: list[str] = []
        self.connected = threading.Semaphore(0)
        self._off = threading.Event()
        self._open: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def switch_off(self) -> None:
        """Break every connection and listen no longer."""
        self._off.set()
        self._server.shutdown()
        self._thread.join()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._open.discard(connection)
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.asked.append(self.path)
                if camera.login is not None and self.headers.get("Authorization") != camera.wanted_login:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace;boundary=frame")
                self.end_headers()
                camera.show(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    @property
    def wanted_login(self) -> str:
        """The header of who may look."""
        return f"Basic {base64.b64encode(str(self.login).encode()).decode()}"

    def show(self, request: BaseHTTPRequestHandler) -> None:
        """Send pictures until the other side goes or this one is switched off."""
        self._open.add(request.connection)
        self.connected.release()
        number = 0
        try:
            while not self._off.wait(_FRAME_SECONDS):
                jpeg = self.pictures[number % len(self.pictures)]
                number += 1
                head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                request.wfile.write(head + jpeg + b"\r\n")
        except OSError:
            request.close_connection = True
        finally:
            self._open.discard(request.connection)
