# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""The table of system tests. Names are unique; `run` takes parts of names."""
from case import Case, conf, linux, vm
from cases_crowd import CROWD
from cases_firmware import FIRMWARE, FIRMWARE_BOCHS
from cases_linux import LINUX_DISPLAYS, LINUX_DISPLAYS_BOCHS, LINUX_USERLAND
from cases_net import NET, NET_BOCHS
from cases_regress import REGRESS
from cases_serial import SERIAL
from cases_vga import VGA_CASES, VGA_CASES_BOCHS
from cases_vnc import VNC
from steps import (command, counts, edid_passes, ends, flips_at, flips_on, idles, logged,
                   monitor, no_kernel_errors, not_logged, note_stats, passes, powers_off,
                   refuses, repeat, same_stats, says, shows, started, starts_anew, state, wait)

XGA = "quadrants-1024x768"
TURNED = "turned-1024x768"
VGA = "quadrants-640x480"
VGA_TURNED = "turned-640x480"

# ---- Linux on the panel ------------------------------------------------------------------------


def linux_quadrants(name, cpus, guest_cpus, **keys):
    """First light: a Debian kernel shows four quadrants through its own virtio_gpu driver."""
    text = conf(linux(cpus=guest_cpus, **keys.pop("guest", {})), screen=keys.pop("screen", ""))
    picture = keys.pop("picture", XGA)
    return Case(name, text, cpus=cpus, steps=[
        started("linux"),
        says("linux", "guest: init reached", keys.pop("boot", 150)),
        says("linux", "guest: card0 ok"),
        says("linux", "guest: fb0 ok"),
        says("linux", "guest: quadrants shown"),
        shows("linux", picture),
        no_kernel_errors("linux"),
        powers_off(),
    ], **keys)


LINUX = [
    linux_quadrants("linux-1cpu", 1, 1),
    linux_quadrants("linux-2cpu", 2, 2),
    Case("linux-two-guests", conf(linux("left", size="640x480"), linux("right", size="640x480")),
         cpus=2, steps=[
             started("left", "right"),
             says("left", "guest: quadrants shown", 150),
             says("right", "guest: quadrants shown", 150),
             shows("left", VGA),
             shows("right", VGA),
             no_kernel_errors("left"),
             no_kernel_errors("right"),
             powers_off(),
         ]),
    Case("linux-poweroff", conf(linux(test="poweroff")), steps=[
        started("linux"),
        says("linux", "guest: poweroff now", 150),
        state("linux", "stopped"),
        command("start linux"),
        says("linux", "guest: poweroff now", 150),
        state("linux", "stopped"),
        powers_off(),
    ]),
    Case("linux-reboot", conf(linux(test="reboot")), steps=[
        started("linux"),
        repeat(3, says("linux", "guest: init reached", 150), says("linux", "guest: reboot now")),
        says("linux", "guest: init reached", 150),
        powers_off(),
    ]),
    Case("linux-monitors", conf(linux(test="monitors")), steps=[
        started("linux"),
        says("linux", "guest: monitors 1:1024x768$", 150),
        edid_passes("linux"),
        refuses("resize linux 10x10", "from 64x64"),
        command("resize linux 640x480"),
        says("linux", "guest: monitors 1:640x480$"),
        edid_passes("linux"),
        shows("linux", "console-640x480"),
        command("restart-dm"),
        shows("linux", "console-640x480"),
        command("heads linux 3"),
        says("linux", "guest: monitors 1:640x480 2:640x480 3:640x480$"),
        command("resize linux:1 800x600"),
        says("linux", "guest: monitors 1:640x480 2:800x600 3:640x480$"),
        command("heads linux 1"),
        command("resize linux 1024x768"),
        says("linux", "guest: monitors 1:1024x768$"),
        shows("linux", "console-1024x768"),
        no_kernel_errors("linux"),
        powers_off(),
    ]),
    Case("linux-input", conf(linux(test="input", input="ps2,tablet,keyboard",
                                   virtio_console="yes")), steps=[
        started("linux"),
        says("linux", r"guest: input Oriel keyboard 0$", 150),
        says("linux", r"guest: input Oriel tablet 3$"),
        says("linux", "guest: hvc0 asks"),
        command('send linux "forty two" ret'),
        says("linux", "guest: hvc0 got forty two"),
        command("key linux a"),
        says("linux", "event 1 30 1"),
        says("linux", "event 1 30 0"),
        command("pointer linux 1023,0 left up"),
        says("linux", "event 3 0 32767"),
        says("linux", "event 1 272 1"),
        says("linux", "event 2 8 1"),
        command("restart-dm"),
        command("pointer linux 0,767"),
        says("linux", "event 3 1 32767"),
        command('send linux "echo a$((6*7))b" ret'),
        says("linux", "^a42b"),
        no_kernel_errors("linux"),
        powers_off(),
    ]),
    Case("linux-panic", conf(linux("bad", test="panic"), linux("good", size="640x480")), cpus=2,
         steps=[
             started("bad", "good"),
             says("bad", "Kernel panic", 150),
             says("good", "guest: quadrants shown", 150),
             shows("good", VGA),
             powers_off(),
         ]),
]

