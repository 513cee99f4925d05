"""What the FTP server asks, answered by the rules of services/file/file_transfers.py: the same as for HTTP."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ocpp_server import clock
from ocpp_server.models import FileLink
from ocpp_server.models.files import DOWNLOAD
from ocpp_server.services.file import file_links, file_transfers
from ocpp_server.services.file.file_transfers import Peer, Refused
from ocpp_server.services.firmware import firmware_images
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from ocpp_server.throttle import Throttle

log = logging.getLogger(__name__)

#: Wrong credentials by address. Stations behind one address share it, so the pause is short.
guesses = Throttle(free=5, longest=timedelta(minutes=1))
Answer = dict[str, Any]


class Answers:
    """One FTP server's questions. `receiving` are the links that it is receiving files at."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.receiving: set[int] = set()
        self._answers: dict[str, Callable[..., Answer | None]] = {
            "login": self._login,
            "begin_download": self._begin_download,
            "downloaded": self._downloaded,
            "begin_upload": self._begin_upload,
            "finish_upload": self._finish_upload,
            "fail_upload": self._fail_upload,
            "progress": self._progress,
            "refused": self._refused,
        }

    def answer(self, question: dict[str, Any]) -> Answer:
        """The answer; `refused` in it says why not."""
        try:
            return self._answers[question.pop("ask")](**question) or {}
        except Refused as refused:
            return {"refused": refused.text}
        except Exception:
            log.exception("a question of the FTP server could not be answered")
            return {"refused": "Chargeyard failed; its log says more."}

    def give_up(self, reason: str) -> None:
        """The FTP server has ended: so have its transfers."""
        for link_id in tuple(self.receiving):
            self._fail_upload(link_id, "", reason)

    def _login(self, user: str, password: str, address: str) -> Answer:
        pause = guesses.wait(address)
        if pause:
            raise Refused(429, "Too many wrong passwords in a row. Wait a minute.")
        guesses.fail(address)
        with self.store.reading():
            link = file_links.find(password)
            if link is None or user != file_links.ftp_user(link.id):
                log.info("refused an FTP login of %s from %s", re.sub(r"[^\w.@-]", "?", user)[:40], address)
                text = "Wrong user or password."
                if file_transfers.strangers.lets_pass(address):
                    self.store.post(lambda unit: file_transfers.stranger(unit, Peer("FTP", address), text))
                raise Refused(401, text)
            guesses.forget(address)
            return self._opened(link, Peer("FTP", address))

    def _opened(self, link: FileLink, peer: Peer) -> Answer:
        """What a session may see of its link."""
        try:
            file_transfers.admit(link, link.purpose)
        except Refused as refused:
            self._refused(link.id, peer.address, refused.text)
            raise
        answer: Answer = {"id": link.id, "purpose": link.purpose, "at": int(clock.now().timestamp())}
        if link.purpose == DOWNLOAD:
            image = firmware_images.find(link.image_id)
            if image is None:
                raise Refused(410, "The file is no longer here.")
            answer |= {"file_name": image.file_name, "size": image.size, "stored_as": image.stored_as}
        return answer

    def _begin_download(self, link: int, address: str) -> None:
        with self.store.reading():
            file_transfers.admit(FileLink.get_or_none(FileLink.id == link), DOWNLOAD)

    def _downloaded(self, link: int, address: str, start: int, until: int, is_whole: bool) -> None:
        peer, detail = Peer("FTP", address), f"bytes {start} to {until}"
        self.store.post(
            lambda unit: file_transfers.downloaded(unit, link, peer, until=until, is_whole=is_whole, detail=detail)
        )

    def _begin_upload(self, link: int, address: str, length: int | None) -> Answer:
        peer = Peer("FTP", address)
        try:
            limit = self.store.write(lambda unit: file_transfers.begin_upload(unit, self.settings, link, peer, length))
        except Refused as refused:
            self._refused(link, address, refused.text)
            raise
        self.receiving.add(link)
        return {"limit": limit}

    def _finish_upload(self, link: int, address: str, **facts: Any) -> None:
        peer = Peer("FTP", address)
        self.store.write(lambda unit: file_transfers.finish_upload(unit, self.settings, link, peer, **facts))
        self.receiving.discard(link)

    def _fail_upload(self, link: int, address: str, reason: str) -> None:
        peer = Peer("FTP", address)
        self.receiving.discard(link)
        self.store.write(lambda unit: file_transfers.fail_upload(unit, link, peer, reason))

    def _progress(self, link: int, address: str, transferred: int) -> None:
        peer = Peer("FTP", address)
        self.store.post(lambda unit: file_transfers.progress(unit, link, peer, transferred))

    def _refused(self, link: int, address: str, reason: str) -> None:
        peer = Peer("FTP", address)
        self.store.post(lambda unit: file_transfers.refused(unit, link, peer, reason))
