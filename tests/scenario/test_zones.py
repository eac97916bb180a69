"""Named time zones in mapping files, against what Python makes of the same database: some thousand instants of many zones,
half of them around changes of the clocks. TOCSIN_SEED=N runs those of an earlier run again."""
from __future__ import annotations

import bisect
import datetime
import json
import os
import pathlib
import random
import subprocess
import tempfile
import typing
import unittest
import zoneinfo

from harness import BINARY

SEED = int(os.environ.get("TOCSIN_SEED", random.randrange(2**32)))
UTC = datetime.timezone.utc
FORMAT = "%Y-%m-%d %H:%M:%S"
FIRST, LAST = (int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1970, 2101))
# North and south, half hours, a day left out, summer time that is negative, Ramadan, offsets to the second, no changes.
FIXED = ["Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "America/Santiago",
         "America/Caracas", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein",
         "Pacific/Chatham", "Africa/Casablanca", "Africa/Monrovia", "Africa/Cairo", "Asia/Kathmandu", "Asia/Tokyo",
         "Asia/Pyongyang", "Antarctica/Troll", "America/Nuuk", "Etc/GMT+12"]
OTHERS = 40
INSTANTS = 60  # of each zone and each way


def mapping(zone: str) -> dict[str, typing.Any]:
    """One alarm for each element: its title is the instant in the zone, its summary the local time in UTC."""
    return {"mapping": 1, "kind": "source", "name": "zones", "each": "times", "as": "t", "event": {
        "dedupe_key": "k", "title": {"time": "{{t.instant}}", "formats": ["epoch_s"], "tz": zone, "out": FORMAT},
        "summary": {"time": "{{t.local}}", "formats": [FORMAT], "tz": zone, "out": "rfc3339"}}}


def run(zone: str, body: object) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "zones.json"
        path.write_text(json.dumps(mapping(zone)))
        return subprocess.run([BINARY, "map", "run", "--mapping", path], input=json.dumps(body), capture_output=True,
                              text=True, timeout=60, check=False)


def offset(zone: zoneinfo.ZoneInfo, instant: int) -> datetime.timedelta:
    found = datetime.datetime.fromtimestamp(instant, zone).utcoffset()
    assert found is not None
    return found


def changes(zone: zoneinfo.ZoneInfo) -> list[int]:
    """The first second of each offset, looked for at every fifth day."""
    found = []
    days = range(FIRST, LAST, 5 * 86400)
    for a, b in zip(days, days[1:]):
        before = offset(zone, a)
        if offset(zone, b) != before:
            found.append(a + bisect.bisect_left(range(a, b), True, key=lambda s: offset(zone, s) != before))
    return found


def instants(zone: zoneinfo.ZoneInfo, rng: random.Random) -> list[int]:
    far = [rng.randrange(FIRST, LAST) for _ in range(INSTANTS)]
    at = changes(zone)
    near = [rng.choice(at) + rng.choice((0, -1, rng.randrange(-7200, 7200))) for _ in far] if at else []
    return [s for s in far + near if FIRST <= s < LAST]


def written(zone: zoneinfo.ZoneInfo, instant: int) -> str:
    return datetime.datetime.fromtimestamp(instant, zone).strftime(FORMAT)


def read(zone: zoneinfo.ZoneInfo, local: str) -> str:
    """PEP 495, fold=0: of two the first, in a gap by the offset before it."""
    time = datetime.datetime.strptime(local, FORMAT).replace(tzinfo=zone, fold=0)
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Zones(unittest.TestCase):
    def compare(self, name: str, rng: random.Random) -> int:
        zone = zoneinfo.ZoneInfo(name)
        at = instants(zone, rng)
        # local times that clocks showed, and some that they may have left out
        local = [(datetime.datetime.fromtimestamp(s, zone) + datetime.timedelta(minutes=rng.choice((0, 0, 30, 90))))
                 .strftime(FORMAT) for s in at]
        body = {"times": [{"instant": s, "local": text} for s, text in zip(at, local)]}
        result = run(name, body)
        self.assertEqual((0, ""), (result.returncode, result.stderr))
        alarms = [json.loads(line) for line in result.stdout.splitlines()]
        got = [(alarm["title"], alarm["summary"]) for alarm in alarms]
        want = [(written(zone, s), read(zone, text)) for s, text in zip(at, local)]
        self.assertEqual(want, got)
        return len(want)

    def test_what_python_says(self) -> None:
        rng = random.Random(SEED)
        names = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
        chosen = FIXED + rng.sample([name for name in names if name not in FIXED], OTHERS)
        compared = 0
        for name in chosen:
            with self.subTest(name, seed=SEED):
                compared += self.compare(name, rng)
        print(f"TOCSIN_SEED={SEED}: {compared} instants in {len(chosen)} zones", flush=True)
        self.assertGreater(compared, len(chosen) * INSTANTS - 1)

    def test_mistakes_are_told_with_their_place(self) -> None:
        for name, told in (("Europe/Berln", 'there is no time zone "Europe/Berln"; did you mean "Europe/Berlin"?'),
                           ("CET", '"CET" is an abbreviation and no time zone of a place; write one such as "Europe'),
                           ("CEST", '"CEST" is an abbreviation and no time zone; write the place\'s, such as "Europe'),
                           ("../Berlin", 'there is no time zone "../Berlin"')):
            with self.subTest(name):
                result = run(name, {"times": []})
                self.assertEqual(1, result.returncode)
                self.assertRegex(result.stderr, r"^/\S+zones\.json:1: \$\.event\.summary\.tz: ")
                self.assertEqual(2, result.stderr.count(told), result.stderr)


if __name__ == "__main__":
    unittest.main()