# ---- Bare-metal guests -------------------------------------------------------------------------


def bare(name, kernel, cmdline="", **keys):
    cpus = keys.pop("guest_cpus", 1)
    secs = keys.pop("secs", 60)
    return Case(name, conf(vm("bare", kernel, cmdline, cpus=cpus)), steps=[
        started("bare"), passes("bare", secs), state("bare", "stopped"), powers_off()], **keys)


def gpu_protocol(name, cmdline="", restarts=0, **keys):
    """Every request of the virtio-gpu protocol, right and wrong, while the domain restarts."""
    text = conf(vm("bare", "gpu_protocol.elf", "gpu_memory=16 gpu_entries=9000 monitors=3 " + cmdline,
                   display="virtio-gpu", heads="3", gpu_memory="16M", gpu_entries="9000"))
    return Case(name, text, steps=[started("bare"), repeat(restarts, command("restart-dm")),
                                   passes("bare", 180), state("bare", "stopped"), powers_off()],
                **keys)


def bare_set(machine, suffix, cmdline="", **keys):
    cases = [bare("%s-%s" % (name, suffix), name + ".elf", cmdline, machine=machine, **keys)
             for name in ("modes", "irq", "tlb", "mmio", "pci", "gpu", "virtio")]
    return cases + [
        bare("smp2-" + suffix, "smp.elf", "cpus=2", guest_cpus=2, machine=machine, **keys),
        bare("smp8-" + suffix, "smp.elf", "cpus=8", guest_cpus=8, machine=machine, **keys),
    ]


BARE = bare_set("qemu-svm", "svm") + [
    gpu_protocol("gpu-protocol-svm", restarts=5),
    bare("smp2-svm-2cpu", "smp.elf", "cpus=2", guest_cpus=2, cpus=2),
    bare("irq-svm-2cpu", "irq.elf", cpus=2),
    Case("gpu-picture-svm", conf(vm("bare", "gpu.elf", "size=1024x768 stay=1")), steps=[
        started("bare"), says("bare", "guest: quadrants shown"), shows("bare", XGA),
        powers_off()]),
]

# ---- Life of guests ----------------------------------------------------------------------------

LIFE = [
    Case("reset-stop-start", conf(linux(test="flip"), vm("idle", "idle.elf")), cpus=2, timeout=420,
         steps=[
             started("linux", "idle"),
             says("linux", "guest: flipping", 150),
             refuses("start linux", "is running"),
             flips_on("linux"),
             note_stats("held", "free_pages", "linux.resources"),
             repeat(20, command("reset linux"), command("stop linux"), refuses("stop linux", ""),
                    state("linux", "stopped"), command("start linux"), command("reset idle")),
             says("linux", "guest: flipping", 150),
             flips_on("linux"),
             same_stats("held"),
             not_logged("PANIC|damaged"),
             powers_off(),
         ]),
    Case("restart-dm", conf(linux("left", test="flip", size="640x480"),
                            linux("right", test="flip", size="640x480")), cpus=2, timeout=300,
         steps=[
             started("left", "right"),
             says("left", "guest: flipping", 150),
             says("right", "guest: flipping", 150),
             flips_on("left"),
             note_stats("held", "left.resources", "left.resource_bytes"),
             repeat(20, command("restart-dm"), flips_on("left"), flips_on("right")),
             counts("dm_restarts", 20),
             same_stats("held"),
             shows("left", VGA, VGA_TURNED),
             shows("right", VGA, VGA_TURNED),
             no_kernel_errors("left"),
             no_kernel_errors("right"),
             powers_off(),
         ]),
    Case("fault-dm", conf(linux("left", test="flip", size="640x480"),
                          linux("right", size="640x480")), cpus=2, timeout=240,
         steps=[
             started("left", "right"),
             says("left", "guest: flipping", 150),
             says("right", "guest: quadrants shown", 150),
             command("fault-dm"),
             logged("device domain restarts"),
             flips_on("left"),
             shows("left", VGA, VGA_TURNED),
             shows("right", VGA),
             command("hang-dm"),
             flips_on("left"),
             counts("dm_restarts", 2),
             no_kernel_errors("left"),
             no_kernel_errors("right"),
             powers_off(),
         ]),
]

