# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
#
# Unit tests on the host. `make -f tests/unit/unit.mk TARGET`:
#
#   binaries   builds every tests/unit/test_*.c
#   run        builds and runs them, then replays the fuzz corpora; a line a test, and
#              $(BUILD)/results/unit.txt
#   fuzz       runs every tests/unit/fuzz_*.c for FUZZ_SECONDS each
#   replay     runs the fuzz targets over their seeds only: tests/unit/corpus/NAME/*.hex, each an
#              input as hexadecimal bytes
#   TESTS='test_a test_b' chooses.
#
# A test says in comments, each on one line, what it is linked with; paths from the root, with * for
# the files of one device:
#   /* sources: arch/x86/decode*.c arch/fake/fake_log.c */
#   /* as: test_other */	the sources and libraries that test_other.c names
#   /* libs: -lZydis */
# A source in tests/unit may name sources that it needs itself.

BUILD ?= build
FUZZ_SECONDS ?= 60
TEST_SECONDS ?= 120
UNIT := $(BUILD)/unit
FUZZ := $(BUILD)/fuzz
RESULTS := $(BUILD)/results
SELF := tests/unit/unit.mk
SHELL := /bin/bash

TESTS ?= $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS ?= $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/fuzz_*.c)))

INCLUDES := -Ihv/include -Iarch/include -iquote hv -iquote arch/x86 -iquote arch/fake -iquote dm \
	-I. -I$(BUILD)/gen -isystem /usr/include/stb -isystem build/src/lwip/src/include \
	-isystem build/src/lwip/src \
	-Idm/net
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	-Wundef
COMMON := -std=gnu11 -g -O1 -fno-omit-frame-pointer -DUNIT_TEST -DZLIB_CONST $(INCLUDES) -MD -MP
UNIT_CFLAGS := $(COMMON) $(WARNINGS) -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_CFLAGS := $(COMMON) -Wall -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined

# $(call said,KEY,FILE): what the file's head comments say after KEY.
said = $(if $(2),$(shell sed -n 's|^/\* $(1): *\(.*[^ ]\) *\*/.*|\1|p' $(2)))
# $(call saying,NAME): the files whose sources it is linked with.
saying = tests/unit/$(1).c $(patsubst %,tests/unit/%.c,$(call said,as,tests/unit/$(1).c))
sources = $(call said,sources,$(call saying,$(1)))
objects = $(patsubst %.c,$(1)/obj/%.o,$(sort $(wildcard tests/unit/$(2).c $(call sources,$(2)) \
	$(call said,sources,$(filter tests/unit/%,$(call sources,$(2)))))))

.DEFAULT_GOAL := run
.PHONY: binaries run fuzz replay FORCE
.DELETE_ON_ERROR:
.SECONDARY:

$(UNIT)/obj/%.o: %.c $(SELF)
	@mkdir -p $(@D)
	gcc $(UNIT_CFLAGS) -c $< -o $@

$(FUZZ)/obj/%.o: %.c $(SELF)
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -c $< -o $@

define unit_program
$(UNIT)/$(1): $(call objects,$(UNIT),$(1))
	gcc $(UNIT_CFLAGS) $$^ -o $$@ -lcmocka -pthread $(call said,libs,$(call saying,$(1)))
endef
define fuzz_program
$(FUZZ)/$(1): $(call objects,$(FUZZ),$(1))
	clang -fsanitize=fuzzer,address,undefined $$^ -o $$@ $(call said,libs,$(call saying,$(1)))
endef
$(foreach t,$(TESTS),$(eval $(call unit_program,$(t))))
$(foreach t,$(FUZZERS),$(eval $(call fuzz_program,$(t))))

# The seeds as bytes.
$(FUZZ)/seeds/%: FORCE
	@rm -rf $@ && mkdir -p $@
	@for f in $(wildcard tests/unit/corpus/$*/*.hex); do \
		tr -d ' \n' <$$f | tr a-f A-F | basenc -d --base16 >$@/$$(basename $$f .hex); \
	done

binaries: $(TESTS:%=$(UNIT)/%)

# A test that does not build must not keep the others from running: so build first, go on, and let
# each run ask whether its program is up to date.
run: FORCE
	@mkdir -p $(RESULTS)/unit
	@rm -f $(RESULTS)/unit/*.txt
	@$(MAKE) -s -k -j2 -f $(SELF) $(TESTS:%=$(UNIT)/%) $(FUZZERS:%=$(FUZZ)/%) \
		>$(RESULTS)/unit/build.log 2>&1 || tail -n 40 $(RESULTS)/unit/build.log
	@$(MAKE) -s -k -j2 -f $(SELF) $(TESTS:%=$(RESULTS)/unit/%.txt) \
		$(FUZZERS:%=$(RESULTS)/unit/%.txt)
	@cat $(RESULTS)/unit/*.txt >$(RESULTS)/unit.txt
	@! grep -q '^FAIL' $(RESULTS)/unit.txt

replay: FORCE
	@mkdir -p $(RESULTS)/unit
	@$(MAKE) -s -j2 -f $(SELF) $(FUZZERS:%=$(FUZZ)/%)
	@$(MAKE) -s -k -f $(SELF) $(FUZZERS:%=$(RESULTS)/unit/%.txt)

# $(call judge,NAME,PROGRAM,COMMAND): runs it; one line of PASS or FAIL with the reason.
judge = name=unit/$(1); log=$(RESULTS)/unit/$(1).log; \
	if ! $(MAKE) -s -q -f $(SELF) $(2) 2>/dev/null; then \
		line="FAIL $$name does not build"; \
	elif timeout -k 5 $(TEST_SECONDS) $(3) >$$log 2>&1; then \
		line="PASS $$name"; \
	else \
		rc=$$?; reason="exit status $$rc"; \
		[ $$rc -ne 124 ] || reason="no end after $(TEST_SECONDS) s"; \
		said=$$(grep -m1 -aE 'ERROR:|runtime error:|error: Failure|\[  FAILED  \]' $$log); \
		line="FAIL $$name $$reason $$said"; \
	fi; \
	echo "$$line" | tee $(RESULTS)/unit/$(1).txt

$(RESULTS)/unit/test_%.txt: FORCE
	@$(call judge,test_$*,$(UNIT)/test_$*,$(UNIT)/test_$*)

$(RESULTS)/unit/fuzz_%.txt: $(FUZZ)/seeds/% FORCE
	@$(call judge,fuzz_$*,$(FUZZ)/fuzz_$*,$(FUZZ)/fuzz_$* -runs=0 -artifact_prefix=$(FUZZ)/ $<)

# New inputs go to build/; those worth keeping are copied to tests/unit/corpus/ by hand, with
# `od -An -v -tx1 FILE`.
fuzz: $(FUZZERS:%=$(FUZZ)/%) $(FUZZERS:fuzz_%=$(FUZZ)/seeds/%)
	@for f in $(FUZZERS:fuzz_%=%); do \
		mkdir -p $(FUZZ)/corpus/$$f; \
		echo "fuzz $$f for $(FUZZ_SECONDS) s"; \
		$(FUZZ)/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			-artifact_prefix=$(FUZZ)/ $(FUZZ)/corpus/$$f $(FUZZ)/seeds/$$f || exit 1; \
	done

FORCE:

-include $(shell find $(UNIT)/obj $(FUZZ)/obj -name '*.d' 2>/dev/null)
