"""One text frame after the other is read and written past the protocol layer; whatever is odd goes through it."""

import socket
from collections.abc import Iterator

import gevent
import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from ocpp_server.websocket import StationSocket

LIMIT = 100_000


class Peer:
    """A station's end of the socket, with a protocol layer that knows nothing of ours."""

    def __init__(self) -> None:
        self.sock, ours = socket.socketpair()
        self.protocol = Protocol(CLIENT, max_size=None)
        self.socket = StationSocket(ours, LIMIT)
        self.taken: list[str] = []
        self.reader = gevent.spawn(lambda: self.taken.extend(self.socket.messages()))

    def send(self, data: bytes = b"") -> None:
        self.sock.sendall(data or b"".join(self.protocol.data_to_send()))

    def end(self) -> list[str]:
        """What arrived, once nothing more comes."""
        self.sock.shutdown(socket.SHUT_WR)
        self.reader.join(timeout=5)
        return self.taken


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.socket.release()
    peer.sock.close()


@pytest.mark.parametrize("size", [1, 125, 126, 127, 4_000, 65_535, 65_536, LIMIT])
def test_a_message_of_any_length_arrives(peer: Peer, size: int) -> None:
    peer.protocol.send_text(b"x" * size)
    peer.send()
    assert peer.end() == ["x" * size]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_message_of_any_length_is_sent(peer: Peer, size: int) -> None:
    peer.socket.send("ä" + "x" * size)
    data = b""
    while not (frames := peer.protocol.events_received()):
        data = peer.sock.recv(100_000)
        peer.protocol.receive_data(data)
    assert [str(frame.data, "utf-8") for frame in frames if isinstance(frame, Frame)] == ["ä" + "x" * size]


def test_messages_arrive_in_their_order_however_they_are_cut(peer: Peer) -> None:
    for number in range(50):
        peer.protocol.send_text(f"{number}".encode() * (number + 1), fin=number % 7 != 3)
        if number % 7 == 3:
            peer.protocol.send_continuation(b"!", fin=True)
    data = b"".join(peer.protocol.data_to_send())
    for start in range(0, len(data), 37):
        peer.send(data[start : start + 37])
        gevent.idle()
    sent = [f"{number}" * (number + 1) + ("!" if number % 7 == 3 else "") for number in range(50)]
    assert peer.end() == sent


def test_a_whole_message_within_another_breaks_the_protocol(peer: Peer) -> None:
    peer.protocol.send_text(b"begun", fin=False)
    peer.send()
    gevent.idle()
    peer.send(Frame(Opcode.TEXT, b"another").serialize(mask=True))
    assert peer.end() == []
    assert "broke the WebSocket protocol" in peer.socket.close_reason


@pytest.mark.parametrize(
    "data",
    [
        Frame(Opcode.TEXT, b"hello").serialize(mask=False),
        b"\x81\xff" + (119).to_bytes(8) + b"\0" * 123,
        Frame(Opcode.TEXT, b"x" * (LIMIT + 1)).serialize(mask=True),
        Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True),
    ],
    ids=["not masked", "eight bytes of length", "too large", "not UTF-8"],
)
def test_what_is_odd_is_left_to_the_protocol_layer(peer: Peer, data: bytes) -> None:
    peer.send(data)
    taken = peer.end()
    assert taken == [] or taken == ["\0" * 119]
    assert peer.socket.close_reason


def test_blank_messages_are_ignored(peer: Peer) -> None:
    for text in (b"", b" \n", b"real"):
        peer.protocol.send_text(text)
        peer.send()
        gevent.sleep(0.01)
    assert peer.end() == ["real"]
