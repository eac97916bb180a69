"""examples/cluster by hand: its configuration, its haproxy.cfg, two nodes on PostgreSQL; one of them is killed, the
other one stopped, and senders go on."""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import typing
import unittest
import unittest.mock
from http.client import HTTPConnection

import yaml
from harness import ROOT, Failure, Process, Sandbox, Tocsin, World, eventually, free_port, http, postgres
from worlds import Config, alert, fresh, group

CLUSTER = ROOT / "examples/cluster"
SECRETS = {name: f"{name}-0123456789abcdef0123456789abcdef" for name in ("database", "api-token", "alertmanager-token",
                                                                          "mail-password")}
NOT_OURS = 70  # the exit status of a node that was taken for dead
LEFT_OUT_S = 8.0  # how long senders may be turned away once a node is gone


class Files(unittest.TestCase):
    """What can be said of the files without running them."""

    compose = yaml.safe_load((CLUSTER / "compose.yaml").read_text())

    def test_the_network_of_the_balancer_is_trusted(self) -> None:
        subnets = [part["subnet"] for part in self.compose["networks"]["default"]["ipam"]["config"]]
        self.assertEqual(subnets, json.loads((CLUSTER / "tocsin.json").read_text())["trusted_proxies"])
        self.assertIn("option forwardfor\n", (CLUSTER / "haproxy.cfg").read_text())

    def test_every_file_that_is_mounted_is_there(self) -> None:
        for service in self.compose["services"].values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                self.assertTrue(source in self.compose["volumes"] or (CLUSTER / source).is_file(), source)
        build = self.compose["services"]["a"]["build"]
        self.assertTrue((CLUSTER / build["context"] / build["dockerfile"]).is_file())

    def test_secrets_are_those_that_the_configuration_names(self) -> None:
        text = (CLUSTER / "tocsin.json").read_text()
        self.assertEqual(set(SECRETS), set(self.compose["secrets"]))
        for name in SECRETS:
            self.assertIn(f'"/run/secrets/{name}"', text)
        for node in ("a", "b"):
            self.assertEqual(set(SECRETS), set(self.compose["services"][node]["secrets"]))

    def test_nodes_differ_in_their_name_and_their_data_alone(self) -> None:
        nodes = {name: dict(self.compose["services"][name]) for name in ("a", "b")}
        self.assertEqual(["a", "b"], [node.pop("hostname") for node in nodes.values()])
        for name, node in nodes.items():
            self.assertEqual(["./tocsin.json:/etc/tocsin/tocsin.json:ro", f"{name}:/var/lib/tocsin"], node.pop("volumes"))
        self.assertEqual(nodes["a"], nodes["b"])
        self.assertNotIn('"node"', (CLUSTER / "tocsin.json").read_text())

    def test_the_role_of_the_nodes_is_not_the_superuser(self) -> None:
        database = self.compose["services"]["db"]
        self.assertEqual("postgres", database["environment"]["POSTGRES_USER"])
        self.assertIn("./database.sql:/docker-entrypoint-initdb.d/database.sql:ro", database["volumes"])
        self.assertIn("postgresql://tocsin@", (CLUSTER / "tocsin.json").read_text())

    def test_the_image_has_what_its_lists_name(self) -> None:
        text = (CLUSTER / "Dockerfile").read_text()
        for line in text.splitlines():
            if line.startswith("COPY tests/"):
                for name in line.split()[1:-1]:
                    self.assertTrue((ROOT / name).is_file(), name)


def localized(folder: pathlib.Path) -> Config:
    """The example's configuration with its secrets in the folder."""
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    for name, value in SECRETS.items():
        (secrets / name).write_text(value)
        (secrets / name).chmod(0o600)
    config: Config = json.loads((CLUSTER / "tocsin.json").read_text().replace("/run/secrets", str(secrets)))
    return config


class Database(postgres.Server):
    """As compose makes it: its role and database are database.sql's, and the role has to show its password."""

    def init(self) -> None:
        super().init()
        rules = self.data / "pg_hba.conf"
        rules.write_text("local all tocsin scram-sha-256\n" + rules.read_text())

    def create(self) -> None:
        script = self.folder / "database.sql"
        script.write_text((CLUSTER / "database.sql").read_text())
        with unittest.mock.patch.dict(os.environ, {"POSTGRES_PASSWORD": SECRETS["database"]}):
            self.tool(*self.client("postgres"), "-f", str(script))


