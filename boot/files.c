/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Reads files from \oriel on the volume that the loader itself came from (UEFI 2.10, 13.5).
 * Owns the open directory between files_open() and files_close().
 */
#include "boot/boot.h"

/* Some firmware fails on very large single reads. */
#define READ_CHUNK MIB(4)

static EFI_FILE_HANDLE volume;

void files_open(void)
{
	static EFI_GUID image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	static EFI_GUID fs_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_BOOT_SERVICES *bs = boot_system->BootServices;
	EFI_LOADED_IMAGE *image;
	EFI_FILE_IO_INTERFACE *fs;

	if (EFI_ERROR(bs->HandleProtocol(boot_image, &image_guid, (void **)&image)) ||
	    EFI_ERROR(bs->HandleProtocol(image->DeviceHandle, &fs_guid, (void **)&fs)) ||
	    EFI_ERROR(fs->OpenVolume(fs, &volume)))
		refuse("the volume that the loader came from cannot be read");
}

void files_close(void)
{
	volume->Close(volume);
}

static int file_size(EFI_FILE_HANDLE file, u64 *size)
{
	static EFI_GUID info_guid = EFI_FILE_INFO_ID;
	static union {
		EFI_FILE_INFO info;
		u8 room[sizeof(EFI_FILE_INFO) + 512];
	} buffer;
	UINTN len = sizeof(buffer);

	if (EFI_ERROR(file->GetInfo(file, &info_guid, &len, &buffer)))
		return -EIO;
	if (buffer.info.Attribute & EFI_FILE_DIRECTORY)
		return -EINVAL;
	*size = buffer.info.FileSize;
	return 0;
}

static int file_load(EFI_FILE_HANDLE file, const char *name, struct blob *out)
{
	u64 at = 0;
	UINTN chunk;

	out->base = boot_alloc(out->len, PAGE_SIZE, name);
	while (at < out->len) {
		chunk = (UINTN)MIN(out->len - at, READ_CHUNK);
		if (EFI_ERROR(file->Read(file, &chunk, out->base + at)) || chunk == 0)
			return -EIO;
		at += chunk;
	}
	return 0;
}

/* "\oriel\" and the name, with UEFI's separators and characters. */
static void path_make(const char *name, CHAR16 *path, size_t room)
{
	static const char prefix[] = "\\oriel\\";
	size_t n = 0, i;

	for (i = 0; prefix[i]; i++)
		path[n++] = (CHAR16)prefix[i];
	for (i = 0; name[i] && n + 1 < room; i++)
		path[n++] = (CHAR16)(name[i] == '/' ? '\\' : name[i]);
	path[n] = 0;
}

int files_read(const char *name, struct blob *out, const char **why)
{
	CHAR16 path[96];
	EFI_FILE_HANDLE file;
	EFI_STATUS status;
	int ret;

	path_make(name, path, ARRAY_SIZE(path));
	status = volume->Open(volume, &file, path, EFI_FILE_MODE_READ, 0);
	if (EFI_ERROR(status)) {
		*why = status == EFI_NOT_FOUND ? "no such file" : "cannot be opened";
		return -ENOENT;
	}
	ret = file_size(file, &out->len);
	if (ret == -EINVAL) {
		*why = "is a directory";
	} else if (ret == 0 && out->len == 0) {
		*why = "is empty";
		ret = -EINVAL;
	} else {
		*why = "cannot be read";
		if (ret == 0)
			ret = file_load(file, name, out);
	}
	file->Close(file);
	return ret;
}
