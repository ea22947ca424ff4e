/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A network card's driver: frames through rings in the memory at DM_NIC_DMA_BASE. One card, one
 * receive and one transmit ring, no offloads.
 */
#ifndef DM_DRIVERS_NIC_H
#define DM_DRIVERS_NIC_H

#include <abi/nic.h>

#define NIC_FRAME  1514 /* the longest, without its checksum */
#define NIC_BUFFER 2048
#define NIC_RING   256 /* descriptors each way */

struct nic_ops {
	const char *name;
	/* Resets the card, makes the rings, lets it run; its address. 0, or -errno. */
	int (*start)(const struct dm_nic *nic, u8 mac[6]) must_check;
	/* Its interrupt is taken note of; whether the link may have changed. */
	bool (*acknowledge)(void);
	bool (*link)(void); /* up */
	/* The next received frame, at most NIC_FRAME bytes, valid until receive_done; NULL: none.
	 */
	const u8 *(*receive)(u32 *len);
	void (*receive_done)(void);
	/* Room for a frame of up to NIC_FRAME bytes, sent by transmit_done; NULL: none now. */
	u8 *(*transmit)(void);
	void (*transmit_done)(u32 len);
};

extern const struct nic_ops nic_e1000, nic_virtio;

#endif
