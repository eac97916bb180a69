"""Who is paged when, by the plan alone: the judge's nodes are given this one, and what arrived is held against it, not
against what Tocsin wrote about it. Each check raises Failure with what broke it."""
from __future__ import annotations

import typing
from collections import defaultdict

from harness import Failure
from judge_history import DONE, EARLY_MS, GIVEN_UP, IN_FLIGHT, OPEN, PENDING, RESOLVED, History, Row, name_of
from worlds import Config, contact, mail_channel

MINUTE_MS = 60_000  # plans count in minutes
FIRST, SECOND = "alice", "bob"
LOST_MS = 30_000  # a page that nobody took for so long is lost: the next person does not wait for the rest of the minute
AFTER_ACK_MS, PROMPT_MS, CUT_OFF_MS = 2000, 5000, 1000
ANSWER_LOST = "drop_after_apply"  # what the sandbox says of a mail that it took without an answer


def give_plan(config: Config) -> None:
    """The shortest with a page that is repeated and a second person: both come due a minute after the first page."""
    first = contact(FIRST, "mail", retry=1)
    first["Plan"]["Stages"][0]["DurationInMinutes"] = 2
    stages = [{"DurationInMinutes": 1, "Targets": [{"ContactTargetInfo": {"ContactId": alias, "IsEssential": True}}]}
              for alias in (FIRST, SECOND)]
    resources = config["resources"]
    resources["contacts"] = [first, contact(SECOND, "mail"),
                             {"Alias": "both", "DisplayName": "Both", "Type": "ESCALATION", "Plan": {"Stages": stages}}]
    resources["contact_channels"] = [mail_channel(FIRST), mail_channel(SECOND)]
    resources["response_plans"][0]["engagements"] = ["both"]


# What that comes to, of each person: how long after it is opened the pages of an incident are due that nobody answers.
STEPS = {FIRST: (0, MINUTE_MS), SECOND: (MINUTE_MS,)}


class Answer(typing.NamedTuple):
    no: int  # of the write
    wall_ms: float
    by: str  # a person who answered for herself, or "": for everybody


class Period(typing.NamedTuple):
    """An incident from when it was opened until it is opened again."""
    incident: str
    name: str  # of its alarm
    no: int  # of the write that opened it
    until_no: int
    wall_ms: float  # when it was opened
    until_ms: float
    answers: list[Answer]

    def answered_ms(self) -> float:
        return self.answers[0].wall_ms if self.answers else float("inf")


def answer_of(row: Row) -> Answer | None:
    """What a write of an incident says of an answer that was not there before."""
    after, before = row["after"], row["before"] or {"status": OPEN, "acknowledged_ms": 0}
    if after["status"] == RESOLVED and before["status"] != RESOLVED:
        return Answer(row["no"], row["wall_ms"], "")
    if after["acknowledged_ms"] > 0 and before["acknowledged_ms"] == 0:
        by = after.get("acknowledged_by") or ""
        return Answer(row["no"], row["wall_ms"], by.removeprefix("contact:") if by.startswith("contact:") else "")
    return None


def periods(h: History) -> list[Period]:
    opened = {(row["xid"], row["after"]["incident"]): row["after"]["event_ms"] for row in h.of("events")
              if row["op"] == "INSERT" and (row["after"]["type"] == "SSM Incident Start"
                                            or (row["after"]["text"] or "").startswith("reopened by"))}
    found: list[Period] = []
    for ident, rows in h.of_each("incidents").items():
        last: Period | None = None
        for row in rows:
            is_open = row["after"]["status"] == OPEN
            if is_open and (row["op"] == "INSERT" or row["before"]["status"] == RESOLVED):
                if last:
                    found.append(last._replace(until_no=row["no"], until_ms=row["wall_ms"]))
                at = opened.get((row["xid"], ident))
                if at is None or at > row["wall_ms"] + EARLY_MS:
                    raise Failure(f"I2: incident {ident} was opened at {row['wall_ms']:.0f}, its timeline says {at}")
                last = Period(ident, name_of(row["after"]["title"]), row["no"], 1 << 62, at, float("inf"), [])
            elif last and (answer := answer_of(row)):
                last.answers.append(answer)
        if last:
            found.append(last)
    return found


class Message(typing.NamedTuple):
    """One message of a page: its row as it was decided, and when it arrived first."""
    row: Row
    mails: list[Row]

    def at_ms(self, h: History) -> float:
        """The earlier of the two (monotonic)."""
        return min([h.mono_ms(self.row["wall_ms"]), *(mail["t_ms"] for mail in self.mails)])


Messages = dict[str, list[Message]]


def messages(h: History) -> dict[str, list[Message]]:
    """Of each incident, in the order in which they were decided."""
    mails = h.mails_of_sends()
    found: dict[str, list[Message]] = defaultdict(list)
    for ident, rows in h.of_each("sends").items():
        found[rows[0]["after"]["incident"]].append(Message(rows[0], mails.get(ident, [])))
    return {incident: sorted(some, key=lambda m: m.row["no"]) for incident, some in found.items()}


