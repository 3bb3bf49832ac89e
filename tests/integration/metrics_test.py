"""What Prometheus sees of a swarm, and whether it is what the peers say."""
import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import unittest
import urllib.parse
import urllib.request

from harness import SwarmTest, wait_for

MIB = 1 << 20
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def fetch(port, accept=""):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics", headers={"Accept": accept} if accept else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def ask(port, query):
    """What a Prometheus answers; None as long as it has nothing."""
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found = json.load(answer)["data"]["result"]
    except OSError:
        return None
    return float(found[0]["value"][1]) if found else None


class MetricsTest(SwarmTest):
    in_memory = True

    def swarm(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        leecher = self.peer("leecher", tracker)
        seeder.add(self.file("data/one.bin", 20 * MIB))
        self.wait_listed(leecher, "one.bin")
        leecher.ok("download", "one.bin")
        return tracker, seeder, leecher

    def test_both_formats(self):
        for node in self.swarm():
            answer, text = fetch(node.port)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            self.assertIn("# TYPE process_cpu_seconds_total counter\n", text)
            answer, text = fetch(node.port, OPENMETRICS)
            self.assertTrue(answer.headers["Content-Type"].startswith(OPENMETRICS))
            self.assertIn("# UNIT process_cpu_seconds seconds\n", text)
            self.assertTrue(text.endswith("# EOF\n"))

    def test_the_dashboard_asks_for_what_there_is(self):
        there = "".join(fetch(node.port)[1] for node in self.swarm())
        dashboard = (pathlib.Path(__file__).resolve().parents[2] / "docs/grafana.json").read_text()
        asked = set(re.findall(r"\b(?:shoal|process)_\w+", " ".join(
            target["expr"] for panel in json.loads(dashboard)["panels"] for target in panel["targets"])))
        self.assertGreater(len(asked), 8)
        self.assertEqual([name for name in asked if f"# TYPE {name} " not in there], [])

    @unittest.skipIf(shutil.which("promtool") is None, "needs promtool")
    def test_promtool_finds_nothing(self):
        for node in self.swarm():
            done = subprocess.run(["promtool", "check", "metrics"], input=fetch(node.port)[1], text=True,
                                  capture_output=True)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def prometheus(self, config):
        """Its port. It cannot choose a free one itself, and another program may take the one that was free."""
        for attempt in range(5):
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                port = one.getsockname()[1]
            log = self.directory / f"prometheus{attempt}.out"
            with open(log, "wb") as out:
                running = subprocess.Popen(
                    ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory}/tsdb{attempt}",
                     f"--web.listen-address=127.0.0.1:{port}"], stdout=out, stderr=out)
            self.addCleanup(running.wait)
            self.addCleanup(running.kill)
            wait_for(lambda: running.poll() is not None or b"ready to receive" in log.read_bytes(), "prometheus begins")
            if running.poll() is None:
                return port
        self.fail(log.read_text())

    @unittest.skipIf(shutil.which("prometheus") is None, "needs prometheus")
    def test_prometheus_counts_what_the_peers_count(self):
        tracker, seeder, leecher = self.swarm()
        targets = [f"127.0.0.1:{node.port}" for node in (tracker, seeder, leecher)]
        config = self.directory / "prometheus.yml"
        config.write_text(json.dumps({"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"}, "scrape_configs": [
            {"job_name": "shoal", "static_configs": [{"targets": targets}]}]}))
        port = self.prometheus(config)

        wait_for(lambda: ask(port, "sum(up)") == 3, "all three are scraped")
        for query, member in (("sum(shoal_sent_bytes_total)", "bytes_uploaded"),
                              ("sum(shoal_received_bytes_total)", "bytes_downloaded")):
            said = sum(peer.json("status")[member] for peer in (seeder, leecher))
            self.assertGreaterEqual(said, 20 * MIB)
            wait_for(lambda: ask(port, query) == said, f"{query} is {said}")
        wait_for(lambda: ask(port, "shoal_tracker_peers") == 2, "the tracker counts its peers")
        wait_for(lambda: ask(port, "shoal_tracker_shares") == 1, "the tracker counts the shares")
        wait_for(lambda: ask(port, 'sum(shoal_downloads{phase="complete"})') == 1, "the download is counted")

    @unittest.skipIf(shutil.which("prometheus") is None, "needs prometheus")
    def test_prometheus_scrapes_a_private_swarm(self):
        peer = self.peer("private", None, "--key", self.key("swarm.key"))
        config = self.directory / "prometheus.yml"
        config.write_text(json.dumps({"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"}, "scrape_configs": [
            {"job_name": "shoal", "scheme": "https", "tls_config": {"ca_file": str(peer.state / "https.crt")},
             "authorization": {"credentials_file": str(peer.state / "token")},
             "static_configs": [{"targets": [f"127.0.0.1:{peer.port}"]}]}]}))
        port = self.prometheus(config)
        wait_for(lambda: ask(port, "sum(up)") == 1, "the peer is scraped")
        wait_for(lambda: ask(port, "count(shoal_build_info)") == 1, "its metrics have come")


if __name__ == "__main__":
    unittest.main()
