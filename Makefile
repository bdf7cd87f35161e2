# SPDX-License-Identifier: GPL-3.0-or-later
# anydoor: build, test, demo and install. `make help` lists the targets; V=1 shows the commands.

BUILD	?= build
PREFIX	?= /usr/local
CLANG	?= clang
CC	?= gcc
BPFTOOL	?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
VERSION	:= 0.1.0

MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
PKGS	:= libbpf libxdp libelf zlib yaml-0.1 libevent libsodium libmnl jansson libsystemd libzscanner

WARN	:= -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wshadow
CFLAGS	?= -O2 -g
CFLAGS	+= -std=gnu11 $(WARN) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. -I$(BUILD)
CFLAGS	+= $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS	:= $(shell pkg-config --libs $(PKGS) 2>/dev/null)
BPFFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -I. \
	    $(if $(MULTIARCH),-I/usr/include/$(MULTIARCH))

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s%s\n'
endif

BPF_OBJS  := $(patsubst bpf/%.bpf.c,$(BUILD)/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKELETONS := $(BPF_OBJS:.bpf.o=.skel.h)
USER_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out user/main.c,$(wildcard user/*.c)))
UNITS	  := $(patsubst selftests/%.c,$(BUILD)/selftests/%,$(wildcard selftests/unit/test_*.c))

.PHONY: all
all: $(BUILD)/anydoor

# --- data path -------------------------------------------------------------------------------
$(BUILD)/%.bpf.o: bpf/%.bpf.c
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@

# --- user side -------------------------------------------------------------------------------
$(BUILD)/user/%.o: user/%.c | $(SKELETONS)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# libxdp cannot tell its version at run time.
$(BUILD)/user/cmd_version.o: CFLAGS += -DLIBXDP_VERSION='"$(shell pkg-config --modversion libxdp)"'

$(BUILD)/libanydoor.a: $(USER_OBJS)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/anydoor: $(BUILD)/user/main.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# --- tests -----------------------------------------------------------------------------------
$(BUILD)/selftests/%.o: selftests/%.c | $(SKELETONS)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/selftests/unit/%: $(BUILD)/selftests/unit/%.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: units
units: $(UNITS)

# --- bench -----------------------------------------------------------------------------------
BENCH	   := $(BUILD)/selftests/bench
BENCH_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %.bpf.c,$(wildcard selftests/bench/*.c)))

$(BENCH)/%.bpf.o: selftests/bench/%.bpf.c
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c $< -o $@

$(BENCH)/%.skel.h: $(BENCH)/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@

$(BENCH_OBJS): | $(BENCH)/wrap.skel.h

$(BENCH)/bench: $(BENCH_OBJS) $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: bench
bench: $(BENCH)/bench
	$(Q)$< -o $(BUILD)/bench.json

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
