/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The framebuffer (UEFI 2.10, 12.9): takes the first Graphics Output device that has a linear
 * one, sets the mode asked for, and describes it by pixel masks, whatever its format is called.
 */
#include "boot/boot.h"

static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
static EFI_GUID edid_guid = EFI_EDID_ACTIVE_PROTOCOL_GUID;

struct masks {
	u32 red, green, blue;
	u32 bytes; /* a pixel */
};

/* A pixel is as wide as the highest bit of all masks says. */
static u32 mask_bytes(u32 all)
{
	u32 bytes = 0;

	for (; all; all >>= 8)
		bytes++;
	return bytes;
}

/* False for a format that has no linear framebuffer, or pixels of one byte. */
static bool format_masks(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode, struct masks *m)
{
	switch (mode->PixelFormat) {
	case PixelRedGreenBlueReserved8BitPerColor:
		*m = (struct masks){ 0x0000ff, 0x00ff00, 0xff0000, 4 };
		return true;
	case PixelBlueGreenRedReserved8BitPerColor:
		*m = (struct masks){ 0xff0000, 0x00ff00, 0x0000ff, 4 };
		return true;
	case PixelBitMask:
		*m = (struct masks){ mode->PixelInformation.RedMask,
				     mode->PixelInformation.GreenMask,
				     mode->PixelInformation.BlueMask, 0 };
		m->bytes = mask_bytes(m->red | m->green | m->blue |
				      mode->PixelInformation.ReservedMask);
		return m->red && m->green && m->blue && m->bytes >= 2;
	default:
		return false;
	}
}

static bool gop_linear(EFI_GRAPHICS_OUTPUT_PROTOCOL *gop)
{
	struct masks m;

	return gop->Mode && gop->Mode->Info && format_masks(gop->Mode->Info, &m) &&
	       gop->Mode->FrameBufferBase;
}

static EFI_GRAPHICS_OUTPUT_PROTOCOL *gop_find(void)
{
	EFI_BOOT_SERVICES *bs = boot_system->BootServices;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	EFI_HANDLE *handles;
	UINTN count, i;

	if (EFI_ERROR(bs->LocateHandleBuffer(ByProtocol, &gop_guid, NULL, &count, &handles)))
		refuse("no display: the firmware offers no Graphics Output Protocol");
	for (i = 0; i < count; i++)
		if (!EFI_ERROR(bs->HandleProtocol(handles[i], &gop_guid, (void **)&gop)) &&
		    gop_linear(gop))
			return gop;
	refuse("no linear framebuffer on any of the %u displays", (u32)count);
}

static EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode_query(EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, u32 i)
{
	EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
	UINTN size;

	return EFI_ERROR(gop->QueryMode(gop, i, &size, &info)) ? NULL : info;
}

static void mode_set(EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, u32 width, u32 height)
{
	EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info = gop->Mode->Info;
	struct masks m;
	u32 i;

	if (info->HorizontalResolution == width && info->VerticalResolution == height)
		return;
	for (i = 0; i < gop->Mode->MaxMode; i++) {
		info = mode_query(gop, i);
		if (!info || info->HorizontalResolution != width ||
		    info->VerticalResolution != height || !format_masks(info, &m))
			continue;
		if (EFI_ERROR(gop->SetMode(gop, i)))
			refuse("the display does not take its mode %ux%u", width, height);
		return;
	}
	for (i = 0; i < gop->Mode->MaxMode; i++) {
		info = mode_query(gop, i);
		if (info)
			report("the display has mode %ux%u%s", info->HorizontalResolution,
			       info->VerticalResolution,
			       format_masks(info, &m) ? "" : " (not linear)");
	}
	refuse("the display has no mode %ux%u", width, height);
}

/* A panel's EDID gives its size in mm with the first timing, or else in cm (E-EDID A2, sections
 * 3.10.2 and 3.6.2). Zero when the firmware does not know. */
static void panel_size(EFI_GRAPHICS_OUTPUT_PROTOCOL *gop, struct handoff_gop *out)
{
	enum { BLOCK = 128, CM = 21, TIMING = 54, TIMING_MM = TIMING + 12 };
	EFI_BOOT_SERVICES *bs = boot_system->BootServices;
	EFI_EDID_ACTIVE_PROTOCOL *edid = NULL;
	EFI_HANDLE *handles;
	UINTN count, i;
	void *other;

	if (EFI_ERROR(bs->LocateHandleBuffer(ByProtocol, &edid_guid, NULL, &count, &handles)))
		return;
	for (i = 0; i < count; i++)
		if (!EFI_ERROR(bs->HandleProtocol(handles[i], &gop_guid, &other)) && other == gop)
			if (EFI_ERROR(bs->HandleProtocol(handles[i], &edid_guid, (void **)&edid)))
				edid = NULL;
	if (!edid || edid->SizeOfEdid < BLOCK || !edid->Edid)
		return;
	if (edid->Edid[TIMING] | edid->Edid[TIMING + 1]) {
		const u8 *mm = edid->Edid + TIMING_MM;

		out->width_mm = mm[0] | (mm[2] >> 4 & 15u) << 8;
		out->height_mm = mm[1] | (mm[2] & 15u) << 8;
	}
	if (!out->width_mm || !out->height_mm) {
		out->width_mm = edid->Edid[CM] * 10u;
		out->height_mm = edid->Edid[CM + 1] * 10u;
	}
}

void gop_init(u32 width, u32 height, struct handoff_gop *out)
{
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = gop_find();
	EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
	struct masks m = { 0, 0, 0, 0 };
	u64 needed;

	if (width)
		mode_set(gop, width, height);
	info = gop->Mode->Info;
	if (!format_masks(info, &m) || !gop->Mode->FrameBufferBase)
		refuse("no linear framebuffer in mode %ux%u", info->HorizontalResolution,
		       info->VerticalResolution);
	needed = (u64)info->PixelsPerScanLine * info->VerticalResolution * m.bytes;
	if (info->PixelsPerScanLine < info->HorizontalResolution ||
	    (gop->Mode->FrameBufferSize && gop->Mode->FrameBufferSize < needed))
		refuse("the firmware describes a framebuffer too small for its mode");
	out->base = gop->Mode->FrameBufferBase;
	out->size = needed;
	out->width = info->HorizontalResolution;
	out->height = info->VerticalResolution;
	out->stride = info->PixelsPerScanLine;
	out->red_mask = m.red;
	out->green_mask = m.green;
	out->blue_mask = m.blue;
	out->pixel_bytes = m.bytes;
	panel_size(gop, out);
}
