/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the device domain may ask of the hypervisor, and what it finds in its address space.
 *
 * Calling convention: VMCALL or VMMCALL (struct dm_info says which) with the number in RAX and
 * arguments in RDI, RSI, RDX, R10; the result (0 or more, or -errno) in RAX; all other registers
 * are kept. Pointers are device domain physical addresses (it runs one to one) and must lie within
 * its image. Any other guest that executes the instruction gets #UD.
 *
 * Address space of the device domain (guest physical = virtual). Everything else is unmapped, and
 * touching it ends the domain, which is then started again from its pristine image.
 */
#ifndef ABI_HYPERCALL_H
#define ABI_HYPERCALL_H

#include <abi/handoff.h>
#include <abi/ioreq.h>
#include <abi/nic.h>

#define DM_IMAGE_BASE  0x00200000ULL /* its ELF segments, W^X; stack and bss included */
#define DM_IMAGE_SIZE  MIB(94)	     /* image and heap: the largest extent of its ELF segments */
#define DM_INFO_BASE   0x10000000ULL /* struct dm_info, read-only */
#define DM_SHARED_BASE 0x10100000ULL /* struct dm_shared, read-write */
#define DM_LOG_BASE    0x10200000ULL /* struct log_ring, read-only */
/* 0x11000000 to 0x17000000: the network card, see abi/nic.h */
#define DM_STATE_BASE 0x20000000ULL   /* state region: survives a restart; zero at first start */
#define DM_FILES_BASE 0x100000000ULL  /* the loaded files, read-only, see dm_info.files[] */
#define DM_DISKS_BASE 0x400000000ULL  /* guests' disks, read-write, see dm_info.vm_disk[] */
#define DM_GOP_BASE   0x800000000ULL  /* the framebuffer, write-combining, not to be read */
#define DM_VM_BASE    0x1000000000ULL /* + vm * DM_VM_STRIDE + guest physical address: RAM */
#define DM_VM_STRIDE  0x800000000ULL  /* 32 GiB */
#define DM_VM_VRAM    0x700000000ULL  /* within the stride: the guest's VRAM (see HC_PCI_ADD) */

/* Behind each guest's VRAM (dm_info.vm_vram bytes) lies memory that no BAR shows: first what may
 * stand for a part of the legacy window (HC_VRAM_WINDOW), then room for the model's own picture. */
#define VRAM_WINDOW_SIZE KIB(64)
#define VRAM_HIDDEN_SIZE MIB(6)

/* Where PCs have video memory: not RAM, accesses are forwarded where HC_TRAP_ADD says so. */
#define GUEST_LEGACY_BASE 0xa0000ULL
#define GUEST_LEGACY_SIZE 0x20000ULL

/* Guest physical map of every guest. RAM below GUEST_LOW_LIMIT, the rest from 4 GiB up. */
#define GUEST_LOW_LIMIT	   0xb0000000ULL
#define GUEST_ECAM_BASE	   0xb0000000ULL /* 256 MiB */
#define GUEST_MMIO_BASE	   0xc0000000ULL /* 32-bit PCI window, up to the IOAPIC */
#define GUEST_MMIO_LIMIT   0xfec00000ULL
#define GUEST_HIGH_BASE	   0x100000000ULL
#define GUEST_MMIO64_BASE  0x800000000ULL /* 64-bit PCI window, above all RAM */
#define GUEST_ADDRESS_BITS 48		  /* second-stage tables reach this far */
/* Fixed ports served by the hypervisor: 8259, 8254, PM timer, 0xcf8/0xcfc. */
#define GUEST_PM_BASE \
	0x600 /* ACPI PM block as on ICH9: event +0, control +4, timer +8, GPE +0x20 */
#define GUEST_PCI_INTX_GSI 16 /* INTA..INTD of bus 0 device d: GSI 16 + (d + pin) % 4 */
#define GUEST_SCI_GSI	   9

struct log_ring {	  /* text; written by the hypervisor only */
	_Atomic u64 head; /* bytes ever written; text[head % LOG_RING_SIZE] is next */
	u64 reserved[7];
	char text[];
};
#define LOG_RING_SIZE KIB(60)