@unittest.skipUnless(shutil.which("haproxy"), "haproxy is not installed; apt-get install haproxy")
@unittest.skipUnless(postgres.binaries(), "PostgreSQL is not installed")
class Cluster(unittest.TestCase):
    world: World
    box: Sandbox
    nodes: list[Tocsin]
    url: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World("postgres", Database()))
        cls.box = cls.world.sandbox()
        cls.nodes = [cls.start_node(name) for name in ("a", "b")]
        cls.url = cls.start_balancer()

    @classmethod
    def start_node(cls, name: str) -> Tocsin:
        """Where two nodes share a host each must be given its name."""
        folder = cls.world.folder / name
        folder.mkdir()
        config = localized(folder) | {"node": name, "trusted_proxies": ["127.0.0.1"]}
        config["connectors"]["mail"] |= {"url": cls.box.urls["smtp"], "allow": ["localhost"]}
        for member in ("user", "password"):
            del config["connectors"]["mail"][member]
        store = {"url": cls.database().url(), "password": config["store"]["password"]}
        return cls.world.tocsin(config, {}, folder=folder, store=store)

    @classmethod
    def database(cls) -> Database:
        return typing.cast(Database, cls.world.database)

    @classmethod
    def start_balancer(cls) -> str:
        port = free_port()
        env = {"LISTEN": f"127.0.0.1:{port}", "NODE_A": f"127.0.0.1:{cls.nodes[0].port}",
               "NODE_B": f"127.0.0.1:{cls.nodes[1].port}"}
        file = str(CLUSTER / "haproxy.cfg")
        done = subprocess.run(["haproxy", "-c", "-f", file], env={**os.environ, **env}, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        cls.world.processes.append(Balancer(["haproxy", "-db", "-f", file], cls.world.folder / "haproxy.log", env))
        url = f"http://127.0.0.1:{port}"
        eventually("the balancer has a node", lambda: http("GET", url + "/readyz").status == 200)
        return url

    def send(self, name: str) -> str:
        """As a sender does, until it is accepted; the incident."""
        def accepted() -> str:
            answer = http("POST", self.url + "/sources/prometheus", group(name, alert(name, "a")),
                          {"Authorization": f"Bearer {SECRETS['alertmanager-token']}"}, timeout=5)
            if answer.status not in (200, 202):
                raise Failure(f"{answer.status} {answer.body!r}")
            return str(answer.json()["incidents"][0])
        return str(eventually(f"{name} is accepted", accepted, LEFT_OUT_S))

    def paged_once(self, names: list[str]) -> None:
        """One mail each: all were sent after the node was gone, which had none of them in flight."""
        for name in names:
            eventually(f"mail about {name}", lambda name=name: self.box.mails(name))
        self.not_paged_twice(names)

    def not_paged_twice(self, names: list[str]) -> None:
        self.assertEqual({name: 1 for name in names}, {name: len(self.box.mails(name)) for name in names})

    def both_are_in(self) -> None:
        """Each node has been asked by the balancer and found ready: it serves both."""
        def seen() -> bool:
            self.supervise()
            before = [self.served(node) for node in self.nodes]
            for _ in range(4):
                self.send(fresh("probe"))
            return all(self.served(node) > n for node, n in zip(self.nodes, before))
        eventually("both nodes serve", seen, 30)

    def supervise(self) -> None:
        """Starts again what was taken for dead, as compose does."""
        for node in self.nodes:
            if node.child.poll() is not None:
                self.assertEqual(NOT_OURS, node.child.returncode, node.tail())
                node.kill()
                node.start()

    @staticmethod
    def served(node: Tocsin) -> int:
        lines = http("GET", node.url + "/metrics").body.decode().splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith("tocsin_deliveries_total"))

    def test_a_node_is_killed(self) -> None:
        self.both_are_in()
        self.nodes[0].kill(signal.SIGKILL)
        names = [fresh("killed") for _ in range(10)]
        for name in names:
            self.send(name)
        self.paged_once(names)
        self.nodes[0].start()
        self.both_are_in()
        self.not_paged_twice(names)

    def test_a_node_stands_still(self) -> None:
        self.both_are_in()
        self.nodes[1].child.send_signal(signal.SIGSTOP)
        names = [fresh("still") for _ in range(10)]
        for name in names:
            self.send(name)
        self.paged_once(names)
        self.nodes[1].child.send_signal(signal.SIGCONT)
        self.both_are_in()
        self.not_paged_twice(names)

    def test_the_database_keeps_accounts_apart(self) -> None:
        rights = self.database().psql("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = 'tocsin'")
        self.assertEqual("f|f|f", rights)
        for node in self.nodes:
            self.assertNotIn("BYPASSRLS", node.log.read_text())
        self.assertEqual("t", self.database().psql("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'postgres'"))

    def test_the_api_is_the_same_on_both(self) -> None:
        self.both_are_in()
        ident = self.send(fresh("api"))
        for node in self.nodes:
            answer = http("GET", f"{node.url}/v1/incidents/{ident}", headers={
                "Authorization": f"Bearer {SECRETS['api-token']}"})
            self.assertEqual(200, answer.status)


    def test_senders_are_told_apart(self) -> None:
        self.both_are_in()
        host, port = self.url.removeprefix("http://").split(":")
        for sender in ("127.0.0.7", "127.0.0.8"):
            body = json.dumps({"nonsense": fresh("from"), "of": sender})
            with contextlib.closing(HTTPConnection(host, int(port), timeout=10, source_address=(sender, 0))) as link:
                link.request("POST", "/sources/prometheus", body, {
                    "Authorization": f"Bearer {SECRETS['alertmanager-token']}", "X-Forwarded-For": "192.0.2.99"})
                answer = link.getresponse()
                self.assertEqual((202, True), (answer.status, bool(answer.read())))
        rows = http("GET", self.nodes[0].url + "/v1/quarantine", headers={
            "Authorization": f"Bearer {SECRETS['api-token']}"}).json()["items"]
        self.assertEqual({"127.0.0.7", "127.0.0.8"}, {row["peer"] for row in rows})


class Balancer(Process):
    def end(self) -> str:
        self.kill(signal.SIGTERM)
        return ""


if __name__ == "__main__":
    unittest.main()
