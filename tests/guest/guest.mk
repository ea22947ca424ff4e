# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
#
# The bare-metal guests: every tests/guest/NAME.c becomes build/guest/NAME.elf, a multiboot 1
# kernel (64-bit code in a 32-bit ELF file), together with the kit.

GUEST_NAMES := $(notdir $(basename $(wildcard tests/guest/*.c)))
GUEST_ELFS := $(GUEST_NAMES:%=build/guest/%.elf)
GUEST_KIT := $(patsubst tests/guest/%,build/guest/%.o,\
	$(sort $(wildcard tests/guest/kit/*.c tests/guest/kit/*.S)))
GUEST_CFLAGS := -std=gnu11 -O2 -m64 -ffreestanding -fno-pic -mcmodel=small -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-delete-null-pointer-checks \
	-Wall -Wextra -Werror -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wundef -Wno-main -Ihv/include -MMD -MP

.SECONDARY: $(GUEST_KIT)

build/guest/%.c.o: tests/guest/%.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -c -o $@ $<

build/guest/%.S.o: tests/guest/%.S
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) -m64 -Wall -Werror -MMD -MP -c -o $@ $<

build/guest/%.elf: build/guest/%.c.o $(GUEST_KIT) tests/guest/kit/link.ld
	$(call say,LD)
	$(Q)$(LD) -m elf_x86_64 -static -nostdlib --build-id=none -z max-page-size=4096 \
		-z noexecstack --no-warn-rwx-segments -T tests/guest/kit/link.ld \
		-o $(@:.elf=.elf64) $(filter %.o,$^)
	$(Q)objcopy -O elf32-i386 --strip-all $(@:.elf=.elf64) $@

build/guest/modes.elf: build/guest/modes_low.S.o
build/guest/gpu_protocol.elf: $(patsubst tests/guest/%,build/guest/%.o,\
	$(wildcard tests/guest/protocol/*.c))

.PHONY: bare-guests
bare-guests: $(GUEST_ELFS)

-include $(wildcard build/guest/*.d build/guest/kit/*.d build/guest/protocol/*.d)