def of_period(period: Period, decided: list[Message]) -> Messages:
    """By the person."""
    found: Messages = defaultdict(list)
    for message in decided:
        if period.no < message.row["no"] < period.until_no:
            found[message.row["after"]["contact"]].append(message)
    return found


class Step(typing.NamedTuple):
    """A page of the plan."""
    person: str
    number: int
    due_ms: float  # monotonic
    message: Message | None

    def __str__(self) -> str:
        return f"page {self.number + 1} of {self.person}"


def steps(h: History, period: Period, paged: Messages) -> typing.Iterator[Step]:
    for person, after in STEPS.items():
        for number, ms in enumerate(after):
            yield Step(person, number, h.mono_ms(period.wall_ms) + ms,
                       paged[person][number] if number < len(paged[person]) else None)


def first_is_lost(h: History, period: Period, paged: Messages, became: "Became") -> float:
    """When the first person is known not to be reached: a page was given up (check_i3_once judges whether it could be), or
    none was taken for too long."""
    opened, mine = h.mono_ms(period.wall_ms), [message.row["after"]["id"] for message in paged[FIRST]]
    ends = [became[ident, GIVEN_UP] for ident in mine if (ident, GIVEN_UP) in became]
    if not any(became.get((ident, DONE), float("inf")) <= opened + LOST_MS for ident in mine):
        ends.append(opened + LOST_MS)
    return min(ends, default=float("inf"))


Became = dict[tuple[str, int], float]


def what_became(h: History) -> Became:
    """When (monotonic) a send came to a state first."""
    found: Became = {}
    for ident, rows in h.of_each("sends").items():
        for row in rows:
            found.setdefault((ident, row["after"]["state"]), h.mono_ms(row["wall_ms"]))
    return found


def check_i2_plan(h: History) -> None:
    """Each page of the plan was decided in time, unless somebody answered before."""
    decided = messages(h)
    for period in periods(h):
        for step in steps(h, period, of_period(period, decided.get(period.incident, []))):
            check_step(h, period, step)


def check_step(h: History, period: Period, step: Step) -> None:
    answered = h.mono_ms(period.answered_ms())
    until = min(step.message.at_ms(h) if step.message else h.quiet_ms, answered)
    what = f"I2: {step} about incident {period.incident}, which was due at {step.due_ms:.0f}"
    if until - step.due_ms > PROMPT_MS and not h.is_disturbed(step.due_ms, until):
        raise Failure(f"{what}, did not come for {(until - step.due_ms) / 1000:.1f} s, and nothing was disturbed")
    if not step.message and step.due_ms <= h.quiet_ms and answered == float("inf"):
        raise Failure(f"{what}, did not come, and nobody had answered")


def came_due(h: History) -> int:
    """How many pages after the first, of incidents that nobody had answered."""
    decided = messages(h)
    return sum(step.message is not None and step.due_ms > h.mono_ms(period.wall_ms) for period in periods(h)
               for step in steps(h, period, of_period(period, decided.get(period.incident, []))))


def check_i3_plan(h: History) -> None:
    """No page that the plan has not, none before its time, none that was decided after the answer that ends it."""
    decided, became = messages(h), what_became(h)
    for period in periods(h):
        check_opening(h, period)
        paged = of_period(period, decided.get(period.incident, []))
        for person, some in list(paged.items()):
            check_number(period, person, some)
            for message in some:
                check_unanswered(period, person, message, paged)
                check_recipient(person, message)
        for step in steps(h, period, paged):
            check_not_early(h, period, step, first_is_lost(h, period, paged, became))


def check_opening(h: History, period: Period) -> None:
    """Its plan begins when somebody tells that it fires, not before."""
    told = [row["t0"] for row in h.alarms if row["name"] == period.name and row["state"] == "firing"]
    if h.mono_ms(period.wall_ms) < min(told, default=float("-inf")) - EARLY_MS:
        raise Failure(f"I3: incident {period.incident} was opened before anybody told of {period.name}")


def check_number(period: Period, person: str, some: list[Message]) -> None:
    has = len(STEPS.get(person, ()))
    if len(some) > has:
        raise Failure(f"I3: {person} was paged {len(some)} times about incident {period.incident}; the plan does {has}"
                      " times")


def check_not_early(h: History, period: Period, step: Step, first_is_lost_ms: float) -> None:
    due = min(step.due_ms, first_is_lost_ms) if step.person == SECOND else step.due_ms
    if step.message and step.message.at_ms(h) < due - EARLY_MS:
        raise Failure(f"I3: {step} about incident {period.incident} came {due - step.message.at_ms(h):.0f} ms before its"
                      " time")


