"""The base of the upstreams in tests: one thread per connection."""

import socket
import threading


class ThreadServer:
    """Listens on a free port; derived classes implement `talk`."""

    def __init__(self):
        self.connections = 0  # accepted so far
        self.errors = []      # errors of the test in these threads
        self._lock = threading.Lock()
        self._open = set()

    def talk(self, peer):
        """Serves one connection, which is closed afterwards; OSError is a usual end."""
        raise NotImplementedError

    def _listen(self, port=0):
        self._accept_at(socket.create_server(("127.0.0.1", port), backlog=512))
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def _accept_at(self, listener):
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(accepted)
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        try:
            self.talk(accepted)
        except OSError:
            pass  # the test notices it at the other end
        except Exception as error:  # reported by the test's clean-up
            self.errors.append(error)
        finally:
            with self._lock:
                self._open.discard(accepted)
            accepted.close()

    def _still_open(self):
        with self._lock:
            return list(self._open)

    @property
    def open_connections(self):
        return len(self._still_open())

    def close(self):
        """Closes the listener and aborts every connection, as when a process is killed."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        except OSError:
            pass
        self._listener.close()
        for peer in self._still_open():
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
