"""Links whose rates differ and change: what each source of a download can send, and what all of them could have carried.

A Plan is a round of phases, repeated until it is ended; a phase says how long it lasts and the rate of each source, in
Mbit/s, where 0 is a cable that is out (Network.set_links). It notes when it changed what, so the bound counts the
capacity that there was, not the one that was meant. The bound is at nominal rates: nobody who speaks TCP over Ethernet
gets below 1.046 of it.
"""
import math
import re
import threading
import time


def parse_rates(text):
    """"100,1x7" is 100 and seven of 1."""
    rates = []
    for part in text.split(","):
        rate, _, count = part.partition("x")
        rates += [float(rate)] * int(count or 1)
    return rates


class Plan:
    def __init__(self, phases):
        self.phases = phases
        self.nominal = [max(rates) for rates in zip(*(rates for _, rates in phases))]
        self.changes = []  # (monotonic time, Mbit/s of all links together)
        self._ended = threading.Event()
        self._thread = None

    def start(self, network, hosts):
        """From now on; `hosts` have the nominal rates and their cables in."""
        self._network, self._hosts = network, hosts
        self._now = list(self.nominal)
        self._begun = time.monotonic()
        self._apply(self.phases[0][1])
        if len(self.phases) > 1:
            self._thread = threading.Thread(target=self._run)
            self._thread.start()

    def end(self):
        self._ended.set()
        if self._thread:
            self._thread.join()

    def _run(self):
        due, number = self._begun, 0
        while True:
            due += self.phases[number % len(self.phases)][0]
            number += 1
            if self._ended.wait(max(0.0, due - time.monotonic())):
                return
            self._apply(self.phases[number % len(self.phases)][1])

    def _apply(self, rates):
        changed = [(host, before, rate) for host, before, rate in zip(self._hosts, self._now, rates) if before != rate]
        # Cables go in before others come out: a moment with all of them is in favour of nobody, one with none is not.
        for up in (True, False):
            moved = [host for host, before, rate in changed if (rate > 0 if up else rate == 0) and 0 in (before, rate)]
            if moved:
                self._network.set_links(moved, up)
        for host, _, rate in changed:
            if rate > 0 and rate != host.up:
                host.set_rate(up=rate)
        self._now = list(rates)
        self.changes.append((time.monotonic(), sum(rates)))

    def bound_seconds(self, size, since):
        """How long the links needed for it from `since` on; what they had at last goes on for ever."""
        missing = size * 8 / 1e6
        ends = [at for at, _ in self.changes[1:]] + [math.inf]
        for (begin, mbit), end in zip(self.changes, ends):
            begin = max(begin, since)
            if end > begin and mbit > 0:
                if missing <= mbit * (end - begin):
                    return begin + missing / mbit - since
                missing -= mbit * (end - begin)
        return math.inf


def steady(rates):
    return Plan([(math.inf, rates)])


def flapping(rates, pattern="A2,B2"):
    """"A2,-2,B2,-2": the cable of source A is out for 2 s, then all are in for 2 s, then B's is out, and so on."""
    phases = []
    for word in pattern.split(","):
        out, seconds = re.fullmatch(r"([A-Z]+|-)([\d.]+)", word).groups()
        if out != "-" and any(ord(letter) - ord("A") >= len(rates) for letter in out):
            raise ValueError(f"'{word}' names a source that is not there: there are {len(rates)}")
        phases.append((float(seconds), [0 if chr(ord("A") + i) in out else rate for i, rate in enumerate(rates)]))
    return Plan(phases)


def swapping(rates, seconds):
    """Every `seconds`, each source takes the rate of the one before it."""
    return Plan([(seconds, rates[turn:] + rates[:turn]) for turn in range(len(rates))])
