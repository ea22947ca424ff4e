/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Disks held in memory (VIRTIO 1.2 section 5.2): `disk` can be written to and keeps what was
 * written until the machine is switched off, through resets of the guest and restarts of the
 * device domain; `cdrom` is read-only. A file's last incomplete sector is left out.
 *
 * All requests can be carried out again, so none is marked.
 */
#include "virtio_blk.h"
#include "virtio_pci.h"
#include "dm/devices.h"
#include "dm/runtime.h"

#include <abi/range.h>

#define SECTOR	     512u
#define QUEUE_SIZE   128
#define SERIAL_LEN   20
#define CLASS_SCSI   0x010000
#define DEVICE_BLK   0x1042
#define SUBSYSTEM    0x1102
#define MSIX_VECTORS 2

#define BLK_F_SEG_MAX  BIT(2)
#define BLK_F_RO       BIT(5)
#define BLK_F_BLK_SIZE BIT(6)
#define BLK_F_FLUSH    BIT(9)
#define BLK_FEATURES   (BLK_F_SEG_MAX | BLK_F_BLK_SIZE | BLK_F_FLUSH | VIRTIO_TRANSPORT_FEATURES)

enum { BLK_IN = 0, BLK_OUT = 1, BLK_FLUSH = 4, BLK_GET_ID = 8 };
enum { BLK_OK = 0, BLK_IOERR = 1, BLK_UNSUPPORTED = 2 };

struct blk_config {
	u64 capacity; /* sectors */
	u32 size_max, seg_max;
	u16 cylinders;
	u8 heads, sectors;
	u32 block_size;
};

struct blk_request {
	u32 type, reserved;
	u64 sector;
};

struct blk {			 /* one for each disk of each guest */
	struct virtio_device vd; /* first: see virtio_dev_access() */
	u8 *data;
	u64 len; /* whole sectors */
	bool read_only;
	const char *serial;
};

static struct blk disks[MAX_VMS], cdroms[MAX_VMS];

static void config_read(struct virtio_device *vd, u8 *config)
{
	const struct blk *blk = vd->dev->priv;
	struct blk_config c = { .capacity = blk->len / SECTOR,
				.seg_max = QUEUE_SIZE - 2,
				.block_size = SECTOR };

	memcpy(config, &c, sizeof(c));
}

/* Between chain and disk; the status. *written: bytes that the chain received. */
static u8 transfer(struct blk *blk, const struct virtq_chain *chain, const struct blk_request *r,
		   u64 *written)
{
	const struct dm_vm *vm = blk->vd.dev->vm;
	u64 room = blk->len / SECTOR;
	u64 len = r->type == BLK_IN ? chain->in_len - 1 : chain->out_len - sizeof(*r);
	s64 done;

	if (len % SECTOR || !range_within(r->sector, len / SECTOR, room))
		return BLK_IOERR;
	if (r->type == BLK_OUT) {
		if (blk->read_only)
			return BLK_IOERR;
		done = virtq_read(vm, chain, sizeof(*r), blk->data + r->sector * SECTOR, len);
	} else {
		done = virtq_write(vm, chain, 0, blk->data + r->sector * SECTOR, len);
		*written = done > 0 ? (u64)done : 0;
	}
	return done == (s64)len ? BLK_OK : BLK_IOERR;
}

static u8 give_id(struct blk *blk, const struct virtq_chain *chain, u64 *written)
{
	char id[SERIAL_LEN] = "";
	s64 done;

	str_format(id, sizeof(id), "%s", blk->serial);
	done = virtq_write(blk->vd.dev->vm, chain, 0, id, MIN((u64)sizeof(id), chain->in_len - 1));
	*written = done > 0 ? (u64)done : 0;
	return done < 0 ? BLK_IOERR : BLK_OK;
}

/* The last byte that can be written is the status (section 5.2.6). */
static s64 handle(struct virtio_device *vd, u32 queue, const struct virtq_chain *chain)
{
	struct blk *blk = vd->dev->priv;
	struct blk_request r;
	u64 written = 0;
	u8 status = BLK_UNSUPPORTED;

	(void)queue;
	if (chain->in_len == 0 || virtq_read(vd->dev->vm, chain, 0, &r, sizeof(r)) != sizeof(r))
		return -EINVAL;
	if (r.type == BLK_IN || r.type == BLK_OUT)
		status = transfer(blk, chain, &r, &written);
	else if (r.type == BLK_FLUSH)
		status = BLK_OK;
	else if (r.type == BLK_GET_ID)
		status = give_id(blk, chain, &written);
	if (virtq_write(vd->dev->vm, chain, chain->in_len - 1, &status, 1) != 1)
		return -EFAULT;
	return (s64)written + 1;
}

static const struct virtio_device_ops disk_device_ops = {
	.features = BLK_FEATURES,
	.queue_count = 1,
	.queue_size = { QUEUE_SIZE },
	.config_len = sizeof(struct blk_config),
	.config_read = config_read,
	.handle = handle,
};

static const struct virtio_device_ops cdrom_device_ops = {
	.features = BLK_FEATURES | BLK_F_RO,
	.queue_count = 1,
	.queue_size = { QUEUE_SIZE },
	.config_len = sizeof(struct blk_config),
	.config_read = config_read,
	.handle = handle,
};

static int create(struct dm_device *dev, struct blk *blk, u32 slot)
{
	struct virtio_identity id = { .devfn = (u8)(slot << 3),
				      .device = DEVICE_BLK,
				      .subsystem = SUBSYSTEM,
				      .class_code = CLASS_SCSI,
				      .msix_vectors = MSIX_VECTORS };

	dev->priv = blk;
	blk->vd.dev = dev;
	blk->vd.state = dev->state;
	return virtio_pci_create(&blk->vd, &id);
}

static int disk_create(struct dm_device *dev)
{
	struct blk *blk = &disks[dev->vm->index];

	*blk = (struct blk){ .vd.ops = &disk_device_ops, .serial = "oriel-disk" };
	blk->data = (u8 *)dm_info->vm_disk[dev->vm->index];
	if (blk->data)
		blk->len = ALIGN_DOWN(dm_info->files[dev->vm->config->disk].len, (u64)SECTOR);
	return create(dev, blk, VIRTIO_BLK_DISK_SLOT);
}

static int cdrom_create(struct dm_device *dev)
{
	struct blk *blk = &cdroms[dev->vm->index];
	u32 file = dev->vm->config->cdrom;

	*blk = (struct blk){ .vd.ops = &cdrom_device_ops, .read_only = true, .serial = "oriel-cd" };
	if (file < dm_info->file_count) {
		blk->data = (u8 *)dm_info->files[file].base;
		blk->len = ALIGN_DOWN(dm_info->files[file].len, (u64)SECTOR);
	}
	return create(dev, blk, VIRTIO_BLK_CDROM_SLOT);
}

static bool disk_wanted(const struct vm_config *config)
{
	return config->disk != FILE_NONE;
}

static bool cdrom_wanted(const struct vm_config *config)
{
	return config->cdrom != FILE_NONE;
}

static void blk_reset(struct dm_device *dev)
{
	virtio_pci_reset(dev->priv);
}

static int blk_adopt(struct dm_device *dev)
{
	return virtio_pci_adopt(dev->priv);
}

const struct dm_device_ops disk_ops = {
	.name = "disk",
	.state_size = sizeof(struct virtio_state),
	.wanted = disk_wanted,
	.create = disk_create,
	.reset = blk_reset,
	.adopt = blk_adopt,
	.access = virtio_dev_access,
	.doorbell = virtio_dev_doorbell,
	.timer = virtio_dev_timer,
};

const struct dm_device_ops cdrom_ops = {
	.name = "cdrom",
	.state_size = sizeof(struct virtio_state),
	.wanted = cdrom_wanted,
	.create = cdrom_create,
	.reset = blk_reset,
	.adopt = blk_adopt,
	.access = virtio_dev_access,
	.doorbell = virtio_dev_doorbell,
	.timer = virtio_dev_timer,
};
