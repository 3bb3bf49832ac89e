"""What the attacks of tools/attack share: whom they attack, who is honest beside them, and how they come in crowds."""
import multiprocessing
import socket
import threading
import time


class Victim:
    """The node that is attacked, and how long an attack lasts."""

    def __init__(self, options):
        host, _, port = options.target.rpartition(":")
        self.host, self.port = host.strip("[]"), int(port)
        self.seconds, self.pid, self.addresses = options.seconds, options.pid, options.sources or [None]
        self.ends = 0.0

    def goes_on(self):
        return time.monotonic() < self.ends


class Witness:
    """Somebody honest beside the attacks, who counts what is done. In a process of its own, which the attackers do not
    slow down more than the machine does."""

    def __init__(self, target):
        self.target, self.count = target, multiprocessing.Value("Q", 0)
        self.process = multiprocessing.Process(target=self._run, daemon=True)
        self.process.start()

    @property
    def done(self):
        return self.count.value

    def _run(self):
        raise NotImplementedError


def keeper(attacks):
    """A decorator that keeps an attack under its name, with what it is."""
    def attack(what):
        def keep(function):
            attacks[function.__name__.replace("_", "-")] = (function, what)
            return function
        return keep
    return attack


def crowd(target, count, run):
    """Runs `run(number)` in threads, again and again until the attack is over."""
    def one(number):
        while target.goes_on():
            try:
                run(number)
            except OSError:
                time.sleep(0.05)
    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, target.ends - time.monotonic()) + 6)


def hold(target, count, say, drip=None):
    """Connections that say little and stay. `drip`: what each says once a second, a part at a time."""
    held = []
    for number in range(count):
        if not target.goes_on():
            break
        try:
            one = socket.create_connection((target.host, target.port), timeout=5,
                                           source_address=(target.addresses[number % len(target.addresses)] or "", 0))
            one.sendall(say())
            held.append(one)
        except OSError:
            pass
    while target.goes_on():
        time.sleep(0.5)
        for one in held if drip else ():
            try:
                one.send(drip())
            except OSError:
                pass
    for one in held:
        one.close()
