# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
#
# The whole build, not recursive. `make help` lists the targets. Everything made lies under
# $(BUILD); what tools/setup fetches lies under build/ always. Two builds of one tree are equal
# byte for byte: no times, no paths, no random identifiers.
#
#   BUILD=dir      build somewhere else than build/
#   HV_ELF=, DM_ELF=   put other programs into BOOTX64.EFI
#   V=1            show the commands

BUILD ?= build
HV_ELF ?= $(BUILD)/hv.elf
DM_ELF ?= $(BUILD)/dm.elf
CC := gcc
HOST_CC := gcc
export SOURCE_DATE_EPOCH := 1735689600
export LC_ALL := C
export PATH := $(PATH):/usr/sbin:/sbin
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $@)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all setup image run test test-unit test-system soak bench fuzz check layers clean help FORCE

# ---- Set-up ----------------------------------------------------------------------------------
# A makefile that make brings up to date before anything else: on a fresh machine there are no
# compiler and no lwIP sources to list yet. Unchanged when there was nothing to do, so make goes
# straight on.
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
-include $(BUILD)/setup.mk
endif

$(BUILD)/setup.mk: FORCE
	@tools/setup
	@mkdir -p $(@D) && [ -e $@ ] && [ $@ -nt tools/setup ] || touch $@

setup: $(BUILD)/setup.mk

