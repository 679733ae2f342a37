"""Marking by hand: nbgrader's formgrader, served with the pages for marking and without all that it could spoil."""

import os
import tempfile

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from tornado import web
from traitlets.config import Config

from homework.course_folder import students_of
from homework.marks.gradebook import commands_found
from homework.marks.marking_page import PORT, START

# From these pages students' code would be run, the gradebook's cells made anew, and feedback pages replaced.
LEFT_OUT = (r"/formgrader/?", r"/formgrader/manage_assignments/?", r"/formgrader/manage_submissions/.*")
REFUSED = (r"/formgrader/api/assignment/[^/]+/.+", r"/formgrader/api/submission/.+/autograde")


def mark(chosen):
    """Serve formgrader for a course folder, until Ctrl-C.

    Parameters
    ----------
    chosen : argparse.Namespace
        course, port, and browser: whether to open the page in one.
    """
    students_of(chosen.course)
    settings = Config()
    settings.ServerApp.update(
        root_dir=str(chosen.course.resolve()),
        default_url=START,
        port=chosen.port or PORT,
        port_retries=0,
        open_browser=chosen.browser,
        # Ctrl-C ends it without another question. In a container everybody is root.
        answer_yes=True,
        allow_root=True,
        log_level="WARN",
        jpserver_extensions={__name__: True},
    )
    # What else is installed for Jupyter is not started: nbgrader's own formgrader among it, with all its pages.
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    os.chdir(chosen.course)
    with commands_found(), tempfile.TemporaryDirectory() as nothing:
        # nbgrader looks for a folder through which it would exchange files with students, and complains without one.
        settings.Exchange.root = nothing
        app = ServerApp.instance(config=settings)
        app.initialize([])
        print(f"Mark by hand at {app.display_url.splitlines()[0].strip()}\nCtrl-C ends it.", flush=True)
        app.start()


class _Marking(FormgradeExtension):
    debug = False

    def init_handlers(self, webapp):
        base = webapp.settings["base_url"]
        start = {"url": url_path_join(base, START), "permanent": False}
        # What is added first is asked first.
        webapp.add_handlers(".*$", [(url_path_join(base, path), web.RedirectHandler, start) for path in LEFT_OUT])
        nothing = {"status_code": 404}
        webapp.add_handlers(".*$", [(url_path_join(base, path), web.ErrorHandler, nothing) for path in REFUSED])
        super().init_handlers(webapp)


def _load_jupyter_server_extension(server):
    formgrader = _Marking(parent=server)
    formgrader.root_dir, formgrader.log = server.root_dir, server.log
    formgrader.initialize([])
    formgrader.init_tornado_settings(server.web_app)
    formgrader.init_handlers(server.web_app)
