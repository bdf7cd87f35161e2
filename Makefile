# SPDX-License-Identifier: GPL-3.0-or-later
# anydoor: build, test, demo and install. `make help` lists the targets; V=1 shows the commands.

BUILD	?= build
PREFIX	?= /usr/local
CLANG	?= clang
ifeq ($(origin CC),default)
CC	:= gcc
endif
BPFTOOL	?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
VERSION	:= 0.2.0

MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
PKGS	:= libbpf libxdp libelf zlib yaml-0.1 libevent libsodium libmnl jansson libsystemd libseccomp libknot libdnssec libmaxminddb libcurl libnats

# No path of the machine that built it is in what is built: the same bytes in every folder.
HERE	:= -ffile-prefix-map=$(CURDIR)=.
WARN	:= -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wshadow
CFLAGS	?= -O2 -g
# As Debian hardens what it builds (dpkg-buildflags, hardening=+all), and more. They come before the
# user's own flags, which can take each back. _FORTIFY_SOURCE needs an optimizer.
HARDEN	:= -fstack-protector-strong -fstack-clash-protection -fPIE -Wformat -Werror=format-security \
	   $(if $(filter x86_64-%,$(MULTIARCH)),-fcf-protection) \
	   $(if $(filter aarch64-%,$(MULTIARCH)),-mbranch-protection=standard) \
	   $(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
override CFLAGS := $(HARDEN) $(CFLAGS)
override LDFLAGS := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack $(LDFLAGS)
override CFLAGS += -std=gnu11 $(WARN) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. -I$(BUILD)
override CFLAGS += $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(FORMATS)
LDLIBS	:= $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
BPFFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -I. $(FORMATS) \
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
GENERATED := $(SKELETONS) $(BUILD)/page_html.inc
USER_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out user/cli/main.c,$(wildcard user/*/*.c)))
UNITS	  := $(patsubst selftests/%.c,$(BUILD)/selftests/%,$(wildcard selftests/unit/test_*.c))

# What cannot be found, before the compiler says it in its own words.
MISSING	= $(if $(shell command -v $(1)),,$(1))
LACKING	= $(call MISSING,$(CC)) $(call MISSING,$(CLANG)) $(call MISSING,$(BPFTOOL)) \
	  $(if $(shell command -v pkg-config),$(foreach p,$(PKGS), \
	    $(if $(shell pkg-config --exists $(p) && echo yes),,$(p))),pkg-config)

.PHONY: all
all: $(BUILD)/anydoor			## build the anydoor binary (the default)

$(BUILD)/.tools:
	@lacking="$(strip $(LACKING))"; [ -z "$$lacking" ] || { \
		echo "anydoor cannot be built yet, these are missing: $$lacking"; \
		echo "\`sudo make deps\` installs them."; exit 1; } >&2
	@mkdir -p $(@D) && touch $@

# What was built with other flags is built again.
.PHONY: FORCE
$(BUILD)/.flags: export FLAGS = $(CC) $(CFLAGS) $(subst $(CURDIR),,$(HERE)) $(LDFLAGS)
$(BUILD)/.flags: FORCE | $(BUILD)/.tools
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" >$@

# --- data path -------------------------------------------------------------------------------
$(BUILD)/%.bpf.o: bpf/%.bpf.c $(BUILD)/.flags
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) $(HERE) -MMD -MP -c $< -o $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@

# --- user side -------------------------------------------------------------------------------
# A page for browsers, as a string of C.
$(BUILD)/%_html.inc: user/daemon/%.html | $(BUILD)/.tools
	$(say) HTML $@
	@mkdir -p $(@D)
	$(Q)sed -e 's/[\\"]/\\&/g; s/.*/\t"&\\n"/' -e '1s/^/static const char $*_html[] =\n/' -e '$$s/$$/;/' $< >$@.tmp && mv $@.tmp $@

$(BUILD)/user/%.o: user/%.c $(BUILD)/.flags | $(GENERATED)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(HERE) -MMD -MP -c $< -o $@

# libxdp cannot tell its version at run time.
$(addsuffix /user/cli/cmd_version.o,$(BUILD) $(BUILD)/san $(BUILD)/tsan): override CFLAGS += -DLIBXDP_VERSION='"$(shell pkg-config --modversion libxdp)"'

$(BUILD)/libanydoor.a: $(USER_OBJS)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/anydoor: $(BUILD)/user/cli/main.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# --- tests -----------------------------------------------------------------------------------
$(BUILD)/selftests/%.o: selftests/%.c $(BUILD)/.flags | $(GENERATED)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/selftests/unit/%: $(BUILD)/selftests/unit/%.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: units
units: $(UNITS)				## build the unit tests

# The same, and the binary, a second time: what sanitizers find must not need luck to be seen.
SAN	   := $(BUILD)/san
SAN_FLAGS  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -U_FORTIFY_SOURCE \
	      -Wno-format-truncation # instrumented code hides from it how far numbers go
SAN_UNITS  := $(UNITS:$(BUILD)/%=$(SAN)/%)
TEST_PROGRAMS += $(SAN_UNITS) $(SAN)/anydoor

$(SAN)/%.o: %.c $(BUILD)/.flags | $(GENERATED)
	$(say) CCSAN $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c $< -o $@

$(SAN)/libanydoor.a: $(USER_OBJS:$(BUILD)/%=$(SAN)/%)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcs $@ $^

$(SAN)/anydoor: $(SAN)/user/cli/main.o $(SAN)/libanydoor.a
	$(say) LDSAN $@
	$(Q)$(CC) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(SAN)/selftests/unit/%: $(SAN)/selftests/unit/%.o $(SAN)/libanydoor.a
	$(say) LDSAN $@
	$(Q)$(CC) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What the next version may be, for tests of an upgrade: an image of zones in another format and
# layout, and another version of the tunnel's option; and the version after that, which sends it, too.
NEXT	:= $(BUILD)/next
one_more = $(shell sed -n 's/^.define $(1) \([0-9]*\)$$/\1 + 1/p' $(2) | xargs expr)
NEXT_FORMATS = -DAD_DNS_FORMAT=$(call one_more,AD_DNS_FORMAT,maps/dns.h) -DAD_DNS_NSID_MAX=120 \
	       -DAD_TUNNEL_VERSION=$(call one_more,AD_TUNNEL_VERSION,maps/types.h)
NEXT_BINARIES := $(NEXT)/anydoor $(NEXT)/after/anydoor
TEST_PROGRAMS += $(NEXT)/after/anydoor

$(NEXT)/after/anydoor: FORCE | $(BUILD)/.tools
	$(Q)+$(MAKE) --no-print-directory BUILD=$(NEXT) CFLAGS=-O0 FORMATS="$(NEXT_FORMATS)" $(NEXT_BINARIES)

$(BUILD)/after/%.o: user/%.c $(BUILD)/.flags | $(GENERATED)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -DAD_TUNNEL_SENDS=AD_TUNNEL_VERSION -MMD -MP -c $< -o $@

$(BUILD)/after/anydoor: $(BUILD)/user/cli/main.o $(BUILD)/after/load/object.o $(BUILD)/after/fleet/probe.o \
			$(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What two threads share, a third time: data races need not be seen to be found.
TSAN	   := $(BUILD)/tsan
TSAN_UNITS := $(addprefix $(TSAN)/selftests/unit/test_,metrics_http worker zone_watch)
TSAN_FLAGS := -O1 -fsanitize=thread -U_FORTIFY_SOURCE -Wno-format-truncation -Wno-tsan
TEST_PROGRAMS += $(TSAN_UNITS)

$(TSAN)/%.o: %.c $(BUILD)/.flags | $(GENERATED)
	$(say) CCTSAN $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(TSAN_FLAGS) -MMD -MP -c $< -o $@

$(TSAN)/libanydoor.a: $(USER_OBJS:$(BUILD)/%=$(TSAN)/%)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcs $@ $^

$(TSAN_UNITS): %: %.o $(TSAN)/libanydoor.a
	$(say) LDTSAN $@
	$(Q)$(CC) $(TSAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# From a fresh clone: the flags above are made from what pkg-config finds, so a second make. It uses
# every CPU, unless the caller has said how many.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: test
test: deps-test				## run the tests, or T="unit net/shift.t" alone; needs root
	$(Q)+$(MAKE) $(JOBS) --no-print-directory all units $(TEST_PROGRAMS)
	$(Q)BUILD=$(BUILD) selftests/run $(T)

# --- DNS -------------------------------------------------------------------------------------
# The engine on stdin and stdout, for tests that compare it with other servers.
DNS_PIPE := $(BUILD)/selftests/dns/pipe
TEST_PROGRAMS += $(DNS_PIPE) $(BUILD)/selftests/dns/pass.bpf.o

$(BUILD)/selftests/dns/%.bpf.o: selftests/dns/%.bpf.c
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c $< -o $@

$(DNS_PIPE): $(BUILD)/selftests/dns/pipe.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Zones as we read them, for tests that compare them with what other servers read.
ZONE_DUMP := $(BUILD)/selftests/zone/dump
TEST_PROGRAMS += $(ZONE_DUMP)

$(ZONE_DUMP): $(BUILD)/selftests/zone/dump.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Nodes on the bus that have no data path.
BUS_CROWD := $(BUILD)/selftests/bus/crowd
TEST_PROGRAMS += $(BUS_CROWD)

$(BUS_CROWD): $(BUILD)/selftests/bus/crowd.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A real database, looked up in two ways.
STEER_COUNTRY := $(BUILD)/selftests/steer/country
TEST_PROGRAMS += $(STEER_COUNTRY)

$(STEER_COUNTRY): $(BUILD)/selftests/steer/country.o $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

DIFF_QUERIES ?= 200000
DIFF_ROUNDS ?= 400
.PHONY: diff
diff: deps-test				## 200,000 queries to our DNS, Knot, NSD and BIND, and 40,000 zone records, compared
	$(Q)+$(MAKE) $(JOBS) --no-print-directory all $(TEST_PROGRAMS)
	$(Q)BUILD=$(BUILD) DNS_DIFF_QUERIES=$(DIFF_QUERIES) selftests/net/dns_diff.t
	$(Q)BUILD=$(BUILD) ZONE_DIFF_ROUNDS=$(DIFF_ROUNDS) ZONE_DIFF_SEED= selftests/zone/diff.t

# --- program tests and other kernels -----------------------------------------------------------
PROG_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard selftests/prog/*.c))
TEST_PROGRAMS += $(BUILD)/selftests/prog/runner $(BUILD)/selftests/prog/vectors \
		 $(addprefix $(BUILD)/selftests/vm/,beside beside.bpf.o changes.bpf.o)

$(BUILD)/selftests/prog/runner: $(PROG_OBJS) $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The model plays on the program tests' ground: all of it but their main().
MODEL_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard selftests/model/*.c)) \
	      $(filter-out %/runner.o,$(PROG_OBJS))
TEST_PROGRAMS += $(BUILD)/selftests/model/check

$(BUILD)/selftests/model/check: $(MODEL_OBJS) $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A fleet of them, each a model or the program.
FLEET_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard selftests/fleet/*.c)) $(BUILD)/selftests/model/model.o \
	      $(filter-out %/runner.o,$(PROG_OBJS))
TEST_PROGRAMS += $(BUILD)/selftests/fleet/fleet

$(BUILD)/selftests/fleet/fleet: $(FLEET_OBJS) $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# So does the race.
RACE := $(BUILD)/selftests/race
TEST_PROGRAMS += $(RACE)/race $(RACE)/frames

$(RACE)/race: $(BUILD)/selftests/race/race.o $(filter-out %/runner.o,$(PROG_OBJS)) $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -pthread -o $@ $^ $(LDLIBS)

# They take layouts from the object's BTF (selftests/prog/layout.py).
LAYOUT_PYTHON := PYTHONDONTWRITEBYTECODE=1 BUILD=$(BUILD) BPFTOOL=$(BPFTOOL) /usr/bin/python3

$(RACE)/frames: selftests/race/frames.py $(wildcard selftests/prog/*.py) $(BUILD)/anydoor.bpf.o
	$(say) FRAMES $@
	@mkdir -p $(@D)
	$(Q)$(LAYOUT_PYTHON) $< $@.tmp && mv $@.tmp $@

.PHONY: programs
programs: deps-test			## selftests/prog/programs.txt: what the programs cost this kernel, written anew
	$(Q)+$(MAKE) $(JOBS) --no-print-directory all $(BUILD)/selftests/prog/runner $(BUILD)/selftests/prog/vectors
	$(Q)BUILD=$(BUILD) PROGRAMS=write selftests/prog/prog.t

.PHONY: model
model: deps-test				## a million random packets: the ladder's model against the program
	$(Q)+$(MAKE) $(JOBS) --no-print-directory $(BUILD)/selftests/model/check $(BUILD)/selftests/prog/vectors
	$(Q)for i in 1 2 3 4 5; do BUILD=$(BUILD) ROUNDS=200000 SEED= selftests/model/model.t || exit; done

.PHONY: fleet
fleet: deps-test				## a billion packets through random fleets of models, a million through real programs
	$(Q)+$(MAKE) $(JOBS) --no-print-directory $(BUILD)/selftests/fleet/fleet
	$(Q)BUILD=$(BUILD) PACKETS=500000000 selftests/fleet/model.t
	$(Q)BUILD=$(BUILD) PACKETS=500000 selftests/fleet/program.t

$(BUILD)/selftests/prog/vectors: $(wildcard selftests/prog/*.py) $(BUILD)/anydoor.bpf.o
	$(say) VECTORS $@
	@mkdir -p $(@D)
	$(Q)$(LAYOUT_PYTHON) selftests/prog/vectors.py $@.tmp && mv $@.tmp $@

$(BUILD)/selftests/vm/beside: $(BUILD)/selftests/vm/beside.o
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/selftests/vm/%.bpf.o: selftests/vm/%.bpf.c
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c $< -o $@

.PHONY: suites
suites: deps-test				## other people's test suites: Zonemaster, DNSViz, EDNS compliance (installs them)
	$(Q)deploy/deps selftests/suites/deps.txt
	$(Q)+$(MAKE) $(JOBS) --no-print-directory all $(BUILD)/selftests/dns/pass.bpf.o
	$(Q)BUILD=$(BUILD) selftests/suites/suites

# --- fuzz ------------------------------------------------------------------------------------
# selftests/fuzz/corpus is where it starts; what is found on top of it is kept in build/fuzz.
FUZZ_TIME    ?= 30
FUZZ_TARGETS := dns zone packet bus bgp directory
FUZZERS	     := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/fuzz_%)
TEST_PROGRAMS += $(FUZZERS)
FUZZED	     := $(wildcard user/zone/*.c) user/config/config_errors.c \
		$(addprefix user/bus/,book.c record.c) \
		$(addprefix user/directory/,flow_set.c kept.c message.c owned.c) user/fleet/homes.c \
		$(addprefix user/base/,arena.c clock.c log.c nearest.c printable.c progress.c) \
		$(addprefix user/dns/,dns_denial.c dns_image.c dns_render.c dns_steered.c dns_steered_check.c dns_table.c dns_tree.c)
FUZZ_HEADERS := $(wildcard selftests/fuzz/*.h selftests/fuzz/packet/*.h bpf/dns/*.h maps/*.h user/bgp/*.h user/bus/*.h user/directory/*.h user/dns/*.h)
FUZZ_CFLAGS   = $(CFLAGS) -O1 -U_FORTIFY_SOURCE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_LIBS     := -ldnssec

$(BUILD)/fuzz/%: selftests/fuzz/%.c $(FUZZED) $(FUZZ_HEADERS)
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(LDFLAGS) -o $@ $< $(FUZZED) $(LDLIBS) $(FUZZ_LIBS)

# What reads the answers of BGP daemons; the rest is as in the binary.
FUZZ_BGP := selftests/fuzz/fuzz_bgp.c $(wildcard user/bgp/*.c) user/config/nodes_file.c
$(BUILD)/fuzz/fuzz_bgp: $(FUZZ_BGP) $(BUILD)/libanydoor.a $(FUZZ_HEADERS)
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(LDFLAGS) -o $@ $(FUZZ_BGP) $(BUILD)/libanydoor.a $(LDLIBS) $(FUZZ_LIBS)

# Only what judges is instrumented: the compiler of zones has a fuzzer of its own.
FUZZ_PACKET := $(wildcard selftests/fuzz/packet/*.c)
FUZZ_RIG    := $(filter-out %/runner.o,$(PROG_OBJS)) $(BUILD)/libanydoor.a
$(BUILD)/fuzz/fuzz_packet: $(FUZZ_PACKET) $(FUZZ_RIG) $(FUZZ_HEADERS)
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(LDFLAGS) -o $@ $(FUZZ_PACKET) $(FUZZ_RIG) $(LDLIBS) $(FUZZ_LIBS)

$(BUILD)/fuzz/seeds: selftests/fuzz/seeds $(wildcard selftests/dns/zones/* selftests/fuzz/zones/* selftests/dns/*.py) $(BUILD)/selftests/prog/vectors
	$(say) SEEDS $@
	$(Q)PYTHONDONTWRITEBYTECODE=1 selftests/fuzz/seeds $@ $(BUILD)/selftests/prog/vectors && touch $@

.PHONY: fuzzers
fuzzers: $(FUZZERS) $(BUILD)/selftests/prog/vectors

.PHONY: fuzz
fuzz: deps-test				## fuzz DNS engine, zone compiler, kernel program, bus, BGP and directory, FUZZ_TIME seconds each
	$(Q)+$(MAKE) $(JOBS) --no-print-directory fuzzers $(BUILD)/fuzz/seeds
	$(Q)for f in $(FUZZ_TARGETS); do BUILD=$(BUILD) selftests/fuzz/fuzz $$f $(FUZZ_TIME) || exit 1; done

.PHONY: fuzz-keep
fuzz-keep:				## keep what fuzzing found: the least corpus, into the tree
	$(Q)+$(MAKE) $(JOBS) --no-print-directory fuzzers $(BUILD)/fuzz/seeds
	$(Q)for f in $(FUZZ_TARGETS); do BUILD=$(BUILD) selftests/fuzz/fuzz $$f keep || exit 1; done

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

$(BENCH_OBJS): | $(BENCH)/wrap.skel.h $(BENCH)/stages.skel.h

$(BENCH)/bench: $(BENCH_OBJS) $(BUILD)/libanydoor.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

QPS := $(addprefix $(BENCH)/qps/,reflect.bpf.o cookie.so)

$(BENCH)/qps/cookie.so: selftests/bench/qps/cookie.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fPIC -shared $(filter-out -pie,$(LDFLAGS)) -o $@ $<

.PHONY: bench bench-ns bench-large bench-qps
bench: bench-ns bench-qps		## what is below, into build/bench.json

bench-ns: $(BENCH)/bench		## ns per packet of the real programs
	$(Q)$< -o $(BUILD)/bench.json

LARGE := $(foreach f,flow_table flow_pinned_wrap flow_local_metered,$(f)_1m $(f)_10m)
bench-large: $(BENCH)/bench		## the flow table with 1M and 10M flows in 1.2 GB
	$(Q)$< $(LARGE)

bench-qps: all $(QPS)			## DNS queries/s beside other servers, asked by kxdpgun
	$(Q)deploy/deps deploy/deps-bench.txt
	$(Q)BUILD=$(BUILD) selftests/bench/qps/qps $(BUILD)/bench.json

TEST_PROGRAMS += $(BENCH)/tcp/load
$(BENCH)/tcp/load: $(BENCH)/tcp/load.o
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

.PHONY: bench-tcp
bench-tcp: all $(BENCH)/tcp/load $(BUILD)/selftests/dns/pass.bpf.o	## DNS by TCP: silent connections, queries/s on one core
	$(Q)BUILD=$(BUILD) selftests/bench/tcp/tcp $(BUILD)/bench.json

$(BENCH)/reflect/flood: $(BENCH)/reflect/flood.o
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

.PHONY: bench-reflect
bench-reflect: all $(BENCH)/reflect/flood $(BUILD)/selftests/dns/pass.bpf.o	## a reflection attack with and without limits: amplification, who is answered
	$(Q)BUILD=$(BUILD) selftests/bench/reflect/reflect $(BUILD)/bench.json

.PHONY: bench-zones
bench-zones: all $(BUILD)/selftests/dns/pass.bpf.o	## a million names, ten thousand zones: time and memory to load them
	$(Q)BUILD=$(BUILD) selftests/bench/zones $(BUILD)/bench.json

.PHONY: bench-fleet
bench-fleet: all $(BUILD)/selftests/dns/pass.bpf.o	## a fleet of 15,000 nodes: check, reload, pops, metrics, each under a second
	$(Q)BUILD=$(BUILD) selftests/bench/fleet $(BUILD)/bench.json

# --- lab -------------------------------------------------------------------------------------
LAB_PROGRAMS := $(BUILD)/selftests/lab/router_port.bpf.o
TEST_PROGRAMS += $(LAB_PROGRAMS)

$(BUILD)/selftests/lab/%.bpf.o: selftests/lab/%.bpf.c
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c $< -o $@

# --- a crowd of connections --------------------------------------------------------------------
CROWD := $(BUILD)/selftests/crowd/crowd
TEST_PROGRAMS += $(CROWD)

$(CROWD): $(patsubst %.c,$(BUILD)/%.o,$(wildcard selftests/crowd/*.c))
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# --- floods --------------------------------------------------------------------------------------
FLOOD := $(BUILD)/selftests/flood/flood

TEST_PROGRAMS += $(FLOOD)

$(FLOOD): $(patsubst %.c,$(BUILD)/%.o,$(wildcard selftests/flood/*.c))
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

.PHONY: bench-abuse
bench-abuse: all $(LAB_PROGRAMS) $(FLOOD)	## floods and forgeries against a POP that leads downloads home, two minutes
	$(Q)BUILD=$(BUILD) selftests/bench/abuse $(BUILD)/bench.json

.PHONY: churn
churn: deps-test				## 2,000 connections, BGP moving every second for two minutes: who survives?
	$(Q)+$(MAKE) $(JOBS) --no-print-directory all $(LAB_PROGRAMS) $(CROWD)
	$(Q)BUILD=$(BUILD) selftests/churn/churn

# --- demo ------------------------------------------------------------------------------------
.PHONY: demo demo-keep
demo: deps-test				## three POPs and a client in namespaces: what it is for, in two minutes
demo-keep: deps-test				## the same, and the lab stays up to play with
demo demo-keep:
	$(Q)+$(MAKE) $(JOBS) --no-print-directory all $(LAB_PROGRAMS)
	$(Q)BUILD=$(BUILD) selftests/demo/demo $(if $(filter demo-keep,$@),--keep)

POPS ?= 3
NODES ?= 1
.PHONY: lab lab-down
lab: deps-test				## a lab that stays up to play with: POPS=5 NODES=2, nodes of each POP
	$(Q)+$(MAKE) $(JOBS) --no-print-directory all $(LAB_PROGRAMS)
	$(Q)BUILD=$(BUILD) selftests/lab/lab up $(POPS) $(NODES)

lab-down:				## take it down
	$(Q)BUILD=$(BUILD) selftests/lab/lab down

# --- house -----------------------------------------------------------------------------------
SOURCES	= $(shell git ls-files '*.c' '*.h')
SCRIPTS	= $(shell git ls-files -z | xargs -0 grep -lE '^\#!.*(bash|/sh)')

.PHONY: deps deps-test
deps:					## install what a build needs (deploy/deps.txt) and this machine lacks
	$(Q)deploy/deps

deps-test: deps				## and what tests, demo and lint need (deploy/deps-test.txt)
	$(Q)deploy/deps deploy/deps-test.txt

# varFuncNullUB: NULL is a pointer on every POSIX system.
CPPCHECK = --quiet --error-exitcode=1 --std=c11 --enable=warning,portability,performance \
	   --inline-suppr --suppress=missingIncludeSystem --suppress=varFuncNullUB \
	   --include=selftests/lint/cppcheck.h -D_GNU_SOURCE -DVERSION='""' -I.

.PHONY: lint
lint: all				## layout, static analysis, include direction, scripts, documents
	$(say) FORMAT sources
	$(Q)clang-format --dry-run -Werror $(SOURCES)
	$(say) CHECK sources
	@mkdir -p $(BUILD)/cppcheck
	$(Q)cppcheck $(CPPCHECK) --cppcheck-build-dir=$(BUILD)/cppcheck -j2 --suppress=*:*.bpf.c user selftests
	$(say) SHELL scripts
	$(Q)shellcheck -x -P SCRIPTDIR -S warning $(SCRIPTS)
	$(say) HOUSE rules
	$(Q)selftests/lint/house
	$(say) ALONE headers
	$(Q)CC="$(CC) $(filter-out -W%,$(CFLAGS))" BPF_CC="$(CLANG) $(BPFFLAGS)" selftests/lint/headers
	$(say) MAN deploy/man
	$(Q)BUILD=$(BUILD) selftests/lint/manual
	$(say) DOCS deploy/doc
	$(Q)BUILD=$(BUILD) deploy/doc/print --check

.PHONY: docs
docs: all				## print keys, metrics, reasons and commands into the documents
	$(Q)BUILD=$(BUILD) deploy/doc/print

.PHONY: format
format:					## let clang-format have its way
	$(Q)clang-format -i $(SOURCES)

.PHONY: install
install: all				## into PREFIX (/usr/local) below DESTDIR; units, manual, examples
	$(Q)PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) BUILD=$(BUILD) deploy/install

.PHONY: deb
deb: all				## packages for Debian 12 into build/deb (installs what makes them)
	$(Q)deploy/deps deploy/deps-deb.txt
	$(Q)BUILD=$(BUILD) deploy/package

.PHONY: uninstall
uninstall:				## take out again what install put there, but for the configuration
	$(Q)PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) deploy/install --remove

.PHONY: help
help:					## this list
	@sed -nE 's/^([a-z-]+):[^#]*##[ \t]*(.*)/\1\t\2/p' $(MAKEFILE_LIST) | \
		awk -F'\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: clean
clean:					## remove build/
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