# ---- Guests that misbehave ---------------------------------------------------------------------


def misbehaves(name, kernel, reason, cmdline="", **keys):
    """It is reported and stopped; the other guest goes on."""
    return Case("bad-guest-" + name, conf(vm("bad", kernel, cmdline),
                                          vm("good", "gpu.elf", "size=640x480 stay=1",
                                             size="640x480")), steps=[
        started("bad", "good"),
        state("bad", "failed", 30),
        logged(r"\[vm bad\].*(%s)" % reason),
        says("good", "guest: quadrants shown"),
        shows("good", VGA),
        command("reset good"),
        says("good", "guest: quadrants shown"),
        not_logged("PANIC"),
        powers_off(),
    ], **keys)


MISBEHAVING = [
    misbehaves("triple", "triple.elf", "triple fault"),
    misbehaves("wild", "wild.elf", "0xd1234000|d1234000"),
    misbehaves("ports", "hammer_port.elf", "port"),
    misbehaves("port-strings", "hammer_port.elf", "port", "rep=1"),
    misbehaves("memory", "hammer_mem.elf", "address|memory"),
]

# Time is counted in instructions there, so a loaded machine does not matter.
PACED = [
    Case("flip-rate-60", conf(linux(test="bench", more="oriel.bench=flip:600", size="640x480"),
                              screen="refresh = 60\n"), options=["--icount"], timeout=280, steps=[
        started("linux"), flips_at("linux", 60, 2), powers_off()]),
]

# A guest that always has work for the device domain, on both sides of guests that want a little.
FLOOD = [
    Case("bad-guest-flood", conf(vm("left", "gpu.elf", "size=640x480 stay=1", size="640x480"),
                                 vm("flood", "flood.elf"),
                                 vm("right", "gpu.elf", "size=640x480 stay=1", size="640x480")),
         cpus=2, timeout=200, steps=[
             started("left", "flood", "right"),
             says("flood", "guest: flooding"),
             starts_anew("left"),
             says("left", "guest: quadrants shown"),
             starts_anew("right"),
             says("right", "guest: quadrants shown"),
             shows("left", VGA, panel=False),
             shows("right", VGA, panel=False),
             wait(10),
             command("list"),
             not_logged("PANIC|restarts"),
             powers_off(),
         ]),
]

# ---- Bad input ---------------------------------------------------------------------------------


def refused(name, text, pattern, **keys):
    """The loader or the hypervisor refuses to start, naming what and why."""
    keys.setdefault("bad_image", True)
    return Case("refuse-" + name, text, steps=[
        logged(pattern, 60), logged("refused to start"), ends(1)], **keys)


def guest_refused(name, guest, pattern, **keys):
    """Oriel starts; the guest does not, and nothing of it is left half-started."""
    return Case("refuse-" + name, conf(guest, vm("good", "idle.elf")), steps=[
        started("good"), logged(r"\[vm bad\].*" + pattern),
        state("bad", "(failed|refused).*" + pattern), powers_off()], **keys)


GOOD = vm("good", "idle.elf")
REFUSED = [
    refused("no-conf-key", conf(GOOD + "colour = red\n"), r"oriel.conf:\d+: unknown key 'colour'"),
    refused("range", conf(vm("good", "idle.elf", cpus=9)),
            r"oriel.conf:\d+: bad value for 'cpus': 1 to 8"),
    refused("memory-value", conf(vm("good", "idle.elf", memory="lots")),
            r"oriel.conf:\d+: bad value for 'memory'"),
    refused("duplicate", conf(GOOD, GOOD), r"oriel.conf:\d+: there is already a guest 'good'"),
    refused("no-kernel", conf(vm("good", "none.elf")), r"none.elf .*no such file",
            missing=("none.elf",)),
    refused("empty-kernel", conf(vm("good", "empty")), r"empty .*is empty",
            files={"empty": lambda: b""}),
    guest_refused("text-kernel", vm("bad", "text"), "kernel text: not a bzImage",
                  files={"text": lambda: b"This is not a kernel.\n" * 500}),
    guest_refused("large-initrd", linux("bad", initrd="large", memory="128M"), "initrd large: ",
                  files={"large": lambda: bytes(80 << 20)}),
    refused("no-svm", conf(GOOD), "SVM|virtuali", arguments=["-cpu", "max,-svm"]),
    refused("little-memory", conf(vm("good", "idle.elf", memory="4G")), "memory", memory="1G"),
    refused("no-framebuffer", conf(GOOD), "no linear framebuffer|no display",
            arguments=["-vga", "none", "-device", "virtio-gpu-pci"]),
]

