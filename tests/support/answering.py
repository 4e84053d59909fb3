"""A real HTTP server that answers as a test has it."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping


@contextlib.contextmanager
def http_server(answers: Callable[[str], tuple[int, str, bytes]]) -> Iterator[str]:
    """Run a server that answers GET by `answers(path) -> (status, content type, body)`, and yield its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, kind, body = answers(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def json_server(bodies: Mapping[str, object]) -> Iterator[str]:
    """Run a server that answers a path by the body of the first key it begins with, and anything else by an empty one."""

    def answers(path: str) -> tuple[int, str, bytes]:
        body = next((each for start, each in bodies.items() if path.startswith(start)), {})
        return 200, "application/json", json.dumps(body).encode()

    with http_server(answers) as url:
        yield url
