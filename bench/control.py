"""The control socket of a peer (docs/CONTROL.md), kept open so that many peers can be told something at one moment."""
import json
import selectors
import socket
import time


class Control:
    """One connection; `answered` is the time (time.monotonic()) when the last result came."""

    def __init__(self, peer):
        self.peer = peer
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(peer.state / "control.sock"))
        self.answered = None
        self._rest = b""

    def close(self):
        self.socket.close()

    def send(self, method, **params):
        line = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.socket.sendall(json.dumps(line).encode() + b"\n")

    def poll(self):
        """Reads what is there; the result if it came. Progress is skipped."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise RuntimeError(f"{self.peer.name} ended: {self.peer.text()[-2000:]}")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "error" in message:
                raise RuntimeError(f"{self.peer.name}: {message['error']['message']}")
            if "result" in message:
                self.answered = time.monotonic()
                return message["result"]
        return None

    def call(self, method, **params):
        self.send(method, **params)
        while (result := self.poll()) is None:
            pass
        return result


def results(controls, seconds):
    """Waits for a result on each; {control: result}."""
    end = time.monotonic() + seconds
    found = {}
    with selectors.DefaultSelector() as selector:
        for control in controls:
            selector.register(control.socket, selectors.EVENT_READ, control)
        while len(found) < len(controls):
            for key, _ in selector.select(max(0, end - time.monotonic())):
                if (result := key.data.poll()) is not None:
                    found[key.data] = result
                    selector.unregister(key.fileobj)
            if time.monotonic() > end:
                late = [control.peer.name for control in controls if control not in found]
                raise TimeoutError(f"no result after {seconds} s: {late}")
    return found
