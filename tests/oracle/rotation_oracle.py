#!/usr/bin/python3
"""Random rotations, worked out day by day with Python's zoneinfo, against what core/engine says of them.

    tests/oracle/rotation_oracle.py --driver build/release/tests/oracle/rotation_driver --seed 7 --count 1000000 --workers 2

The n-th rotation of a seed is the same in every run: a difference is printed with --seed S --first N --count 1.
Nothing here is clever: hand-offs are numbered from the start on, coverage is a list of intervals, and overrides are looked at
piece by piece."""
from __future__ import annotations

import argparse
import bisect
import concurrent.futures
import datetime
import functools
import itertools
import pathlib
import random
import subprocess
import sys
import typing
import zoneinfo

UTC = datetime.timezone.utc
DAY = 86_400_000
MINUTE = 60_000
FIRST = int(datetime.datetime(1970, 1, 6, tzinfo=UTC).timestamp()) * 1000
# The engine's zones end with the year 2100: what begins or ends later is not compared.
LAST = int(datetime.datetime(2100, 12, 28, tzinfo=UTC).timestamp()) * 1000
EPOCH = datetime.date(1970, 1, 1).toordinal()
BLOCK = 25_000  # of rotations for one process of the driver, which then has read every zone
DEFAULT_DRIVER = pathlib.Path(__file__).resolve().parents[2] / "build/dev/tests/oracle/rotation_driver"


class Setting(typing.NamedTuple):
    day: int  # weekly: 0 is Monday; monthly: from 1
    minute: int  # of the day


class Window(typing.NamedTuple):
    weekday: int
    start: int  # minutes of the day
    end: int  # 1440: no End was given


class Override(typing.NamedTuple):
    start: int
    end: int
    created: int
    contacts: tuple[int, ...]


class Recurrence(typing.NamedTuple):
    zone: str
    start: int
    multiplier: int
    kind: str  # d, w, m
    settings: tuple[Setting, ...]


class Rotation(typing.NamedTuple):
    zone: str
    start: int
    multiplier: int
    on_calls: int
    contacts: int
    kind: str
    settings: tuple[Setting, ...]
    coverage: dict[int, list[Window]]  # empty: always covered
    overrides: tuple[Override, ...]

    @property
    def recurrence(self) -> Recurrence:
        return Recurrence(self.zone, self.start, self.multiplier, self.kind, self.settings)


class Question(typing.NamedTuple):
    rotation: Rotation
    begin: int
    until: int
    probes: list[int]


class Shift(typing.NamedTuple):
    start: int
    end: int
    kind: str  # R, O
    contacts: tuple[int, ...]
    overridden: tuple[int, ...]

    def __str__(self) -> str:
        return ",".join((str(self.start), str(self.end), self.kind, "+".join(map(str, self.contacts)),
                         "+".join(map(str, self.overridden))))


# ---- what the rules say ----

@functools.lru_cache(maxsize=None)
def zone_of(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)


