"""weir changes to the configured user if started as root; otherwise it runs without root."""

import os
import signal
import stat
import tempfile
import unittest
from pathlib import Path

import poll
from integration_case import LOG, gateway
from privileges_case import HARDENED, PrivilegesCase

HELLO = '[[route]]\nname = "all"\nrespond.body = "hello"\n'
AS_NOBODY = 'user = "nobody"\n' + gateway(HELLO)
LISTENER = '[[listener]]\nname = "{}"\naddress = "{}"\n'
LOW, ANOTHER = (f"0.0.0.0:{port}" for port in (80, 81))  # in weir's own network namespace


class BecomesTheUser(PrivilegesCase):
    def assert_is_nobody(self, weir):
        user, group = self.nobody.pw_uid, self.nobody.pw_gid
        threads = self.threads(weir)
        self.assertGreater(len(threads), 2)
        for status in threads:
            with self.subTest(status["Name"]):
                self.assertEqual(status["Uid"].split(), [str(user)] * 4)
                self.assertEqual(status["Gid"].split(), [str(group)] * 4)
                self.assertEqual(status["Groups"].split(), [str(group)])
                for rights in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                    self.assertEqual(int(status[rights], 16), 0, rights)

    def test_all_threads_give_up_root_and_every_capability(self):
        weir = self.prepared(AS_NOBODY + LOG).start()
        weir.wait_for_line(' info running as user "nobody"')
        self.assert_is_nobody(weir)
        self.assertEqual(self.get(weir).body, b"hello")
        log = weir.folder / "access.log"
        poll.until(lambda: log.exists(), "the access log")
        self.assertEqual(log.stat().st_uid, self.nobody.pw_uid)
        self.assertEqual([line for line in weir.output if " warning " in line], [])

    def test_another_user_takes_a_restart(self):
        weir = self.prepared(AS_NOBODY).start()
        weir.file.write_text(AS_NOBODY.replace("nobody", "daemon"), encoding="utf-8")
        weir.wait_for_line("user takes effect after a restart")
        self.assert_is_nobody(weir)

    def test_a_number_does_as_well(self):
        weir = self.prepared(AS_NOBODY.replace("nobody", str(self.nobody.pw_uid))).start()
        self.assert_is_nobody(weir)

    def test_it_reloads_and_a_listener_may_change_its_name_at_the_same_address(self):
        weir = self.prepared(AS_NOBODY).start()
        address = weir.address()
        weir.file.write_text(AS_NOBODY.replace("127.0.0.1:0\"\nreason", f"{address}\"\nreason")
                             .replace('"public"', '"renamed"').replace("hello", "again"),
                             encoding="utf-8")
        weir.wait_for_line("configuration applied")
        self.assertEqual(self.client(address).request("/").body, b"again")

    def test_what_only_root_may_bind_is_bound_before_and_refused_after(self):
        closed = tempfile.mkdtemp(dir=self._folder)  # accessible only to root
        first, second = (LISTENER.format(name, f"unix:{closed}/{name}.sock")
                         for name in ("first", "second"))
        weir = self.prepared(AS_NOBODY + first).start()
        self.assertTrue(stat.S_ISSOCK(os.stat(f"{closed}/first.sock").st_mode))
        weir.file.write_text(AS_NOBODY + first + second, encoding="utf-8")
        weir.wait_for_line(f"listener second: cannot listen on unix:{closed}/second.sock: ")
        self.assertEqual(weir.metric("weir_config_last_reload_successful"), 0)
        self.assertEqual(self.get(weir).body, b"hello")

    def test_the_files_of_unix_sockets_belong_to_the_user(self):
        weir = self.prepared("")
        public, admin = weir.folder / "in.sock", weir.folder / "admin.sock"

        def write(mode, listens=True):
            text = (f'user = "nobody"\nadmin = {{ address = "unix:{admin}", '
                    f'socket_mode = "{mode}" }}\n' + HELLO + LISTENER.format("tcp", "127.0.0.1:0"))
            if listens:
                text += LISTENER.format("unix", f"unix:{public}") + f'socket_mode = "{mode}"\n'
            weir.file.write_text(text, encoding="utf-8")

        def has(path, mode):
            found = path.lstat()
            self.assertEqual((found.st_uid, found.st_gid), (self.nobody.pw_uid, self.nobody.pw_gid))
            return stat.S_IMODE(found.st_mode) == mode

        write("0600")
        weir.start()
        self.assertTrue(has(public, 0o600) and has(admin, 0o600))
        write("0660")
        weir.signal(signal.SIGHUP)
        poll.until(lambda: has(public, 0o660) and has(admin, 0o660), "the mode")
        write("0660", listens=False)
        weir.signal(signal.SIGHUP)
        poll.until(lambda: not public.exists(), "the file is removed")
        write("0640")
        weir.signal(signal.SIGHUP)
        poll.until(lambda: public.exists() and has(public, 0o640), "the file is back")
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), 0)
        self.assertEqual([path for path in (public, admin) if path.exists()], [])

    def test_a_reload_that_wants_another_low_port_says_what_is_missing(self):
        # In a network namespace of its own, in which ports below 1024 are privileged.
        weir = self.prepared(AS_NOBODY + LISTENER.format("web", LOW),
                             through="unshare --net").start()
        self.assertEqual(weir.address("web"), LOW)
        self.assert_is_nobody(weir)
        with weir.file.open("a", encoding="utf-8") as file:
            file.write(LISTENER.format("more", ANOTHER))
        line = weir.wait_for_line(f"listener more: cannot listen on {ANOTHER}: permission denied")
        self.assertIn("CAP_NET_BIND_SERVICE", line)
        weir.wait_for_line("the old one stays in force")

    def test_files_that_the_user_cannot_read_are_named_at_the_start(self):
        weir = self.prepared(AS_NOBODY)
        weir.file.chmod(0o600)
        os.chown(weir.file, 0, 0)
        weir.start()
        weir.wait_for_line(f' warning user "nobody" cannot read {weir.file}: ')

    def test_a_user_that_there_is_not_is_a_mistake(self):
        weir = self.prepared(AS_NOBODY.replace("nobody", "nobody-of-that-name"))
        weir.launch()
        self.assertEqual(weir.wait(), 2)
        weir.wait_for_line('weir.toml:1:8: user: no user "nobody-of-that-name" on this machine')


class WithoutRoot(PrivilegesCase):
    def test_the_setting_has_no_effect_and_nothing_is_complained_of(self):
        config = AS_NOBODY.replace("nobody", "nobody-of-that-name")
        weir = self.prepared(config, through="setpriv --reuid nobody --clear-groups").start()
        self.assertEqual(self.get(weir).body, b"hello")
        self.assertEqual([line for line in weir.output if " info " not in line], [])

    def test_a_hardened_service_binds_low_ports_at_the_start_and_at_a_reload(self):
        weir = self.prepared(gateway(HELLO) + LISTENER.format("web", LOW),
                             through=f"unshare --net {HARDENED}").start()
        self.assertEqual(weir.address("web"), LOW)
        for status in self.threads(weir):
            self.assertEqual(int(status["CapEff"], 16), 1 << 10, status["Name"])
        with weir.file.open("a", encoding="utf-8") as file:
            file.write(LISTENER.format("more", ANOTHER))
        weir.wait_for_line("configuration applied")
        sockets = Path(f"/proc/{weir.process.pid}/net/tcp").read_text(encoding="utf-8")
        self.assertIn("00000000:0051 00000000:0000 0A", sockets)


if __name__ == "__main__":
    unittest.main()