# ---- Idle --------------------------------------------------------------------------------------

IDLE = [
    Case("idle-bare", conf(vm("idle", "idle.elf")), cpus=2, steps=[
        started("idle"), says("idle", "guest: idle now"), wait(2), idles("idle"), powers_off()]),
    Case("idle-bare-100hz", conf(vm("idle", "idle.elf", "hz=100")), cpus=2, steps=[
        started("idle"), says("idle", "guest: idle now"), wait(2),
        idles("idle", busy_percent=20), powers_off()]),
    Case("idle-linux", conf(linux(test="idle")), cpus=2, steps=[
        started("linux"), says("linux", "guest: idle", 150), wait(5),
        idles("linux", busy_percent=20), powers_off()]),
]

# ---- Hardware that fails -----------------------------------------------------------------------


def panics(reason, *details):
    """The machine ends with one report, which says so."""
    return [logged("oriel: PANIC: " + reason)] + [logged(d) for d in details] + [
        ends(1), logged("The machine has stopped", 0), not_logged(r"PANIC(.|\n)*PANIC")]


# QEMU gives a machine check to a running guest without an exit: none runs here. Both cores get one.
HARDWARE = [
    Case("panic-machine-check", conf(vm("good", "idle.elf")), cpus=2, steps=[
        started("good"), says("good", "guest: idle now"), wait(2),
        monitor("mce -b 0 0 0xb600000000000000 5 0x12345000 0")] + panics(
            "machine check", "core 0: MCG_STATUS 5, bank 0: status b600000000000000 address 12345000",
            "core 1: MCG_STATUS 5, bank 1: status a000000000000000")),
    Case("panic-nmi", conf(vm("spin", "spin.elf")), steps=[
        started("spin"), says("spin", "guest: spinning"), monitor("nmi")] + panics(
            "non-maskable interrupt")),
]

# ---- Bochs -------------------------------------------------------------------------------------

# Uncompressed: a compressed kernel takes minutes there.
def linux_vmx(cpus, width, height):
    size = "%dx%d" % (width, height)
    return linux_quadrants("linux-vmx-%dcpu" % cpus, cpus, cpus, machine="bochs-vmx",
                           memory="512M", timeout=900, boot=600, screen="mode = %s\n" % size,
                           picture="quadrants-" + size,
                           guest={"kernel": "vmlinux", "initrd": "initrd-raw.img",
                                  "memory": "192M", "size": size})


BOCHS = bare_set("bochs-vmx", "vmx", "strict=1", memory="512M", timeout=240, secs=180) + [
    gpu_protocol("gpu-protocol-vmx", "walk=2000", machine="bochs-vmx", memory="512M"),
    Case("gpu-800x600-vmx", conf(vm("bare", "gpu.elf", "size=800x600 stay=1", size="800x600"),
                                 screen="mode = 800x600\n"),
         machine="bochs-vmx", memory="512M", timeout=240, steps=[
             started("bare"), says("bare", "guest: quadrants shown", 120),
             shows("bare", "quadrants-800x600"), powers_off()]),
    Case("gpu-1024x768-vmx", conf(vm("bare", "gpu.elf", "size=1024x768 stay=1"),
                                  screen="mode = 1024x768\n"),
         machine="bochs-vmx", memory="512M", timeout=240, steps=[
             started("bare"), says("bare", "guest: quadrants shown", 120), shows("bare", XGA),
             powers_off()]),
    bare("smp2-vmx-2cpu", "smp.elf", "cpus=2", guest_cpus=2, cpus=2, machine="bochs-vmx",
         memory="512M", timeout=300, secs=200),
    linux_vmx(1, 800, 600),
    linux_vmx(2, 1024, 768),
]

CASES = (LINUX + PACED + FLOOD + LINUX_DISPLAYS + LINUX_USERLAND + BARE + LIFE + MISBEHAVING +
         REFUSED + IDLE + HARDWARE + VGA_CASES + FIRMWARE + REGRESS + SERIAL + NET + VNC +
         CROWD + BOCHS + NET_BOCHS + VGA_CASES_BOCHS + FIRMWARE_BOCHS + LINUX_DISPLAYS_BOCHS)