def instant(zone: zoneinfo.ZoneInfo, date: datetime.date, minute: int) -> int:
    """PEP 495, fold=0: of two the first, in a gap as if the clocks had not been set."""
    if minute == 1440:
        date, minute = date + datetime.timedelta(1), 0
    local = datetime.datetime(date.year, date.month, date.day, minute // 60, minute % 60, tzinfo=zone)
    return round(local.timestamp() * 1000)


def dates(first: int, last: int) -> typing.Iterator[datetime.date]:
    """The dates that an instant from first to last may have anywhere, and some around."""
    return map(datetime.date.fromordinal, range(EPOCH + first // DAY - 3, EPOCH + last // DAY + 4))


def is_candidate(kind: str, setting: Setting, date: datetime.date) -> bool:
    if kind == "d":
        return True
    if kind == "w":
        return date.weekday() == setting.day
    return date.day == setting.day or (
        28 <= date.day < setting.day and (date + datetime.timedelta(1)).day == 1)


def reach(r: Rotation) -> int:
    """No turn is longer."""
    return {"d": 1, "w": 7, "m": 31}[r.kind] * DAY * r.multiplier + 3 * DAY


@functools.lru_cache(maxsize=2)
def hand_offs(recurrence: Recurrence, until: int) -> list[int]:
    zone, start, multiplier, kind, settings = recurrence
    place, merged = zone_of(zone), set()
    numbers = [0] * len(settings)
    for date in dates(start, until):
        for i, setting in enumerate(settings):
            if is_candidate(kind, setting, date):
                at = instant(place, date, setting.minute)
                if at > start:
                    numbers[i] += 1
                    if numbers[i] % multiplier == 0:
                        merged.add(at)
    return sorted(merged)


def covered(r: Rotation, begin: int, until: int) -> list[tuple[int, int]]:
    """United windows of all dates near that time."""
    if not r.coverage:
        return [(begin, until)]
    zone, found = zone_of(r.zone), []
    for date in dates(begin, until):
        for window in r.coverage.get(date.weekday(), []):
            end_date = date if window.end > window.start else date + datetime.timedelta(1)
            found.append((instant(zone, date, window.start), instant(zone, end_date, window.end)))
    united: list[tuple[int, int]] = []
    for start, end in sorted(interval for interval in found if interval[0] < interval[1]):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((start, end))
    return united


def who(r: Rotation, turn: int) -> tuple[int, ...]:
    return tuple((turn * r.on_calls + i) % r.contacts for i in range(r.on_calls))


def pieces(r: Rotation, start: int, end: int, people: tuple[int, ...]) -> list[Shift]:
    """A regular shift cut by overrides; neighbours that say the same are one."""
    edges = {start, end} | {edge for o in r.overrides for edge in (o.start, o.end) if start < edge < end}
    found: list[Shift] = []
    for a, b in itertools.pairwise(sorted(edges)):
        over = [(o.created, i) for i, o in enumerate(r.overrides) if o.start <= a < o.end]
        shift = Shift(a, b, "R", people, ())
        if over:
            shift = Shift(a, b, "O", r.overrides[max(over)[1]].contacts, people)
        if found and found[-1][2:] == shift[2:]:
            shift = shift._replace(start=found.pop().start)
        found.append(shift)
    return found


def shifts(r: Rotation, begin: int, until: int) -> list[Shift]:
    """Those of all turns that touch the time."""
    edges = [r.start] + hand_offs(r.recurrence, until + reach(r))
    first = max(bisect.bisect_right(edges, begin) - 1, 0)
    turns = [(k, edges[k], edges[k + 1]) for k in range(first, len(edges) - 1) if edges[k] < until]
    if not turns:
        return []
    cover = covered(r, turns[0][1], turns[-1][2])
    found = []
    for k, start, end in turns:
        at = max(bisect.bisect_right(cover, (start, start)) - 1, 0)
        for a, b in cover[at:]:
            if a >= end:
                break
            if max(a, start) < min(b, end):
                found += pieces(r, max(a, start), min(b, end), who(r, k))
    return found


# ---- random ones ----

@functools.lru_cache(maxsize=None)
def changes(name: str) -> list[int]:
    """Around when the clocks of a zone are set: to two days."""
    zone, found = zone_of(name), []
    step = 4 * DAY
    offsets = [(at, datetime.datetime.fromtimestamp(at // 1000, zone).utcoffset()) for at in range(FIRST, LAST, step)]
    for (_, before), (at, after) in itertools.pairwise(offsets):
        if before != after:
            found.append(at - step // 2)
    return found


NAMES = sorted(name for name in zoneinfo.available_timezones() if "/" in name)


def some_minute(rng: random.Random) -> int:
    """Often in the hours in which clocks are set, and an hour from each other."""
    if rng.random() < 0.6:
        return rng.choice((0, 30, 60, 90, 120, 150, 180, 210, 240))
    return rng.randrange(1440) if rng.random() < 0.3 else rng.randrange(24) * 60


def some_settings(rng: random.Random, kind: str) -> tuple[Setting, ...]:
    n = rng.choice((1, 1, 1, 2, 2, 3, 4, rng.randrange(1, 13)))
    days = {"d": (0,), "w": tuple(range(7)), "m": (1, 15, 28, 29, 30, 31, 30, 31, rng.randrange(1, 32))}[kind]
    minutes = [some_minute(rng) for _ in range(rng.choice((1, 2, n)))]
    return tuple(Setting(rng.choice(days), rng.choice(minutes) if kind != "d" else some_minute(rng)) for _ in range(n))


def some_window(rng: random.Random, weekday: int) -> Window:
    start = some_minute(rng)
    end = rng.choice((start, 1440, some_minute(rng), (start + 60) % 1440, (start + 480) % 1440))
    length = (end - start) if end > start else end - start + 1440
    return Window(weekday, start, end) if length >= 30 else Window(weekday, start, start)


def some_coverage(rng: random.Random) -> dict[int, list[Window]]:
    kind = rng.random()
    if kind < 0.35:
        return {}
    days = rng.choice((range(5), range(7), rng.sample(range(7), rng.randrange(1, 8))))
    if kind < 0.55:
        minute = some_minute(rng)
        return {day: [Window(day, minute, rng.choice((minute, minute, (minute + 540) % 1440)))] for day in days}
    return {day: [some_window(rng, day) for _ in range(rng.choice((0, 1, 1, 2, 3)))] for day in days}


def some_start(rng: random.Random, zone: str, kind: str, settings: tuple[Setting, ...]) -> int:
    at = rng.randrange(FIRST, LAST - 60 * DAY)
    if changes(zone) and rng.random() < 0.5:
        at = rng.choice(changes(zone)) - rng.randrange(12 * DAY)
    at = min(max(at, FIRST), LAST - 60 * DAY)
    if rng.random() < 0.5:
        setting, day = rng.choice(settings), datetime.date.fromordinal(EPOCH + at // DAY)
        while not is_candidate(kind, setting, day):
            day += datetime.timedelta(1)
        return instant(zone_of(zone), day, setting.minute)
    return at - at % rng.choice((1, 1000, MINUTE))


def some_begin(rng: random.Random, r: Rotation) -> int:
    """Mostly soon after the start, sometimes as far as day by day is quick enough, seldom anywhere."""
    far = rng.random()
    if far < 0.75:
        return r.start + rng.randrange(-5 * DAY, 20 * DAY + reach(r) * 2)
    later = changes(r.zone)[bisect.bisect(changes(r.zone), r.start):]
    limit = 3000 // len(r.settings) if far < 0.998 else 50_000
    if later and rng.random() < 0.7:
        near = [at for at in later if at < r.start + limit * DAY]
        return rng.choice(near) - rng.randrange(8 * DAY) if near else r.start
    return r.start + rng.randrange(limit * DAY)


def some_overrides(rng: random.Random, begin: int, until: int, edges: list[int]) -> tuple[Override, ...]:
    found = []
    for _ in range(rng.choice((0, 0, 1, 2, 3, 6))):
        start = rng.choice(edges) if rng.random() < 0.4 else rng.randrange(begin - DAY, until + DAY) // MINUTE * MINUTE
        end = start + rng.choice((30 * MINUTE, 3 * 60 * MINUTE, DAY, rng.randrange(30, 14400) * MINUTE))
        if found and rng.random() < 0.3:
            start = found[-1].end
            end = start + DAY
        people = tuple(rng.randrange(4) for _ in range(rng.choice((0, 1, 1, 2))))
        found.append(Override(start, end, rng.randrange(3), people))
    return tuple(found)


def question(seed: int, number: int) -> Question:
    rng = random.Random(f"{seed}.{number}")
    zone, kind = rng.choice(NAMES), rng.choice("ddwwm")
    settings = some_settings(rng, kind)
    contacts = rng.choice((1, 2, 3, 4, 5, 8, 30))
    multiplier = rng.choice((1, 1, 1, 2, 2, 3, 4, 7, rng.randrange(1, 13), rng.randrange(1, 101) if rng.random() < 0.05 else 1))
    r = Rotation(zone, some_start(rng, zone, kind, settings), multiplier, rng.randrange(1, contacts + 1), contacts, kind,
                 settings, some_coverage(rng), ())
    begin = min(some_begin(rng, r), LAST - 2 * reach(r))
    until = begin + rng.randrange(1, {"d": 12, "w": 40, "m": 130}[kind] * DAY)
    edges = [r.start, begin, until] + [at for at in hand_offs(r.recurrence, until + reach(r)) if begin <= at < until]
    r = r._replace(overrides=some_overrides(rng, begin, until, edges))
    probes = [rng.randrange(begin, until) for _ in range(4)]
    probes += [at for s in r.overrides[:2] for at in (s.start, s.end - 1) if begin <= at < until]
    return Question(r, begin, until, probes)


# ---- the other side ----

def clock(minute: int) -> str:
    return f"{minute // 60} {minute % 60}"


def line_of(q: Question) -> str:
    r = q.rotation
    words = [r.zone, r.start, r.multiplier, r.on_calls, r.contacts, r.kind, len(r.settings)]
    words += [f"{s.day} {clock(s.minute)}" for s in r.settings]
    windows = [f"{w.weekday} {clock(w.start)} {clock(w.end)}" for day in r.coverage.values() for w in day]
    windows += [f"{day} -1 0 0 0" for day, times in r.coverage.items() if not times]
    words += [len(windows), *windows, len(r.overrides)]
    for o in r.overrides:
        words += [o.start, o.end, o.created, len(o.contacts), *o.contacts]
    words += [q.begin, q.until, len(q.probes), *q.probes]
    return " ".join(map(str, words))


def wanted_at(found: list[Shift], at: int) -> str | None:
    """The shift at an instant, or the next one; None when that is too far away to be known."""
    return next((str(s) for s in found if s.end > at), None)


def difference(q: Question, answer: str) -> str | None:
    found = shifts(q.rotation, q.begin, q.until)
    inside = [s for s in found if s.end > q.begin and s.start < q.until]
    got_shifts, _, got_probes = answer.partition("|")
    want = [str(s) for s in inside]
    if want != got_shifts.split():
        return f"shifts:\n  python {' '.join(want)}\n  tocsin {got_shifts}"
    for at, got in zip(q.probes, got_probes.split(), strict=True):
        expected = wanted_at(found, at)
        if expected is None:
            expected = got if got == "none" or int(got.split(",")[0]) >= q.until else "a shift after that time"
        if got != expected:
            return f"at {at}:\n  python {expected}\n  tocsin {got}"
    return None


def compare(driver: str, seed: int, first: int, count: int) -> tuple[int, int, list[str]]:
    """How many rotations and shifts were compared, and what was different."""
    n_shifts, found = 0, []
    with subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        for number in range(first, first + count):
            q = question(seed, number)
            process.stdin.write(line_of(q) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                found.append(f"--seed {seed} --first {number} --count 1: no answer\n  {q}")
                break
            n_shifts += answer.partition("|")[0].count(" ")
            told = difference(q, answer)
            if told:
                found.append(f"--seed {seed} --first {number} --count 1: {told}\n  {q}")
        process.stdin.close()
    return count, n_shifts, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", default=str(DEFAULT_DRIVER))
    parser.add_argument("--seed", default="today", help="a number; today: the date")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    seed = int(datetime.datetime.now(UTC).strftime("%Y%m%d") if args.seed == "today" else args.seed)
    block = min(BLOCK, -(-args.count // args.workers))
    n, n_shifts, found = 0, 0, []
    with concurrent.futures.ProcessPoolExecutor(args.workers) as pool:
        jobs = [pool.submit(compare, args.driver, seed, first, min(block, args.first + args.count - first))
                for first in range(args.first, args.first + args.count, block)]
        for job in concurrent.futures.as_completed(jobs):
            compared, some_shifts, told = job.result()
            n, n_shifts = n + compared, n_shifts + some_shifts
            found += told
            if args.count >= 100_000:
                print(f"{n} rotations, {n_shifts} shifts, {len(found)} differences", file=sys.stderr, flush=True)
    for text in found[:10]:
        print(text)
    print(f"seed {seed}: {n} rotations, {n_shifts} shifts compared, {len(found)} differences", flush=True)
    return 1 if found or n_shifts < n else 0


if __name__ == "__main__":
    sys.exit(main())
