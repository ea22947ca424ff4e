/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * oriel.conf after parsing. Made by boot/config.c, which has checked every value; handed on in
 * struct handoff (to hv) and struct dm_info (to dm). Strings end with NUL. Files are indices into
 * the handoff's file table, FILE_NONE where the key is absent.
 */
#ifndef ABI_CONFIG_H
#define ABI_CONFIG_H

#include <abi/types.h>

#define MAX_VMS	    8 /* guests; the device domain is not one of them */
#define MAX_VM_CPUS 8
#define MAX_FILES   48
#define FILE_NONE   0xffffffffu

#define MAX_GUEST_MEMORY     GIB(24)
#define MAX_GPU_MEMORY	     GIB(1) /* a guest's, and of all guests together three times that */
#define MAX_GPU_MEMORY_TOTAL GIB(3)
#define MIN_VRAM	     MIB(4)
#define MAX_VRAM	     MIB(64)
#define MAX_GPU_ENTRIES	     65536

enum config_layout { LAYOUT_TILES, LAYOUT_FULL, LAYOUT_PIP };
enum config_display { DISPLAY_VIRTIO_VGA, DISPLAY_VIRTIO_GPU, DISPLAY_BOCHS, DISPLAY_NONE };
enum config_input { INPUT_PS2 = 1, INPUT_TABLET = 2, INPUT_KEYBOARD = 4 };
enum config_net { NET_OFF, NET_DHCP, NET_STATIC };

struct vm_config {
	char name[32];
	char cmdline[1024];
	u64 memory; /* bytes, a multiple of 2 MiB */
	u32 cpus;   /* 1..MAX_VM_CPUS */
	u32 display;
	u32 width, height; /* preferred mode */
	u32 heads;
	u32 input;					       /* enum config_input, or-ed */
	u32 kernel, initrd, firmware, option_rom, disk, cdrom; /* file indices */
	u64 vram;	 /* bytes, a power of two; 0: a display without a VGA */
	u64 gpu_memory;	 /* bytes for virtio-gpu's resources, a multiple of 2 MiB; 0: no such device
			  */
	u32 gpu_entries; /* of backing memory, that one resource may have */
	u32 line;	 /* of its section in oriel.conf, for messages */
	u32 virtio_console; /* 1: it has one */
	u32 log_serial;	    /* 1: copy the guest's serial output to the log, prefixed */
};

struct config {
	u32 screen_width, screen_height; /* 0: native */
	u32 layout;
	u32 refresh;	 /* Hz; 0: off */
	u32 serial_port; /* I/O port; 0: off */
	u32 serial_baud;
	u32 net_mode;
	u8 net_address[4], net_gateway[4];
	u32 net_prefix;
	u16 http_port, vnc_port; /* 0: off */
	char password[64];
	u32 vm_count;
	u32 reserved;
	struct vm_config vms[MAX_VMS];
};

#endif