struct dm_info {
	u64 size;   /* sizeof(struct dm_info) */
	u64 tsc_hz; /* RDTSC counts this many a second, never stops */
	u64 boot_tsc;
	u32 use_vmmcall;  /* 1: VMMCALL, 0: VMCALL */
	u32 generation;	  /* 0 at first start, +1 at each restart */
	u64 state_size;	  /* of the state region */
	u64 wall_seconds; /* Unix time at boot_tsc, from the machine's RTC */
	char build_id[32];
	char restart_reason[128]; /* why the last generation ended; "" at first */
	struct handoff_gop gop;	  /* base is DM_GOP_BASE */
	u64 vm_vram[MAX_VMS];	  /* bytes of VRAM set aside for each guest */
	u64 vm_disk[MAX_VMS];	  /* where the bytes of each guest's `disk` are, 0: it has none */
	u32 file_count;
	u32 address_bits; /* width of a guest's physical addresses, as CPUID tells it */
	struct handoff_file files[MAX_FILES]; /* base in the device domain's space */
	struct config config;
	struct dm_nic nic; /* kind NIC_NONE: none, or the network is off */
};

/* A 64-bit TSC value: no deadline. */
#define DM_NO_DEADLINE (~0ULL)

/* clang-format off */
enum hypercall {
	HC_WAIT,	 /* (deadline TSC): sleep until a bit of .pending, or the deadline */
	HC_LOG,		 /* (text, len <= 512): into the hypervisor's log; len 0 is -EINVAL */
	HC_IOREQ_DONE,	 /* (vm, vcpu): the slot is DONE */
	HC_PCI_ADD,	 /* (vm, struct pci_template *): result device id; guest stopped */
	HC_TRAP_ADD,	 /* (vm, space << 32 | device, base, len): forward accesses as ioreqs, */
			 /* device is dm's choice, 0x100..0xffff; space: enum ioreq_space */
	HC_DOORBELL_ADD, /* (vm, device id << 8 | bar, offset, len << 16 | id): writes there set */
			 /* bit id (0..63) in doorbells[vm], the guest goes on; len 1, 2, 4 */
	HC_MSIX,	 /* (vm, device id, vector): raise it, -EAGAIN when masked (PBA set), */
			 /* -ENODEV while MSI-X is disabled: then the pin is to be used */
	HC_INTX,	 /* (vm, device id, level): drive the device's INTx pin */
	HC_ISA_IRQ,	 /* (vm, irq 0..15, level): drive an ISA line (8259 and IOAPIC) */
	HC_VM_RESET,	 /* (vm): stopped guest: vCPUs, interrupt controllers, timers, PCI as at */
			 /* power-on */
	HC_VM_START,	 /* (vm, struct vm_start *): vCPU 0 runs from there, others wait for SIPI */
	HC_VM_STOP,	 /* (vm): every vCPU leaves guest mode; VM_EVENT_STOPPED follows */
	HC_VM_STATS,	 /* (vm or ~0 for the machine, struct vm_stats *) */
	HC_IRQ_UNMASK,	 /* (enum host_event): let the host's interrupt line fire again */
	HC_RESTART,	 /* (failed): the device domain begins again from its image, 0: because */
			 /* somebody wants it to, 1: it cannot go on; does not return */
	HC_POWEROFF,	 /* (0: off, 1: reboot): the machine; does not return */
	HC_VRAM_WINDOW,	 /* (vm, gpa, offset, len): maps this part of the guest's VRAM (or what */
			 /* is behind it) at gpa in the legacy window, in place of what was; len */
			 /* 0: nothing */
	HC_VRAM_DIRTY,	 /* (vm, offset, len, u64 *bitmap): read and clear, a bit a 4 KiB page of */
			 /* VRAM, wherever BARs and the legacy window show it; bits are added up */
	HC_VRAM_WATCH,	 /* (vm, 1): the guest's next write to the BAR that shows its VRAM is */
			 /* told, once, by VM_EVENT_VRAM; (vm, 0): no longer */
	HC_NIC_ENABLE,	 /* (0 or 1): the network card's bus mastering; -ENODEV */
	HC_COUNT
};
/* clang-format on */

