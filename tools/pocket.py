"""``python -m tools pocket``: serve the page of notebook 10 on this machine, or to a phone in the same network."""

import socket
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from course_utils.errors import CourseError
from course_utils.pocket.page import FOLDER
from course_utils.settings import course_path

PORT = 8010
# Reserved for documentation: asking which way leads there sends nothing.
_SOMEWHERE = ("192.0.2.1", 80)


def pocket(names=()):
    """Serve ``build/pocket`` until Ctrl-C.

    Parameters
    ----------
    names : sequence of str
        Empty: for this machine alone. ``["--lan"]``: for every machine in the same network.

    Raises
    ------
    CourseError
        Where there is no page yet, a word is unknown, or there is no network.
    """
    if set(names) - {"--lan"}:
        raise CourseError(f"pocket takes --lan or nothing, and got {' '.join(names)}.")
    with page_server(lan="--lan" in names) as server:
        print(invitation(server), flush=True)
        server.serve_forever()


def page_server(lan=False, folder=FOLDER, port=PORT):
    """Make a server of the page that answers as soon as its ``serve_forever`` runs.

    Parameters
    ----------
    lan : bool
        Whether other machines may reach it.
    folder : str or pathlib.Path
        The page, see `course_path`.
    port : int
        Where to listen; another free port is taken where this one is in use.

    Returns
    -------
    http.server.ThreadingHTTPServer

    Raises
    ------
    CourseError
        Where there is no page.
    """
    folder = course_path(folder)
    if not (folder / "pocket.json").is_file():
        raise CourseError(f"There is no page in {folder}; run notebook 10 first.")
    handler = partial(_PageHandler, directory=str(folder))
    host = "0.0.0.0" if lan else "127.0.0.1"
    try:
        return ThreadingHTTPServer((host, port), handler)
    except OSError:
        return ThreadingHTTPServer((host, 0), handler)


def invitation(server):
    """Say where a server's page is, with a code for a phone's camera where a phone can reach it.

    Parameters
    ----------
    server : http.server.ThreadingHTTPServer
        From `page_server`.

    Returns
    -------
    str
        Some lines.

    Raises
    ------
    CourseError
        Where other machines may reach it, but this one is in no network.
    """
    host, port = server.server_address[:2]
    if host != "0.0.0.0":
        return f"The page is at http://{host}:{port}/ (only on this machine). Ctrl-C ends it."
    import segno

    address = f"http://{_address_in_network()}:{port}/"
    code = _terminal_code(segno.make(address, micro=False))
    return (
        f"{code}\nThe page is at {address}: point your phone's camera at the code above.\n"
        "Everyone in this network can open the page and see your networks, but no photo that you try: those stay on "
        "the phone.\nA firewall may ask whether Python may be reached; and many guest networks keep devices apart.\n"
        "Ctrl-C ends it."
    )


def _address_in_network():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(_SOMEWHERE)
        except OSError:
            raise CourseError("This machine is in no network, so no phone can reach it; leave --lan out.") from None
        return asked.getsockname()[0]


def _terminal_code(code):
    """Draw a QR code with half blocks, dark on light whatever the terminal's colours are."""
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    blocks = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    lines = (
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
    colours = ("\033[30;47m", "\033[0m") if sys.stdout.isatty() else ("", "")
    return "\n".join(f"{colours[0]}{line}{colours[1]}" for line in lines)


class _PageHandler(SimpleHTTPRequestHandler):
    # Windows takes these from its registry, where programs may have changed them; a browser then refuses the files.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".json": "application/json",
        ".wasm": "application/wasm",
    }

    def end_headers(self):
        # After the notebook has run again, the phone must not keep yesterday's networks.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_):
        """Print no line for each file."""
