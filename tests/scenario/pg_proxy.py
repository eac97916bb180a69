"""A network between nodes and database servers that fails when told to: each node reaches each server by a port of its
own, and its connections are cut, cut at a commit, swallowed, or held up."""
from __future__ import annotations

import asyncio
import pathlib
import socket
import struct
import threading
import typing

from harness import postgres

CHUNK = 65536
COMMIT = b"COMMIT"
LATE_S = 0.05
# What becomes of the commit at which a connection is cut.
ANSWER_LOST, NEVER_THERE, THERE_LATE = "its answer is lost", "it never arrives", "it arrives late"


def reset_at_close(writer: asyncio.StreamWriter) -> None:
    made = writer.get_extra_info("socket")
    if made.family in (socket.AF_INET, socket.AF_INET6):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Link:
    """All connections of one node. What is set here is looked at for each piece that passes."""

    def __init__(self) -> None:
        self.connections: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter | None]] = set()
        self.is_hole = False
        self.delay_s = 0.0
        self.at_commit = ""  # how the next commit is cut; "" for not
        self.cuts = 0

    def drop(self) -> None:
        """RST to both ends."""
        for pair in list(self.connections):
            self.cuts += 1
            for writer in pair:
                if writer:
                    writer.transport.abort()
        self.connections.clear()

    async def serve(self, path: pathlib.Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reset_at_close(writer)
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter | None] = (writer, None)
        self.connections.add(pair)
        try:
            if self.is_hole:
                await self.swallow(reader)
                return
            answers, server = await asyncio.open_unix_connection(path)
            self.connections.discard(pair)
            pair = (writer, server)
            self.connections.add(pair)
            both = [asyncio.ensure_future(self.pump(reader, server)), asyncio.ensure_future(self.pump(answers, writer))]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        except OSError:
            pass  # no such server now
        finally:
            self.connections.discard(pair)
            for end in pair:
                if end:
                    end.transport.abort()

    async def swallow(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(CHUNK):
            pass

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(CHUNK):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.is_hole:
                await self.swallow(reader)  # what came after a hole would be no stream any more
                return
            if self.at_commit and COMMIT in piece:
                await self.cut_commit(piece, writer)
                return
            writer.write(piece)
            await writer.drain()

    async def cut_commit(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        how, self.at_commit = self.at_commit, ""
        if how == THERE_LATE:
            for client, server in self.connections:
                if server is writer:
                    client.transport.abort()
            await asyncio.sleep(LATE_S)
        if how != NEVER_THERE:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(LATE_S)
        self.drop()


class Network:
    """Works in a thread from the with block's begin to its end; `folders` are the servers'."""

    def __init__(self, nodes: int, folders: typing.Sequence[pathlib.Path]) -> None:
        self.loop = asyncio.new_event_loop()
        self.links = [Link() for _ in range(nodes)]
        self.folders = folders
        self.ports: list[list[int]] = []
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> "Network":
        self.thread.start()
        self.call(self.listen())
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def call(self, work: typing.Coroutine[typing.Any, typing.Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def listen(self) -> None:
        self.servers: list[asyncio.Server] = []
        for link in self.links:
            self.ports.append([])
            for folder in self.folders:
                def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link = link,
                          path: pathlib.Path = folder / ".s.PGSQL.5432") -> typing.Awaitable[None]:
                    return link.serve(path, reader, writer)
                server = await asyncio.start_server(serve, "127.0.0.1", 0)
                self.servers.append(server)
                self.ports[-1].append(server.sockets[0].getsockname()[1])

    async def end(self) -> None:
        for server in self.servers:
            server.close()
        for link in self.links:
            link.drop()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=10)

    def url(self, node: int) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports[node])
        return f"postgresql://{postgres.ROLE}@{hosts}/tocsin"

    # -- what happens to a node's connections ------------------------------------------------------------------------

    def cut(self, node: int) -> None:
        async def work() -> None:
            self.links[node].drop()
        self.call(work())

    def cut_at_commit(self, node: int, how: str) -> None:
        self.links[node].at_commit = how

    def hole(self, node: int, is_on: bool) -> None:
        """While it is on, what either side sends is swallowed; what was swallowed from is cut at its end."""
        async def work() -> None:
            self.links[node].is_hole = is_on
            if not is_on:
                self.links[node].drop()
        self.call(work())

    def delay(self, node: int, seconds: float) -> None:
        """Of each piece in each direction; 0 ends it."""
        self.links[node].delay_s = seconds
