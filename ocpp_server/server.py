"""The running process: database, endpoint, pages, jobs, and an orderly end."""

import gc
import logging
import resource
import signal
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer
from werkzeug.middleware.proxy_fix import ProxyFix

from ocpp_server import dispatch, liveness, outgoing, scheduler, sealing, sessions
from ocpp_server.endpoint import create_endpoint, is_charge_point_request
from ocpp_server.files.ftp import FtpServer
from ocpp_server.files.http import FileApplication, is_file_request
from ocpp_server.secret_key import secret_key
from ocpp_server.services import commands
from ocpp_server.services.file import file_limits, file_transfers
from ocpp_server.services.reservation import reservation_records
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from ocpp_server.websocket import UpgradeHandler

log = logging.getLogger(__name__)

#: What the portal is to the server: a factory of a WSGI application, and the lines to print at the start.
Portal = Callable[[Settings, Store], Any]


class Server:
    """Owns everything that is started, and ends it in the reverse order."""

    def __init__(self, settings: Settings, create_portal: Portal) -> None:
        self.settings = settings
        self.store = Store(settings.database)
        self._create_portal = create_portal
        self._stopping = Event()
        self._http: WSGIServer | None = None
        self._ftp: FtpServer | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also where the settings said 0."""
        if self._http is None:
            raise RuntimeError("the server is not started")
        return self._http.server_port

    def heed_signals(self) -> None:
        """Let SIGTERM and SIGINT end `serve`; to be called before `start`, so that none comes too early."""
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._stopping.set)

    def serve(self, farewell: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGTERM or SIGINT, then stop; `farewell` is called while everything still runs."""
        _spare_the_collector()
        self._stopping.wait()
        farewell()
        self.stop()

    def start(self) -> None:
        """Listen; returns once requests are served."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        _raise_descriptor_limit()
        self.store.migrate()
        self.store.start()
        sealing.use_key(secret_key(self.settings.data_dir))
        dispatch.load()
        outgoing.load()
        self.store.write(commands.abandon)
        self.store.write(file_transfers.abandon)
        file_limits.shelf(self.settings).clear_incoming()
        if self.settings.ftp_port:
            self._ftp = FtpServer(self.settings, self.store)
        self.store.write(reservation_records.recall)
        self._scheduler = scheduler.start(self.store, self.settings)
        self._liveness = gevent.spawn(liveness.watch, self.settings)
        self._http = WSGIServer(
            (self.settings.host, self.settings.port),
            self._application(),
            handler_class=UpgradeHandler,
            backlog=4096,
            # Known to the server, so that open requests end with it.
            spawn=Pool(),
            log=None,
            error_log=logging.getLogger("http"),
        )
        self._http.start()

    def stop(self) -> None:
        """Accept nothing more, close every charge point's socket, commit what waits."""
        log.info("stopping")
        if self._http is not None:
            self._http.close()
        leaving = [gevent.spawn(session.socket.hang_up, 1001, "the server stops") for session in sessions.everyone()]
        gevent.joinall(leaving, timeout=5)
        self._scheduler.shutdown(wait=False)
        self._liveness.kill()
        if self._http is not None:
            # The live streams of open pages never end by themselves.
            self._http.stop(timeout=1)
        if self._ftp is not None:
            self._ftp.stop()
        self.store.stop()

    def _application(self) -> Any:
        endpoint = create_endpoint(self.settings, self.store)
        portal = self._create_portal(self.settings, self.store)

        files = FileApplication(self.settings, self.store)

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            if is_charge_point_request(environ):
                return endpoint(environ, start_response)
            return (files if is_file_request(environ) else portal)(environ, start_response)

        hops = self.settings.trusted_proxies
        return ProxyFix(application, x_for=hops, x_proto=hops, x_host=hops) if hops else application


def _spare_the_collector() -> None:
    """What is there now stays; messages leave no cycles, so looking for them at each thousand objects is in vain."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _raise_descriptor_limit() -> None:
    """A station holds two descriptors; the usual soft limit of 1,024 is too low for a large yard."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