# ---- Sources ---------------------------------------------------------------------------------
LWIP := build/src/lwip/src
ZLIB := build/src/zlib
hv_src := $(wildcard arch/x86/*.c arch/x86/*.S arch/x86/vmx/*.[cS] arch/x86/svm/*.[cS] hv/*.c)
dm_src := $(wildcard dm/*.c dm/*.S dm/*/*.c)
lwip_src := $(wildcard $(LWIP)/core/*.c $(LWIP)/core/ipv4/*.c $(LWIP)/core/ipv6/*.c) \
	$(LWIP)/netif/ethernet.c
zlib_src := $(addprefix $(ZLIB)/,adler32.c crc32.c deflate.c trees.c zutil.c)
boot_src := $(wildcard boot/*.c boot/*.S)
host_tools := $(patsubst tools/%.c,$(BUILD)/tools/%,$(wildcard tools/oriel-*.c))

# Objects of a program: each has a folder of its own, since flags differ.
objects = $(addprefix $(BUILD)/obj/$(1)/,$(addsuffix .o,$(2)))
hv_obj := $(call objects,hv,$(hv_src))
dm_obj := $(call objects,dm,$(dm_src))
libs_obj := $(call objects,libs,$(lwip_src) $(zlib_src))
boot_obj := $(call objects,boot,$(boot_src))

# ---- Flags -----------------------------------------------------------------------------------
WARN := -Wall -Wextra -Werror -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wundef
# Not -MMD: what a system header (lwIP) includes, even of ours, would be left out.
COMMON := -std=gnu11 -O2 -g -ffreestanding -fno-stack-protector -fcf-protection=none \
	-fno-strict-aliasing -fno-asynchronous-unwind-tables -fno-common -mno-red-zone \
	-ffile-prefix-map=$(CURDIR)=. -I$(BUILD)/gen -Ihv/include -isystem /usr/include/stb -MD -MP
STATIC := -fno-pic -fno-pie -nostdlib
HV_FLAGS := $(COMMON) $(STATIC) -mcmodel=kernel -mgeneral-regs-only -Iarch/include -Ihv -Iarch/x86 \
	-I.
# Z_SOLO: zlib without a C library.
LIBS_FLAGS := -isystem $(LWIP)/include -isystem $(LWIP) -Idm/net -isystem $(ZLIB) -DZ_SOLO -DNO_GZIP \
	-DZLIB_CONST
DM_FLAGS := $(COMMON) $(STATIC) -mcmodel=small -Idm -I. $(LIBS_FLAGS)
# What lwIP has and nobody calls is left out: some of it would need a C library.
LIBS_CFLAGS := $(DM_FLAGS) -w -ffunction-sections -fdata-sections
BOOT_FLAGS := $(COMMON) -fpic -fshort-wchar -fvisibility=hidden -maccumulate-outgoing-args \
	-DGNU_EFI_USE_MS_ABI -I. -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
HOST_FLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -Ihv/include -I. -I$(BUILD)/gen \
	-isystem /usr/include/stb -MMD -MP
LINK := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-z,noexecstack -Wl,--fatal-warnings

# ---- Programs --------------------------------------------------------------------------------
all: $(BUILD)/BOOTX64.EFI $(host_tools)

generated := $(BUILD)/gen/build_id.h $(BUILD)/gen/font_8x16.h $(BUILD)/gen/dsdt_aml.h \
	$(BUILD)/gen/dsdt_ps2_aml.h
.SECONDARY: $(generated)

# What a build depends on beside files' contents: flags, and which sources there are.
stamp = @mkdir -p $(@D); echo '$(strip $(1))' | cmp -s - $@ || echo '$(strip $(1))' >$@
$(BUILD)/gen/flags: FORCE
	$(call stamp,$(HV_FLAGS) $(DM_FLAGS) $(LIBS_CFLAGS) $(BOOT_FLAGS) $(HOST_FLAGS) $(WARN))
$(BUILD)/gen/sources: FORCE
	$(call stamp,$(LINK) $(hv_src) $(dm_src) $(lwip_src) $(zlib_src) $(boot_src))

define compile
$(call say,CC)
@mkdir -p $(@D)
$(Q)$(CC) $(1) -c -o $@ $<
endef

$(BUILD)/obj/hv/%.o: % $(BUILD)/gen/flags | $(generated)
	$(call compile,$(HV_FLAGS) $(WARN))
$(BUILD)/obj/dm/%.o: % $(BUILD)/gen/flags | $(generated)
	$(call compile,$(DM_FLAGS) $(WARN))
$(BUILD)/obj/libs/%.o: % $(BUILD)/gen/flags | $(generated)
	$(call compile,$(LIBS_CFLAGS))
$(BUILD)/obj/boot/%.o: % $(BUILD)/gen/flags | $(generated)
	$(call compile,$(BOOT_FLAGS) $(WARN))

$(BUILD)/hv.elf: arch/x86/hv.lds $(hv_obj) $(BUILD)/gen/sources
	$(call say,LD)
	$(Q)$(CC) $(LINK) -T $< -o $@ $(hv_obj)
$(BUILD)/dm.elf: dm/dm.lds $(dm_obj) $(libs_obj) $(BUILD)/gen/sources
	$(call say,LD)
	$(Q)$(CC) $(LINK) -Wl,--gc-sections -T $< -o $@ $(dm_obj) $(libs_obj)

# The two programs travel stripped inside the loader.
$(BUILD)/obj/boot/hv.stripped: $(HV_ELF)
$(BUILD)/obj/boot/dm.stripped: $(DM_ELF)
$(BUILD)/obj/boot/%.stripped:
	@mkdir -p $(@D)
	$(Q)objcopy --strip-all $< $@
$(BUILD)/obj/boot/boot/embed.S.o: $(BUILD)/obj/boot/hv.stripped $(BUILD)/obj/boot/dm.stripped
$(BUILD)/obj/boot/boot/embed.S.o: BOOT_FLAGS += -Wa,-I$(BUILD)/obj/boot
$(BUILD)/obj/boot/boot/format.c.o: WARN :=

$(BUILD)/boot.so: $(boot_obj) $(BUILD)/gen/sources
	$(call say,LD)
	$(Q)ld -shared -Bsymbolic -nostdlib -znocombreloc -z noexecstack --no-undefined \
		--build-id=none --no-warn-rwx-segments -T /usr/lib/elf_x86_64_efi.lds -o $@ \
		/usr/lib/crt0-efi-x86_64.o $(boot_obj) -L/usr/lib -lefi -lgnuefi
$(BUILD)/BOOTX64.EFI: $(BUILD)/boot.so
	$(call say,EFI)
	$(Q)objcopy -j .text -j .sdata -j .data -j .dynamic -j .dynsym -j '.rel*' -j .reloc \
		-j .rodata --target efi-app-x86_64 --subsystem=10 $< $@

# ---- Generated headers -----------------------------------------------------------------------
# The build's name: a hash over all that goes into it. Rewritten only when it changes.
$(BUILD)/gen/build_id.h: FORCE
	@mkdir -p $(@D)
	@id=$$(find Makefile arch boot dm hv -type f -name '[!.]*' | sort | xargs sha256sum | \
		sha256sum | cut -c 1-12); echo "#define BUILD_ID \"$$id\"" | cmp -s - $@ || \
		echo "#define BUILD_ID \"$$id\"" >$@

$(BUILD)/gen/font_8x16.h: $(BUILD)/tools/psf2h /usr/share/consolefonts/Lat15-Terminus16.psf.gz
	@mkdir -p $(@D)
	$(Q)gzip -dc $(word 2,$^) | $< >$@

# Guests' ACPI tables that are written in ASL, as arrays of bytes.
$(BUILD)/gen/dsdt_ps2_aml.h: dm/devices/dsdt.asl
$(BUILD)/gen/%_aml.h: dm/devices/%.asl
	@mkdir -p $(@D)
	$(Q)cpp -P -undef $< >$(@D)/$*.asl && iasl -ve -p $(@D)/$* $(@D)/$*.asl >$(@D)/$*.log 2>&1 || \
		{ cat $(@D)/$*.log; exit 1; }
	$(Q){ echo "static const unsigned char $*_aml[] = {"; od -An -v -tx1 $(@D)/$*.aml | \
		sed 's/ \(..\)/0x\1,/g'; echo "};"; } >$@

# ---- Host tools ------------------------------------------------------------------------------
# stb's libraries in one file leave functions over: no warning for those.
$(BUILD)/tools/%: tools/%.c $(BUILD)/gen/flags
	$(call say,HOSTCC)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(HOST_FLAGS) $(WARN) -Wno-unused-function -o $@ $(filter %.c,$^) -lm

$(BUILD)/tools/oriel-diff $(BUILD)/tools/oriel-shot: tools/picture.c

$(BUILD)/tools/oriel-conf: boot/config.c boot/config_values.c boot/text.c

# ---- Images ----------------------------------------------------------------------------------
OUT ?= $(BUILD)/oriel.img

image: $(BUILD)/BOOTX64.EFI $(BUILD)/tools/oriel-conf
	@[ -n "$(CONFIG)" ] || { echo "usage: make image CONFIG=path/oriel.conf [OUT=path]"; exit 2; }
	@BUILD=$(BUILD) tools/mkimage $(CONFIG) $(OUT)

# The demo: configuration and guests side by side.
demo := $(BUILD)/demo
$(demo)/oriel.conf: config/demo.conf
	@mkdir -p $(@D)
	@cp $< $@
$(demo)/vmlinuz: $(BUILD)/setup.mk
	@mkdir -p $(@D)
	@cp build/debian/vmlinuz $@
$(demo)/initrd.img: build/initrd.img
	@mkdir -p $(@D)
	@cp $< $@
$(BUILD)/demo.img: $(demo)/oriel.conf $(demo)/vmlinuz $(demo)/initrd.img $(BUILD)/BOOTX64.EFI \
		tools/mkimage $(BUILD)/tools/oriel-conf
	@BUILD=$(BUILD) tools/mkimage $< $@

run: $(BUILD)/demo.img all
	@tools/run qemu-svm $< --display --serial stdio $(if $(NET),--net $(NET))

# ---- Tests -----------------------------------------------------------------------------------
# Every part writes lines PASS name, FAIL name reason, SKIP name reason to build/results/*.txt;
# tools/summary adds them up and is what fails.
results := $(BUILD)/results

check:
	@mkdir -p $(results)
	@tools/check >$(results)/check.txt; tools/summary $(results)/check.txt

layers:
	@tools/layers

test-unit: | $(generated)
	$(if $(wildcard tests/unit/unit.mk),@$(MAKE) --no-print-directory -f tests/unit/unit.mk)

fuzz:
	$(if $(wildcard tests/unit/unit.mk),@$(MAKE) --no-print-directory -f tests/unit/unit.mk fuzz)

test-system: all
	$(if $(wildcard tests/system/run),@tests/system/run)

# Not part of `make test`: takes as long as it says.
SOAK_MINUTES ?= 30
soak: all linux-guest
	@tests/system/soak $(SOAK_MINUTES)

bench: all
	$(if $(wildcard tests/bench/run),@tests/bench/run)

# One part's failure does not keep the others from running.
test: all
	@rm -rf $(results)
	@mkdir -p $(results)
	@for part in check test-unit test-system; do \
		$(MAKE) --no-print-directory $$part || grep -qs '^FAIL' $(results)/*.txt || \
			echo "FAIL $$part ended with an error" >>$(results)/$$part.txt; \
	done
	@tools/summary $(results)/*.txt

# Guests for the tests: bare-metal ones and a Linux system.
-include tests/guest/guest.mk tests/linux/linux.mk

clean:
	rm -rf $(BUILD)/obj $(BUILD)/gen $(BUILD)/tools $(BUILD)/demo $(results) \
		$(BUILD)/*.elf $(BUILD)/*.so $(BUILD)/*.EFI $(BUILD)/*.img $(BUILD)/setup.mk

help:
	@echo "make [all]     build/BOOTX64.EFI and the tools"
	@echo "make run       the demo under QEMU"
	@echo "make image CONFIG=path/oriel.conf [OUT=path]   a bootable USB image"
	@echo "make test      everything: check, test-unit, test-system"
	@echo "make soak [SOAK_MINUTES=30]   Weston next to a text console, for so long"
	@echo "make check | test-unit | test-system | bench | fuzz | clean"

-include $(wildcard $(patsubst %.o,%.d,$(hv_obj) $(dm_obj) $(libs_obj) $(boot_obj)) \
	$(BUILD)/tools/*.d)
