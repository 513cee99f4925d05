"""A site with obedient stations, played by hand."""

from ocpp_server.site import happenings
from ocpp_server.site.controller import Order, Site
from ocpp_server.site.grid import Circuit
from ocpp_server.site.member import Member

START = 1_000_000.0


class Play:
    """Stations 1 to `count` with a connector each; each accepts what it is sent, unless it is told otherwise."""

    def __init__(self, limit_a: float, count: int, *, installed: bool = True, **fields) -> None:
        members = {(number, 1): Member((number, 1), 1, is_connected=True, **fields) for number in range(1, count + 1)}
        self.site = Site([Circuit(1, None, limit_a)], members)
        self.now = START
        self.sent: list[Order] = []
        if installed:
            for member in members.values():
                member.default.installed = member.wanted_default

    def car(self, number: int, *, age: float = 0.0) -> None:
        happenings.started(self.site, (number, 1), 100 + number, self.now - age, self.now)

    def leave(self, number: int) -> None:
        happenings.ended(self.site, (number, 1), 100 + number)

    def look(self) -> dict[int, float]:
        """One decision: what is sent to whom. Who is connected is heard of all the time."""
        for member in self.site.members.values():
            happenings.connection(self.site, member.key[0], member.is_connected, self.now)
        orders = self.site.decide(self.now)
        self.sent += orders
        return {order.key[0]: order.amperes for order in orders}

    def accept(self) -> None:
        """All that was sent is accepted."""
        orders, self.sent = self.sent, []
        for order in orders:
            happenings.accepted(self.site, order, self.now)

    def fail(self, *, refused: bool) -> None:
        orders, self.sent = self.sent, []
        for order in orders:
            happenings.failed(self.site, order, self.now, refused=refused)

    def run(self, seconds: float, *, takes: dict[int, float] | None = None, step: float = 10.0) -> int:
        """Let time pass; cars take what they are given, or at most what `takes` says. How many messages there were."""
        count, end = 0, self.now + seconds
        while self.now < end:
            self.now += step
            count += len(self.look())
            self.accept()
            for (number, _), member in self.site.members.items():
                if member.session is not None and self.now % 60 < step:
                    given = member.session.hold.now(self.now)
                    amperes = min(given, (takes or {}).get(number, 1e9))
                    happenings.measured(self.site, member.key, (amperes,) * 3, self.now)
        return count

    def given(self) -> dict[int, float]:
        return {
            key[0]: member.session.hold.now(self.now)
            for key, member in self.site.members.items()
            if member.session is not None
        }