def check_unanswered(period: Period, person: str, message: Message, paged: Messages) -> None:
    """Who answers a page ends the plan and the pages to her; another one whom the plan has engaged is paged on."""
    for answer in period.answers:
        was_engaged = paged[person][0].row["no"] < answer.no
        if message.row["no"] > answer.no and not (answer.by not in ("", person) and was_engaged):
            raise Failure(f"I3: {person} was paged (send {message.row['after']['id']}) after incident"
                          f" {period.incident} was answered by {answer.by or 'somebody for all'}")


def check_recipient(person: str, message: Message) -> None:
    for mail in message.mails:
        if mail["to"] != [f"{person}@example.com"]:
            raise Failure(f"I3: a page of {person} (send {message.row['after']['id']}) went to {mail['to']}")


# -- answered --------------------------------------------------------------------------------------------------------


def check_i3_not_after_an_answer(h: History) -> None:
    """No mail that was begun 2 s after its incident was answered; but a person whose page was decided before another one answered hers
    may be reached after that."""
    sent = messages(h)
    for period in periods(h):
        for message in sent.get(period.incident, []):
            for answer in period.answers:
                check_silence(h, message, answer, h.mono_ms(period.until_ms))


def check_silence(h: History, message: Message, answer: Answer, until: float) -> None:
    row = message.row["after"]
    if answer.by not in ("", row["contact"]) and message.row["no"] < answer.no:
        return
    for mail in message.mails:
        late = mail["begun_ms"] - h.mono_ms(answer.wall_ms)
        if late > AFTER_ACK_MS and mail["t_ms"] < until:
            raise Failure(f"I3: {mail['subject']} (send {row['id']}) was begun {late:.0f} ms after its incident was"
                          " answered")


# -- once ------------------------------------------------------------------------------------------------------------


class Claim(typing.NamedTuple):
    """A message in the hand of an epoch, from the commit that says so until the one that says what became of it."""
    epoch: int
    begin_ms: float
    end_ms: float
    became: int  # the state after it


def claims(h: History, writes: list[Row]) -> list[Claim]:
    found: list[Claim] = []
    for row in writes:
        before, after, at = row["before"] or {}, row["after"], h.mono_ms(row["wall_ms"])
        was_claimed = before.get("state") == IN_FLIGHT
        is_claimed = after["state"] == IN_FLIGHT and (not was_claimed or before["epoch"] != after["epoch"])
        if found and was_claimed and (is_claimed or after["state"] != IN_FLIGHT):
            found[-1] = found[-1]._replace(end_ms=at, became=after["state"])
        if is_claimed:
            found.append(Claim(after["epoch"], at, float("inf"), IN_FLIGHT))
    return found


def check_i3_once(h: History) -> None:
    """A message arrives at most once for each time it was taken in hand. It is taken in hand again only when its holder has
    ended (check_i6_one_writer_an_epoch), or could not know whether it had arrived."""
    mails = h.mails_of_sends()
    for ident, writes in h.of_each("sends").items():
        taken, arrived = claims(h, writes), mails.get(ident, [])
        for claim in taken:
            check_put_back(h, ident, claim, arrived)
        check_arrivals(ident, taken, arrived)


def check_put_back(h: History, ident: str, claim: Claim, mails: list[Row]) -> None:
    """One that was cut off before it had the text, or the answer, may have been: a machine that is busy can do that to a
    lease, but not within a second of a commit."""
    came = [mail for mail in mails if claim.begin_ms - EARLY_MS <= mail["t_ms"] <= claim.end_ms]
    is_known = any(mail["fault"] != ANSWER_LOST for mail in came) and claim.end_ms - claim.begin_ms < CUT_OFF_MS
    if claim.became in (PENDING, GIVEN_UP) and is_known and not h.is_disturbed(claim.begin_ms, claim.end_ms):
        how = "given up" if claim.became == GIVEN_UP else "to be sent again"
        raise Failure(f"I3: send {ident} was {how} by epoch {claim.epoch}: its mail was answered, and nothing was disturbed")


def check_arrivals(ident: str, taken: list[Claim], mails: list[Row]) -> None:
    """Between one claim and the next one mail: what a former holder sends then is not its to send any more."""
    begins = [claim.begin_ms - EARLY_MS for claim in taken]
    for mail in mails:
        if not begins or mail["t_ms"] < begins[0]:
            raise Failure(f"I3: send {ident} ({mail['subject']}) arrived before anybody had it in hand")
    for begin, end in zip(begins, [*begins[1:], float("inf")]):
        came = [mail for mail in mails if begin <= mail["t_ms"] < end]
        if len(came) > 1:
            raise Failure(f"I3: send {ident} ({came[0]['subject']}) arrived {len(came)} times while one had it in hand, and"
                          f" {len(mails)} times in all; {len(taken)} had it")
