# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config

BUILD := build$(if $(SAN),/san)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes
SANITIZE := $(if $(SAN),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all)

override CPPFLAGS += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DINSTALL_PREFIX='"$(PREFIX)"' -Isrc -iquote templates
# Hidden: a function of this program must not replace one of the same name in libbcc.
override CFLAGS += -std=gnu11 -fvisibility=hidden $(WARNINGS) $(SANITIZE)
override LDFLAGS += $(SANITIZE)
LIBS = $(shell $(PKG_CONFIG) --libs libbpf) -ldl -pthread

SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/src/embedded.o
MODULES := $(filter-out $(BUILD)/src/main.o,$(OBJECTS))
PROGRAM := $(if $(SAN),$(BUILD)/)bytetrace

UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/test_*.c)))

# One line for each file that is built; V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)

all: $(PROGRAM) ## build ./bytetrace

$(PROGRAM): $(OBJECTS)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The directory of installed probes is compiled in: rebuild when it changes.
$(shell mkdir -p $(BUILD); echo '$(PREFIX)' | cmp -s - $(BUILD)/prefix || echo '$(PREFIX)' >$(BUILD)/prefix)
$(BUILD)/src/generate/probes.o: $(BUILD)/prefix

# All probes and all parts of the template are embedded: adding a file is enough.
PROBES := $(sort $(wildcard probes/*.c))
TEMPLATES := $(sort $(filter-out templates/types.c,$(wildcard templates/*.[ch])))
$(shell { echo embed_table embedded_templates; \
	printf 'embed_row "%s", "%s"\n' $(foreach file,$(TEMPLATES),$(file) $(file)); \
	echo embed_end; echo embed_table embedded_probes; \
	printf 'embed_row "%s", "%s"\n' $(foreach file,$(PROBES),$(basename $(notdir $(file))) $(file)); \
	echo embed_end; } >$(BUILD)/embedded.new; \
	cmp -s $(BUILD)/embedded.new $(BUILD)/embedded.list || cp $(BUILD)/embedded.new $(BUILD)/embedded.list)

$(BUILD)/src/embedded.o: src/embedded.S $(BUILD)/embedded.list $(TEMPLATES) templates/types.c \
		$(PROBES) $(wildcard src/explain/*.txt)
	@mkdir -p $(@D)
	$(call say,AS)
	$(Q)$(CC) -I$(BUILD) -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(MODULES)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

TOOLS := $(BUILD)/tests/golden/render $(BUILD)/tests/compile/compile_headers \
	$(BUILD)/tests/compile/dump_modules \
	$(BUILD)/tests/bench/consume
-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(TOOLS:=.d) $(FILTER_TEST:.o=.d)

# Programs for tests: print the generated source, and compile it without the kernel that it is for.
$(BUILD)/render-golden: $(BUILD)/tests/golden/render.o $(MODULES)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/compile-headers: $(BUILD)/tests/compile/compile_headers.o $(MODULES)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/dump-modules: $(BUILD)/tests/compile/dump_modules.o $(MODULES)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# Filter expressions, evaluated in three ways.
FILTER_TEST := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/filter/*.c))

$(BUILD)/differential: $(FILTER_TEST) $(MODULES)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lpcap

# Programs of the benchmark: measure the reader, and send packets to drop.
$(BUILD)/consume: $(BUILD)/tests/bench/consume.o $(MODULES)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/flood $(BUILD)/inject: $(BUILD)/%: tests/bench/%.c
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $<

# The flags of the man page are those of --help, so that they cannot differ.
$(BUILD)/bytetrace.8: scripts/make-man scripts/bytetrace.8.in $(PROGRAM)
	scripts/make-man ./$(PROGRAM) >$@

man: $(BUILD)/bytetrace.8 ## build the man page

run: ## install what is missing, build, trace drops on this host until Ctrl-C (ARGS='-i eth0')
	scripts/install-deps build
	@$(MAKE) --no-print-directory -j "$$(nproc)" all
	./bytetrace $(ARGS)

demo: ## make a few real drops in network namespaces of their own and trace them
	scripts/install-deps demo
	@$(MAKE) --no-print-directory -j "$$(nproc)" all
	scripts/demo

test: ## install what the tests need, build, and pass them
	scripts/install-deps test
	@$(MAKE) --no-print-directory -j "$$(nproc)" all
	tests/run

unit: $(UNIT_TESTS) ## unit tests alone, no root needed (SAN=1: with sanitizers)
	tests/unit/run $(UNIT_TESTS)

test-vm: ## run the live tests on real Debian kernels, emulated (VM=debian12-6.1 for one)
	scripts/install-deps vm
	tests/vm/run $(VM)$(if $(VM),,; status=$$?; tests/vm/table --update; exit $$status)

bench: ## measure side by side with bpftrace (PEER=binary: and with another tracer)
	scripts/install-deps bench
	@$(MAKE) --no-print-directory -j "$$(nproc)" all
	tests/bench/run.py $(BENCH)

fuzz-filter: $(BUILD)/differential ## test random filter expressions and packets (SEED=1 COUNT=100)
	$(BUILD)/differential -c -s $(or $(SEED),$$(date +%s)) -n $(or $(COUNT),100) -p 1200

lint: ## check format, includes, C, shell scripts and the manual
	tests/lint/run

install: all man ## install below DESTDIR and PREFIX (/usr/local)
	install -D -m 755 bytetrace $(DESTDIR)$(PREFIX)/sbin/bytetrace
	install -D -m 644 $(BUILD)/bytetrace.8 $(DESTDIR)$(PREFIX)/share/man/man8/bytetrace.8
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/bytetrace/probes probes/*.c

uninstall: ## remove what install installed, and the cache of compiled programs
	rm -f $(DESTDIR)$(PREFIX)/sbin/bytetrace $(DESTDIR)$(PREFIX)/share/man/man8/bytetrace.8
	rm -rf $(DESTDIR)$(PREFIX)/share/bytetrace $(DESTDIR)/var/cache/bytetrace

clean: ## remove what was built
	rm -rf build bytetrace

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14

.PHONY: all run demo test test-vm unit fuzz-filter bench lint man install uninstall clean help
.SECONDARY:
