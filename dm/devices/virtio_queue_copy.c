/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* A chain's bytes: building its list of segments, copying from and to them. No state. */
#include "virtio_queue_rings.h"

int virtq_chain_add(struct virtq_chain *chain, const struct desc *d)
{
	u32 n = chain->out_count + chain->in_count;

	if (n >= VIRTQ_MAX_SIZE)
		return -EINVAL;
	chain->segments[n] = (struct virtq_segment){ d->addr, d->len };
	if (d->flags & DESC_WRITE) {
		chain->in_count++;
		chain->in_len += d->len;
	} else {
		if (chain->in_count)
			return -EINVAL;
		chain->out_count++;
		chain->out_len += d->len;
	}
	return 0;
}

int virtq_table_count(const struct desc *indirect)
{
	u32 count = indirect->len / sizeof(struct desc);

	if (count == 0 || count > VIRTQ_MAX_SIZE || indirect->len % sizeof(struct desc))
		return -EINVAL;
	return (int)count;
}

/* Moves bytes between `data` and segments [first, first + count), skipping `offset` bytes. */
static s64 segments_copy(const struct dm_vm *vm, const struct virtq_segment *segment, u32 count,
			 u64 offset, u8 *data, u64 len, bool to_guest)
{
	u64 done = 0;

	for (u32 i = 0; i < count && done < len; i++) {
		u64 part;
		int err;

		if (offset >= segment[i].len) {
			offset -= segment[i].len;
			continue;
		}
		part = MIN(segment[i].len - offset, len - done);
		if (segment[i].gpa + offset < segment[i].gpa)
			return -EFAULT;
		err = to_guest ? vm_write(vm, segment[i].gpa + offset, data + done, part)
			       : vm_read(vm, segment[i].gpa + offset, data + done, part);
		if (err)
			return err;
		done += part;
		offset = 0;
	}
	return (s64)done;
}

s64 virtq_read(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset, void *to,
	       u64 len)
{
	return segments_copy(vm, chain->segments, chain->out_count, offset, to, len, false);
}

s64 virtq_write(const struct dm_vm *vm, const struct virtq_chain *chain, u64 offset,
		const void *from, u64 len)
{
	/* The cast drops const only because reading and writing share the walk. */
	return segments_copy(vm, chain->segments + chain->out_count, chain->in_count, offset,
			     (u8 *)(uintptr_t)from, len, true);
}
