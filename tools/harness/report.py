# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""What came of a run, for people (one HTML file that holds its pictures) and for machines (JUnit
XML)."""
import base64
import html
import os
import re
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field

STYLE = """body { font: 15px/1.4 sans-serif; margin: 2em; max-width: 100em }
td, th { padding: .1em .8em; text-align: left; vertical-align: top }
.PASS { color: #060 } .FAIL { color: #b00 } .SKIP { color: #777 }
figure { display: inline-block; margin: .5em 1em .5em 0; vertical-align: top }
img { max-width: 46em; border: 1px solid #999; image-rendering: pixelated }
pre { background: #eee; padding: .5em; overflow: auto; max-height: 24em }"""


@dataclass
class Result:
    name: str
    verdict: str                # PASS, FAIL or SKIP
    reason: str = ""
    secs: float = 0.0
    note: str = ""              # a figure that the case has to tell
    first: str = ""             # why a first attempt failed, when this is the second
    pictures: list = field(default_factory=list)    # of (caption, bytes of a PNG)
    log: str = ""               # the end of what was said on the serial line

    def line(self, suite):
        """The verdict in a line, as tools/summary reads it."""
        text = self.reason
        if self.verdict == "PASS":
            text = "(%d s%s%s)" % (self.secs, "; " + self.note if self.note else "",
                                   ", second attempt; first: " + self.first if self.first else "")
        elif self.first:
            text += "; first: " + self.first
        return "%s %s/%s %s" % (self.verdict, suite, self.name, text.replace("\n", " "))

    def keep_pictures(self, mismatch):
        """Takes in what pictures.Mismatch names: the files may go afterwards."""
        if not mismatch:
            return
        for caption in ("expected", "actual", "difference"):
            path = getattr(mismatch, caption)
            if path and os.path.exists(path):
                with open(path, "rb") as f:
                    self.pictures.append((caption, f.read()))

    def keep_log(self, path, size=6000):
        if os.path.exists(path):
            with open(path, errors="replace") as f:
                self.log = f.read()[-size:]


def xml_text(text):
    """Without the characters that XML 1.0 has no way to write."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


def write_junit(path, suite, results):
    root = xml.Element("testsuite", name=xml_text(suite), tests=str(len(results)),
                       failures=str(sum(r.verdict == "FAIL" for r in results)),
                       skipped=str(sum(r.verdict == "SKIP" for r in results)),
                       time="%.1f" % sum(r.secs for r in results))
    for r in results:
        case = xml.SubElement(root, "testcase", classname=xml_text(suite), name=xml_text(r.name),
                              time="%.1f" % r.secs)
        if r.verdict == "FAIL":
            xml.SubElement(case, "failure", message=xml_text(r.reason)).text = xml_text(r.log)
        elif r.verdict == "SKIP":
            xml.SubElement(case, "skipped", message=xml_text(r.reason))
        if r.first or r.note:
            xml.SubElement(case, "system-out").text = xml_text(
                r.note + ("; first attempt: " + r.first if r.first else ""))
    xml.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def html_of(r):
    parts = ["<h2 id='%s' class='%s'>%s</h2><p>%s</p>" % (
        html.escape(r.name, True), r.verdict, html.escape(r.name), html.escape(r.reason))]
    for caption, png in r.pictures:
        parts.append("<figure><figcaption>%s</figcaption><img alt='%s' "
                     "src='data:image/png;base64,%s'></figure>" % (
                         caption, caption, base64.b64encode(png).decode()))
    if r.log:
        parts.append("<pre>%s</pre>" % html.escape(r.log))
    return "\n".join(parts)


def write_html(path, title, results):
    rows = ["<tr><td class='%s'>%s</td><td>%s</td><td>%.1f s</td><td>%s</td></tr>" % (
        r.verdict, r.verdict, html.escape(r.name), r.secs,
        html.escape(r.reason or (r.first and "second attempt; first: " + r.first) or r.note))
        for r in results]
    counts = ", ".join("%d %s" % (sum(r.verdict == v for r in results), word) for v, word in
                       (("PASS", "passed"), ("FAIL", "failed"), ("SKIP", "skipped")))
    with open(path, "w", encoding="utf-8", errors="replace") as f:
        f.write("<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>%s</title>"
                "<style>%s</style><h1>%s</h1><p>%s</p><table>%s</table>\n%s</html>\n" % (
                    html.escape(title), STYLE, html.escape(title), counts, "\n".join(rows),
                    "\n".join(html_of(r) for r in results if r.pictures or r.verdict == "FAIL")))
