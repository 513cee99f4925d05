"""A day at the yard, second by second: cars, messages with delays, outages, and the server that is killed."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from ocpp_server.site import happenings, wishes
from ocpp_server.site.controller import Order, Site
from ocpp_server.site.grid import Circuit
from ocpp_server.site.member import Member
from tests.site_simulation.posts import Post
from tests.site_simulation.record import Record

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
EPOCH = BEGIN.timestamp()
#: Seconds: one step of the simulation, between two readings of a station, after which an order is given up.
STEP, METER_INTERVAL, TIMEOUT = 2.0, 60.0, 30.0
#: How busy each hour is; the mean is 1.
BUSY = (
    0.2,
    0.1,
    0.1,
    0.1,
    0.2,
    0.5,
    1.2,
    2.2,
    2.6,
    1.8,
    1.2,
    1.0,
    1.4,
    1.3,
    1.0,
    1.0,
    1.3,
    1.8,
    1.6,
    1.1,
    0.8,
    0.7,
    0.5,
    0.3,
)


@dataclass(frozen=True)
class Plan:
    """What is played. `limit_a` for each phase; `killed` from and to, in hours; `cars` in a day."""

    seed: int = 1
    posts: int = 40
    limit_a: float = 192.0
    reserve_a: float = 3.0
    cars: float = 150.0
    begin: float = 0.0
    hours: float = 24.0
    killed: tuple[float, float] | None = (13.0, 15.0)
    outages_per_day: float = 12.0


@dataclass
class Day:
    plan: Plan
    rng: random.Random = field(init=False)
    posts: list[Post] = field(init=False)
    site: Site | None = field(init=False)
    record: Record = field(init=False)
    now: float = field(init=False)

    def __post_init__(self) -> None:
        plan = self.plan
        self.rng = random.Random(plan.seed)
        self.posts = [Post(number, random.Random(f"{plan.seed}-{number}")) for number in range(plan.posts)]
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._transactions = count(1)
        self.now = EPOCH + plan.begin * 3600
        self.record = Record(plan.limit_a, self.now)
        self.site = self._new_site()
        self._last_look, self._is_dirty = 0.0, True

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def run(self) -> Record:
        """Play it."""
        for _ in range(round(self.plan.hours * 3600 / STEP)):
            self.now += STEP
            self._kill_or_revive()
            self._cars()
            self._outages()
            self._deliver()
            for post in self.posts:
                post.advance(STEP, self.moment)
                self._report(post)
            self._look()
            self.record.step(self.now, STEP, self.posts, self.site)
        return self.record

    # -- the yard -----------------------------------------------------------------------------------------

    def _cars(self) -> None:
        hour = int((self.now - EPOCH) / 3600) % 24
        free = [post for post in self.posts if post.transaction is None]
        if free and self.rng.random() < BUSY[hour] * self.plan.cars / 86_400 * STEP:
            self._arrive(self.rng.choice(free))
        for post in self.posts:
            if post.transaction is not None and self.now >= post.leaves_at:
                self._leave(post)

    def _arrive(self, post: Post) -> None:
        number = next(self._transactions)
        post.arrive(number, self.moment)
        post.leaves_at = self.now + self.rng.uniform(2.0, 9.0) * 3600
        post.next_reading, post.told_status = self.now + self.rng.uniform(5, METER_INTERVAL), ""
        self.record.arrived(post, self.now)
        started_at = self.now
        self._tell(post, lambda site, now: happenings.started(site, post.key, number, started_at, now))

    def _leave(self, post: Post) -> None:
        assert post.transaction is not None
        number = post.transaction.transaction_id or 0
        self.record.left(post, self.now)
        post.leave()
        self._tell(post, lambda site, _: happenings.ended(site, post.key, number))

    def _outages(self) -> None:
        if self.rng.random() < self.plan.outages_per_day / 86_400 * STEP:
            post = self.rng.choice(self.posts)
            self._connect(post, False)
            self._later(self.rng.uniform(60, 1800), lambda: self._connect(post, True))

    def _connect(self, post: Post, is_connected: bool) -> None:
        post.is_connected = is_connected
        if self.site is not None:
            self._hear_of(self.site)
            if is_connected:
                self._catch_up(self.site, post)
            self._is_dirty = True

    def _report(self, post: Post) -> None:
        """Status when it changes, currents every minute."""
        if post.transaction is None or not post.is_connected:
            return
        status = post.status(self.moment)
        if status != post.told_status:
            post.told_status = status
            self._tell(post, lambda site, now: happenings.status(site, post.key, status, now))
        if self.now >= post.next_reading:
            post.next_reading += METER_INTERVAL
            currents = post.currents()
            self._tell(post, lambda site, now: happenings.measured(site, post.key, currents, now))

    # -- the network --------------------------------------------------------------------------------------

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), work))

    def _deliver(self) -> None:
        while self._due and self._due[0][0] <= self.now:
            heapq.heappop(self._due)[2]()

    def _tell(self, post: Post, event: Callable[[Site, float], bool | None]) -> None:
        """A message of a station arrives, if there is anybody to hear it."""

        def arrive() -> None:
            if self.site is not None and post.is_connected:
                self._is_dirty |= event(self.site, self.now) is not False

        self._later(self.rng.uniform(0.05, 1.0), arrive)

    def _send(self, order: Order) -> None:
        post, site = self.posts[order.key[0]], self.site
        self.record.sent(order)
        self._later(self.rng.uniform(0.1, 2.0), lambda: self._receive(site, post, order))

    def _receive(self, site: Site | None, post: Post, order: Order) -> None:
        if not post.is_connected or self.rng.random() < 0.002:
            self._answer(site, TIMEOUT, lambda now: happenings.failed(site, order, now, refused=False))
            return
        profile = wishes.profile(order, self.moment, profile_id=1 + bool(order.transaction_id), stack_level=0)
        if post.install(profile):
            self._answer(site, 0.3, lambda now: happenings.accepted(site, order, now))
        else:
            self._answer(site, 0.3, lambda now: happenings.failed(site, order, now, refused=True))

    def _answer(self, site: Site | None, seconds: float, event: Callable[[float], None]) -> None:
        def arrive() -> None:
            if self.site is site:
                event(self.now)
                self._is_dirty = True

        self._later(seconds, arrive)

    # -- the server ---------------------------------------------------------------------------------------

    def _look(self) -> None:
        """As the server does it: soon after something happened, and now and then without."""
        if self.site is None or not (self._is_dirty or self.now - self._last_look >= 10):
            return
        self._is_dirty, self._last_look = False, self.now
        self._hear_of(self.site)
        orders = self.site.decide(self.now)
        self.record.decided(self.site, orders, self.now)
        for order in orders:
            self._send(order)

    def _hear_of(self, site: Site) -> None:
        """Who is connected is heard of all the time."""
        for post in self.posts:
            happenings.connection(site, post.number, post.is_connected, self.now)

    def _new_site(self) -> Site:
        members = {post.key: Member(post.key, 1, post.phases, is_connected=post.is_connected) for post in self.posts}
        return Site([Circuit(1, None, self.plan.limit_a, None, self.plan.reserve_a)], members)

    def _kill_or_revive(self) -> None:
        if self.plan.killed is None:
            return
        begin, end = (EPOCH + hour * 3600 for hour in self.plan.killed)
        if self.site is not None and begin <= self.now < end:
            self.site, self._before = None, self.site
        elif self.site is None and self.now >= end:
            self.site = self._revived(self._before)

    def _revived(self, before: Site) -> Site:
        """The server begins anew, with what its database remembers; the stations report their sessions."""
        site = self._new_site()
        for key, member in site.members.items():
            old = before.members[key]
            member.default.installed = old.default.installed
            if old.session is not None:
                lent = old.session.hold.held
                happenings.resumed(site, key, old.session.transaction_id, old.session.started_at, lent)
            self._catch_up(site, self.posts[key[0]])
        self._is_dirty = True
        return site

    def _catch_up(self, site: Site, post: Post) -> None:
        """What a station queued while nobody listened: stops and starts."""
        session = site.members[post.key].session
        running = post.transaction
        if session is not None and (running is None or running.transaction_id != session.transaction_id):
            happenings.ended(site, post.key, session.transaction_id)
        if running is not None and running.transaction_id is not None:
            happenings.started(site, post.key, running.transaction_id, running.started_at.timestamp(), self.now)
            post.told_status = ""


def day_of(plan: Plan) -> Record:
    return Day(plan).run()
