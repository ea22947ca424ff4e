# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""What the cases of the network share: HTTP by curl, /metrics, pictures asked for often, and
whether memory is given back."""
import re
import shutil
import subprocess
import threading
import zlib

from console import Failure
from steps import need, until

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? ([0-9.]+)$')
MEMORY = ("oriel_lwip_heap_used_bytes", 'oriel_lwip_pool_used{pool="tcp_seg"}',
          'oriel_lwip_pool_used{pool="tcp_pcb"}', 'oriel_lwip_pool_used{pool="pbuf"}',
          'oriel_lwip_pool_used{pool="pbuf_pool"}', "oriel_http_open_connections",
          "oriel_vnc_open_connections", "oriel_pictures_held_bytes", "oriel_memory_used_bytes")
CLOSED_SECS = 5     # a connection that Oriel closed has its memory for so long, by Oriel's clock


def curl(m, path, *options, password="oriel:secret"):
    """Status, header fields (lower case) and body of one request by curl."""
    command = ["curl", "-s", "-S", "-i", "-m", "60", *options]
    if password:
        command += ["-u", password]
    done = subprocess.run(command + ["http://127.0.0.1:%d%s" % (m.port, path)],
                          capture_output=True)
    need(done.returncode == 0, "curl %s: %s" % (path, done.stderr.decode().strip()))
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin1").split("\r\n")
    fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
    need(len(body) == int(fields.get("content-length", 0)) or "-I" in options,
         "%s: %d bytes, not %s" % (path, len(body), fields.get("content-length")))
    return int(lines[0].split()[1]), fields, body


def metrics(m):
    """Samples by name and labels. The text keeps to the format's rules."""
    text = curl(m, "/metrics")[2].decode()
    if shutil.which("promtool"):
        said = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True)
        need(said.returncode == 0, "promtool: " + said.stdout + said.stderr)
    need(text.endswith("\n"), "the last line has no end")
    values, types, helped = {}, {}, set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped.add(line.split()[2])
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            need(name not in types, "%s has two types" % name)
            need((kind == "counter") == name.endswith("_total"), "%s is a %s" % (name, kind))
            types[name] = kind
        else:
            sample = SAMPLE.match(line)
            need(sample, "no sample: " + line)
            need(sample[1] == list(types)[-1] and sample[1] in helped, "out of place: " + line)
            need(sample[1] + (sample[2] or "") not in values, "twice: " + line)
            values[sample[1] + (sample[2] or "")] = float(sample[3])
    return values


def addressed(times=1, secs=60):
    """The card has its address, for the so manyeth time."""
    def step(m):
        until(lambda: len(re.findall(r"network: address 10\.0\.2\.15", m.debug_log())) >= times,
              "address", secs)
        until(lambda: len(re.findall("network: HTTP on port", m.debug_log())) >= times, "HTTP")
    return step


# ---- memory ------------------------------------------------------------------------------------


def quiet_metrics(m):
    """When no connection but this one has memory."""
    def now():
        return m.console.stats()["uptime_us"] / 1e6
    end = now() + CLOSED_SECS
    until(lambda: now() >= end, "end of connections")
    return metrics(m)


def at_rest(m, before):
    """Memory returns to what it was."""
    for _ in range(5):
        now = quiet_metrics(m)
        grown = [name for name in MEMORY if now[name] > before[name]]
        if not grown:
            break
    need(not grown, "memory is not given back: %s" % ", ".join(
        "%s %d, %d before" % (name, now[name], before[name]) for name in grown))


# ---- pictures ----------------------------------------------------------------------------------


def is_png(data):
    """Whole, with each chunk's checksum right."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return False
    at, kind = 8, b""
    while at + 12 <= len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        kind, crc = data[at + 4:at + 8], data[at + 8 + size:at + 12 + size]
        if zlib.crc32(data[at + 4:at + 8 + size]).to_bytes(4, "big") != crc:
            return False
        at += 12 + size
    return at == len(data) and kind == b"IEND"


def ask_often(m, paths, times, parallel, rounds):
    """These pictures in turn, so many times one after the other, then in rounds of so many at
    once."""
    for n in range(times):
        need(is_png(curl(m, paths[n % len(paths)])[2]), "no picture")
    results = []

    def one(path):
        try:
            results.append(is_png(curl(m, path)[2]))
        except Failure as e:
            results.append(e)
    for _ in range(rounds):
        threads = [threading.Thread(target=one, args=(paths[n % len(paths)],))
                   for n in range(parallel)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    need(all(r is True for r in results) and len(results) == rounds * parallel,
         "parallel: %s" % [r for r in results if r is not True])
