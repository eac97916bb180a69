"""The sandbox's page: the mails and the tickets, and a form to act as a person at the vendor."""
from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from vendor import Ticket

NAMES = {"servicenow": "ServiceNow", "jira": "Jira", "pagerduty": "PagerDuty"}
SHOWN_MAILS, SHOWN_TICKETS = 50, 100

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
       color: #1b1f24; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
article { border: 1px solid #c8d1dc; border-radius: 6px; padding: .75rem 1rem; margin: .75rem 0; }
article h3 { font-size: 1rem; margin: 0; }
.state { display: inline-block; border-radius: 4px; padding: 0 .5rem; margin-left: .5rem; }
.OPEN { background: #ffe0dc; color: #7a1208; } .ACKED { background: #fff2cc; color: #5c4400; }
.RESOLVED { background: #d9f2df; color: #0f5323; }
.meta { color: #57606a; margin: .25rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f8fa; padding: .5rem; }
form { display: inline-block; margin: .25rem 1rem .25rem 0; }
input, select, button { font: inherit; padding: .15rem .4rem; }
"""


def _link(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        return escape(url)
    return f'<a href="{escape(url)}" rel="noreferrer">{escape(url)}</a>'


def _status_form(ticket: Ticket, place: str) -> str:
    if not ticket.choices:
        return ""
    options = "".join(f"<option{' selected' if name == ticket.status else ''}>{escape(name)}</option>"
                      for name in ticket.choices)
    return (f'<form method="post" action="{place}/status"><label>Status '
            f'<select name="status">{options}</select></label> <button>Change</button></form>')


def _note_form(place: str) -> str:
    return (f'<form method="post" action="{place}/note"><label>Note <input name="text" required '
            'maxlength="500"></label> <button>Add</button></form>')


def _ticket(ticket: Ticket) -> str:
    place = f"/tickets/{quote(ticket.vendor)}/{quote(ticket.id)}"
    comments = "".join(f"<li><b>{escape(c.author)}</b> <span class=meta>{escape(c.at)}</span>"
                       f"<pre>{escape(c.text)}</pre></li>" for c in ticket.comments)
    return (f'<article id="{escape(ticket.vendor)}-{escape(ticket.id)}"><h3>'
            f"{NAMES[ticket.vendor]} {escape(ticket.key)}: {escape(ticket.title)}"
            f'<span class="state {ticket.status_class}">{escape(ticket.status)}</span></h3>'
            f'<p class="meta">{escape(ticket.marker)}</p>'
            + (f"<ul>{comments}</ul>" if comments else "")
            + _status_form(ticket, place) + _note_form(place) + "</article>")


def _mail(mail: dict[str, Any]) -> str:
    links = "".join(f"<li>{_link(url)}</li>" for url in mail["links"])
    return (f'<article><h3>{escape(mail["subject"])}</h3><p class="meta">from '
            f'{escape(mail["from"])} to {escape(", ".join(mail["to"]))}</p>'
            f'<pre>{escape(mail["text"])}</pre>' + (f"<ul>{links}</ul>" if links else "")
            + "</article>")


def render_page(tickets: list[Ticket], mails: list[dict[str, Any]]) -> str:
    """Newest first; everything that came from outside is escaped."""
    shown = "".join(map(_ticket, tickets[::-1][:SHOWN_TICKETS])) or "<p>No ticket yet.</p>"
    box = "".join(map(_mail, mails[::-1][:SHOWN_MAILS])) or "<p>No mail yet.</p>"
    return ('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta http-equiv="refresh" content="5">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Tocsin sandbox</title><style>{STYLE}</style></head><body>"
            "<h1>Tocsin sandbox</h1><p>What ServiceNow, Jira, PagerDuty and the mail box hold. "
            "A change here is a change by a person at the vendor.</p>"
            f"<h2>Tickets ({len(tickets)})</h2>{shown}<h2>Mails ({len(mails)})</h2>{box}"
            "</body></html>")
