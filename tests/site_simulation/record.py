"""What is written down of a simulated day, and the figures drawn from it."""

from collections import Counter
from dataclasses import dataclass, field

from ocpp_server.site.controller import Order, Site
from ocpp_server.site.member import Key
from tests.ocpp_server.site.grids import linear_optimum
from tests.site_simulation.posts import Post

#: A meter errs; what is less above the limit (A) is no overshoot.
TRACE = 0.05
SAMPLE = 60.0


@dataclass
class Record:
    limit_a: float
    begin: float
    #: Of each minute: the time, A measured on each phase, A allotted on each phase, cars, whether the server lives.
    samples: list[tuple[float, tuple[float, ...], tuple[float, ...], int, bool]] = field(default_factory=list)
    peak_a: float = 0.0
    longest_above_s: float = 0.0
    changes: int = 0
    limits: int = 0
    renewals: int = 0
    defaults: int = 0
    arrivals: int = 0
    departures: int = 0
    shares: list[float] = field(default_factory=list)
    plain_shares: list[float] = field(default_factory=list)
    longest_wait_s: float = 0.0
    #: Of each car that left and would have taken more: the share of its time in which it charged or was full.
    served: list[float] = field(default_factory=list)
    first_current_s: list[float] = field(default_factory=list)
    _above_s: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    _waits: Counter[Key] = field(default_factory=Counter)
    _arrived: dict[Key, float] = field(default_factory=dict)
    _served: Counter[Key] = field(default_factory=Counter)

    def arrived(self, post: Post, now: float) -> None:
        self.arrivals += 1
        self._arrived[post.key], self._waits[post.key], self._served[post.key] = now, 0.0, 0.0

    def left(self, post: Post, now: float) -> None:
        self.departures += 1
        self.served.append(self._served[post.key] / (now - self._arrived.pop(post.key)))

    def sent(self, order: Order) -> None:
        if order.transaction_id is None:
            self.defaults += 1
        elif order.is_renewal:
            self.renewals += 1
        else:
            self.limits += 1

    def decided(self, site: Site, orders: list[Order], now: float) -> None:
        """A change is a decision that sends other limits than before; each is compared with a linear program."""
        if any(order.transaction_id is not None and not order.is_renewal for order in orders):
            self.changes += 1
            self._compare(site, now)

    def _compare(self, site: Site, now: float) -> None:
        loads = [load for member in site.members.values() if (load := member.load(now, 0)) is not None]
        handed = sum(len(load.phases) * site.target[load.key] for load in loads)
        charging = [load for load in loads if site.target[load.key]]
        if not charging:
            return
        told = {load.key for load in loads}
        taken = [
            member.possible(now)
            for member in site.members.values()
            if member.key not in told and member.sleeper(now) is None
        ]
        floor = {load.key: load.minimum for load in charging}
        self.shares.append(handed / linear_optimum(site.grid, charging, floor, taken))
        self.plain_shares.append(handed / linear_optimum(site.grid, loads, taken=taken))

    def step(self, now: float, seconds: float, posts: list[Post], site: Site | None) -> None:
        sums = [0.0, 0.0, 0.0]
        for post in posts:
            if post.transaction is None:
                continue
            currents = post.currents() if post.connector.power_watts else (0.0, 0.0, 0.0)
            for phase, amperes in zip(post.phases, currents, strict=True):
                sums[phase] += amperes
            self._serve(post, seconds, now, site)
        for phase, amperes in enumerate(sums):
            self._above_s[phase] = self._above_s[phase] + seconds if amperes > self.limit_a + TRACE else 0.0
            self.longest_above_s = max(self.longest_above_s, self._above_s[phase])
        self.peak_a = max(self.peak_a, *sums)
        if not self.samples or now - self.samples[-1][0] >= SAMPLE:
            cars = sum(post.transaction is not None for post in posts)
            self.samples.append((now, tuple(sums), _allotted(site, now), cars, site is not None))

    def _serve(self, post: Post, seconds: float, now: float, site: Site | None) -> None:
        """How long a car that wants to charge waits without a break, while the server lives."""
        car = post.connector.car
        if post.connector.power_watts or (car is not None and car.is_full):
            if not self._served[post.key] and post.connector.power_watts:
                self.first_current_s.append(now - self._arrived[post.key])
            self._served[post.key] += seconds
            self._waits[post.key] = 0.0
        elif site is None or not post.is_connected:
            self._waits[post.key] = 0.0
        else:
            self._waits[post.key] += seconds
            self.longest_wait_s = max(self.longest_wait_s, self._waits[post.key])


def _allotted(site: Site | None, now: float) -> tuple[float, ...]:
    sums = [0.0, 0.0, 0.0]
    if site is not None:
        for member in site.members.values():
            draw = member.possible(now)
            for phase in draw.phases:
                sums[phase] += draw.amperes
    return tuple(sums)