/* A BAR of a PCI device. */
enum pci_bar_kind {
	PCI_BAR_NONE,
	PCI_BAR_MMIO, /* accesses become ioreqs (doorbells and MSI-X tables excepted) */
	PCI_BAR_IO,   /* the same, in port space */
	PCI_BAR_VRAM, /* plain memory: the guest's VRAM, mapped by second-stage paging */
};
struct pci_bar_template {
	u64 size; /* a power of two; at least 16 (I/O: 4) */
	u8 kind;
	u8 is_64bit; /* uses this BAR and the next */
	u8 prefetch;
	u8 reserved[5];
};

/*
 * A device as the guest's bus 0 shows it. `config` is the header as after reset, capabilities
 * included; `writable` has a bit set for each bit of it that the guest may change (the hypervisor
 * adds the command register, BARs, interrupt line, MSI-X control by itself). BAR values in config
 * are ignored: each gets an address by the hypervisor (guests with `firmware` start unassigned).
 */
struct pci_template {
	u8 devfn;      /* device << 3 | function */
	u8 msix_cap;   /* offset of the MSI-X capability in config, 0: none */
	u8 window_cap; /* offset of a VIRTIO_PCI_CAP_PCI_CFG capability, 0: none */
	u8 reserved0;
	u16 msix_vectors;
	u8 msix_bar; /* table at offset 0, PBA at msix_pba */
	u8 reserved1;
	u32 msix_pba;
	u32 rom_file; /* file index of the expansion ROM, FILE_NONE */
	struct pci_bar_template bars[6];
	u8 config[256];
	u8 writable[256];
};

/* How vCPU 0 begins. Other vCPUs begin by INIT/SIPI from the guest. */
enum vm_start_mode {
	VM_START_RESET,	 /* power-on reset vector, real mode */
	VM_START_PROT32, /* flat 32-bit protected mode, paging off (multiboot, PVH) */
	VM_START_LONG64, /* flat long mode with the page tables at cr3 (Linux 64-bit protocol) */
};
struct vm_start {
	u32 mode;
	u32 reserved;
	u64 rip, rsp, rax, rbx, rsi;
	u64 cr3;      /* LONG64 */
	u64 gdt_base; /* a GDT in guest memory with CS 0x10 and data 0x18 */
	u32 gdt_limit;
	u32 reserved1;
};

/* Counters; all since the guest (or the machine) started, never reset by a guest's reset. */
enum vm_counter {
	STAT_EXITS, /* the sum of the STAT_EXIT_ ones */
	STAT_EXIT_PIO,
	STAT_EXIT_MMIO, /* trapped memory that is not a doorbell */
	STAT_EXIT_DOORBELL,
	STAT_EXIT_MSR,
	STAT_EXIT_CPUID,
	STAT_EXIT_CR,
	STAT_EXIT_HYPERCALL,
	STAT_EXIT_HLT,
	STAT_EXIT_IRQ,	 /* host interrupts */
	STAT_EXIT_TIMER, /* preemption timer */
	STAT_EXIT_WINDOW,
	STAT_EXIT_OTHER,
	STAT_IOREQS,	  /* requests that went to the device domain */
	STAT_INJECTED,	  /* interrupts given to the guest */
	STAT_TIMER_TICKS, /* guest timer expiries: LAPIC timer and 8254 */
	STAT_UNCLAIMED,	  /* accesses to ports or addresses that nothing claims */
	STAT_COUNT
};
enum vm_state { VM_EMPTY, VM_STOPPED, VM_RUNNING, VM_STOPPING, VM_FATAL };
struct vm_stats {
	u64 counters[STAT_COUNT];
	u32 state; /* enum vm_state */
	u32 reserved;
	char reason[128]; /* VM_FATAL: what happened, one line */
	u64 free_pages;	  /* of the hypervisor's own pool (machine) */
	u64 memory_used;  /* bytes in use by hypervisor and device domain beyond guests' RAM */
	u64 dm_wakeups, dm_restarts, dm_exits;
	u64 dm_longest; /* TSC ticks: longest run of the device domain between two waits */
	u64 idle_tsc;	/* TSC ticks that cores spent halted, all cores */
};

#endif
