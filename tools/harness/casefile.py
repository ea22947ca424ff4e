# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Case files of tools/regress: which keys there are, and what is wrong with a file, by its line."""
import difflib
import re
import tomllib

MACHINES = ("qemu-svm", "bochs-vmx", "kvm")


class BadFile(Exception):
    """What is wrong with a case file."""


def is_text(value):
    return isinstance(value, str) and value != ""


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def is_count(value):
    return is_number(value) and isinstance(value, int)


def is_area(value):
    return isinstance(value, list) and len(value) == 4 and all(map(is_count, value)) and \
        value[2] > 0 and value[3] > 0


def is_list_of(check):
    return lambda value: isinstance(value, list) and all(map(check, value))


def matches(pattern):
    return lambda value: is_text(value) and re.fullmatch(pattern, value, re.S) is not None


def is_regex(value):
    try:
        return is_text(value) and re.compile(value) is not None
    except re.error:
        return False


TEXT = (is_text, "a text")
SECONDS = (is_number, "a number of seconds")
KEYS = {    # key: check, what it has to be
    "name": TEXT, "vm": TEXT, "picture": TEXT, "keys": TEXT, "command": TEXT, "config": TEXT,
    "serial": TEXT,
    "secs": SECONDS, "still": SECONDS, "sleep": SECONDS, "start": SECONDS,
    "timeout": (is_count, "a number of whole seconds"),
    "run": (lambda value: value in MACHINES, "one of " + ", ".join(MACHINES)),
    "http": (matches(r"http://[^/\s]+/?"), "http://[USER:PASSWORD@]HOST[:PORT]"),
    "cpus": (lambda value: is_count(value) and value > 0, "a number from 1 on"),
    "memory": (matches(r"\d+[MG]"), 'a size like "2G" or "512M"'),
    "options": (is_list_of(is_text), "a list of texts"),
    "text": (is_regex, "a regular expression"), "says": (is_regex, "a regular expression"),
    "crc": (matches("[0-9a-fA-F]{8}"), "eight hexadecimal digits"),
    "tolerance": (lambda value: is_count(value) and value < 256, "a number from 0 to 255"),
    "masks": (is_list_of(is_area), "a list of [x, y, width, height]"),
    "crop": (is_area, "[x, y, width, height]"),
}
MACHINE = {"run", "config", "cpus", "memory", "timeout", "start", "options", "serial", "http"}
STEPS = {   # the key that names a step: its further keys, those of them that it needs
    "picture": ({"vm", "secs", "masks", "tolerance", "crop"}, ()),
    "crc": ({"vm", "secs"}, ()),
    "still": ({"vm", "secs"}, ()),
    "text": ({"vm", "secs"}, ("vm",)),
    "keys": ({"vm"}, ("vm",)),
    "command": ({"says"}, ()),
    "sleep": (set(), ()),
}


def kind_of(step):
    """The key that names a step; None: none, or more than one."""
    kinds = [key for key in STEPS if key in step]
    return kinds[0] if len(kinds) == 1 else None


class CaseFile:
    """`machine` and `cases`, of which everything has been checked. Instead of the file's machine
    the one at `serial` or `http` is taken, where that is given."""

    def __init__(self, path, serial=None, http=None):
        self.path = path
        try:
            with open(path, "rb") as f:
                text = f.read().decode()
            table = tomllib.loads(text)
        except OSError as e:
            raise BadFile("%s: %s" % (path, e.strerror)) from None
        except UnicodeDecodeError as e:
            raise BadFile("%s: %s" % (path, e)) from None
        except tomllib.TOMLDecodeError as e:
            found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(e))
            raise BadFile("%s:%s: %s" % (path, found[2] or len(text.splitlines()), found[1])
                          if found else "%s: %s" % (path, e)) from None
        self.lines = text.split("\n")
        self.heads = [n for n, line in enumerate(self.lines)
                      if re.match(r"\s*\[\[\s*case\s*\]\]", line)]
        self.machine, self.cases = table.get("machine", {}), table.get("case", [])
        self._check_top(table)
        for key, value in (("serial", serial), ("http", http)):
            if value:
                self.machine = {key: value, "start": self.machine.get("start", 60)}
        self._check_machine()
        for n in range(len(self.cases)):
            self._check_case(n)

    def _bad(self, reason, key="", case=None, nth=0):
        """The place is the (nth + 1)th `key` of the case, or of what stands before all cases."""
        first = 0 if case is None else (self.heads + [0])[min(case, len(self.heads))]
        ends = [n for n in self.heads if n > first] + [len(self.lines)]
        pattern = r"""(?:^\s*\[+\s*|(?<![\w"'-])["']?)%s["']?\s*[]=]""" % re.escape(key)
        hits = [n for n in range(first, len(self.lines))
                for _ in re.finditer(pattern, self.lines[n])]
        hits = [n for n in hits if n < ends[0]] or hits[:1]
        line = hits[min(nth, len(hits) - 1)] if key and hits else first
        raise BadFile("%s:%d: %s" % (self.path, line + 1, reason))

    def _check_keys(self, table, known, what, **where):
        """Only known keys, each with a value that it may have; where: a function of the key."""
        for key, value in table.items():
            place = {name: f(key) for name, f in where.items()}
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                self._bad("%s has no key %s%s" % (
                    what, key, ": is it %s?" % close[0] if close else ""), key, **place)
            if key in KEYS and not KEYS[key][0](value):
                self._bad("%s = %r is not %s" % (key, value, KEYS[key][1]), key, **place)

    def _check_top(self, table):
        self._check_keys(table, {"machine", "case"}, "a case file")
        if not isinstance(self.machine, dict):
            self._bad("machine is written [machine]", "machine")
        if not isinstance(self.cases, list) or not all(isinstance(c, dict) for c in self.cases):
            self._bad("a case is written [[case]]", "case")

    def _check_machine(self):
        self._check_keys(self.machine, MACHINE, "[machine]")
        if sum(key in self.machine for key in ("run", "serial", "http")) != 1:
            self._bad("[machine] needs one of run, serial, http", "machine")
        if "run" in self.machine and "config" not in self.machine:
            self._bad("run needs config", "run")
        if not self.cases:
            self._bad("there is no [[case]]")

    def _check_case(self, n):
        case = self.cases[n]
        self._check_keys(case, {"name", "steps"}, "a case", case=lambda _: n)
        if "name" not in case:
            self._bad("a case needs a name", case=n)
        if case["name"] in [other["name"] for other in self.cases[:n]]:
            self._bad('there is already a case "%s"' % case["name"], "name", case=n)
        steps = case.get("steps")
        if not isinstance(steps, list) or not steps or not all(isinstance(s, dict) for s in steps):
            self._bad("steps is a list of { ... }, of which there is at least one", "steps", case=n)
        for at, step in enumerate(steps):
            self._check_step(n, steps[:at], step)

    def _check_step(self, n, before, step):
        def nth(key):
            return sum(key in other for other in before)
        kind = kind_of(step)
        where = {"case": lambda _: n, "nth": nth}
        if kind:
            known, needed = STEPS[kind]
            self._check_keys(step, known | {kind}, '"%s"' % kind, **where)
            for key in needed:
                if key not in step:
                    self._bad('"%s" needs "%s"' % (kind, key), kind, case=n, nth=nth(kind))
            return
        self._check_keys(step, set(KEYS), "a step", **where)
        key = next(iter(step), "steps")
        self._bad("a step is one of %s: %s" % (", ".join(STEPS), step), key, case=n, nth=nth(key))
