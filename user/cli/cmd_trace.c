// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_trace.c: `anydoor trace`: packets and queries as they leave the data path.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/config/failure.h"
#include "user/status/view.h"
#include "user/trace/trace_filter.h"
#include "user/trace/trace_pcap.h"
#include "user/trace/trace_ring.h"
#include "user/trace/trace_text.h"

#define WAIT_MS	     200
#define TRACE_TEXT   2048
#define SAMPLE_MAX   1000000
#define COUNT_MAX    1000000000
#define DURATION_MAX 86400

struct options {
	struct trace_words words;
	unsigned int count; /* 0: no end */
	unsigned int seconds;
	const char *pcap;
};

#define OPTION(member) offsetof(struct options, member)
const struct arg cmd_trace_args[] = {
	{ "--client", 0, ARG_TEXT, OPTION(words.client), "PREFIX", 0, 0,
	  "only packets of clients in this prefix (198.51.100.0/24, 2001:db8::/32) or address" },
	{ "--vip", 0, ARG_TEXT, OPTION(words.vip), "ADDRESS", 0, 0, "only packets for this VIP" },
	{ "--port", 0, ARG_NUMBER, OPTION(words.port), "PORT", 1, 65535,
	  "only packets for this port of the VIP" },
	{ "--peer", 0, ARG_TEXT, OPTION(words.peer), "NODE", 0, 0,
	  "only packets that came from a node by tunnel or go to it; by its name or its id" },
	{ "--reason", 0, ARG_TEXT, OPTION(words.reasons), "REASON[,REASON...]", 0, 0,
	  "only packets that leave for one of the reasons REASON (default: all but foreign and "
	  "out_foreign)" },
	{ "--qname", 0, ARG_TEXT, OPTION(words.qname), "NAME", 0, 0,
	  "only DNS queries for this domain name" },
	{ "--zone", 0, ARG_TEXT, OPTION(words.zone), "NAME", 0, 0,
	  "only DNS queries for this domain name and all below it" },
	{ "--sample", 0, ARG_NUMBER, OPTION(words.sample), "N", 1, SAMPLE_MAX,
	  "record one packet in N that pass all filters but --qname and --zone" },
	{ "--count", 0, ARG_NUMBER, OPTION(count), "N", 1, COUNT_MAX, "end after N packets" },
	{ "--seconds", 0, ARG_NUMBER, OPTION(seconds), "N", 1, DURATION_MAX,
	  "end after N seconds (default: when interrupted)" },
	{ "--pcap", 0, ARG_TEXT, OPTION(pcap), "FILE", 0, 0,
	  "write packets to a capture file (pcapng) in place of text, the reason as comment; -: "
	  "stdout" },
	{ NULL }
};

struct tracing {
	struct view view;
	struct options options;
	struct trace_filter filter;
	struct trace_legend legend;
	struct pop_seen pops[AD_STEER_BANK];
	FILE *out, *pcap;
	__u64 shown;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = signal;
}

static void show_capture(struct tracing *tracing, const struct trace_packet *packet)
{
	char text[TRACE_TEXT] = "";
	FILE *comment = fmemopen(text, sizeof(text) - 1, "w");

	if (comment) {
		trace_print(comment, &tracing->legend, packet);
		fclose(comment);
	}
	trace_pcap_packet(tracing->pcap, packet->record,
			  trace_real_ns(&tracing->legend, packet->record), text);
}

static void show_json(struct tracing *tracing, const struct trace_packet *packet)
{
	json_t *json = trace_json(&tracing->legend, packet);

	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(json);
}

/* Non-zero ends the trace: -ECANCELED: all that was asked for; -EPIPE: nobody reads it. */
static int each_record(const struct ad_trace_record *record, void *arg)
{
	bool is_dns = record->program == AD_TRACE_DNS || record->program == AD_TRACE_DNS_COPIED;
	struct trace_packet packet = { .record = record };
	struct tracing *tracing = arg;
	struct trace_query query;
	__u32 captured = record->captured;

	if (captured > AD_TRACE_BYTES)
		captured = AD_TRACE_BYTES;
	if (is_dns && trace_query_read(&query, record->bytes, captured))
		packet.query = &query;
	if (!trace_filter_match(&tracing->filter, packet.query))
		return 0;
	if (tracing->pcap)
		show_capture(tracing, &packet);
	else if (tracing->view.globals->json)
		show_json(tracing, &packet);
	else
		trace_print_line(stdout, &tracing->legend, &packet);
	tracing->shown++;
	if (ferror(tracing->out))
		return -EPIPE;
	return tracing->options.count && tracing->shown >= tracing->options.count ? -ECANCELED : 0;
}

static int follow(struct tracing *tracing, struct trace_ring *ring)
{
	__u64 end_us = clock_mono_us() + tracing->options.seconds * 1000000ull;
	int err = 0;

	while (!err && !interrupted) {
		err = trace_ring_read(ring, WAIT_MS, each_record, tracing);
		fflush(tracing->out);
		if (tracing->options.seconds && clock_mono_us() >= end_us)
			break;
	}
	return err == -ECANCELED ? 0 : err;
}

static int fail_open(const struct tracing *tracing, int err, __u32 pid)
{
	switch (err) {
	case -EBUSY:
		return fail(tracing->view.globals, EXIT_TRY_AGAIN,
			    "trace: process %u traces this instance already, and only one can",
			    pid);
	case -EACCES:
	case -EPERM:
		return fail(tracing->view.globals, EXIT_FAILED,
			    "trace: only root may see packets; run it with sudo");
	case -ENOENT:
		return fail(tracing->view.globals, EXIT_FAILED,
			    "trace: the data path of version %s cannot be traced; start the daemon "
			    "of this version first",
			    tracing->view.meta.version);
	default:
		return view_failed(&tracing->view, "the trace", err);
	}
}

static void print_sum(const struct tracing *tracing, const struct trace_ring *ring)
{
	__u64 lost = trace_ring_lost(ring);

	fflush(stdout);
	fprintf(stderr, "%llu packet%s shown, %llu passed the filters of the data path\n",
		tracing->shown, tracing->shown == 1 ? "" : "s", trace_ring_fitted(ring));
	if (lost)
		fprintf(stderr,
			"%llu record%s lost: too many for the reader; use filters or --sample\n",
			lost, lost == 1 ? " was" : "s were");
}

static int trace_all(struct tracing *tracing)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct trace_ring *ring;
	__u32 pid = 0;
	int err = trace_ring_open(&tracing->view.pins, &tracing->filter.wanted, &ring, &pid);

	if (err)
		return fail_open(tracing, err, pid);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (tracing->pcap)
		trace_pcap_begin(tracing->pcap);
	if (!tracing->view.globals->json)
		fputs("tracing; end it with Ctrl-C\n", stderr);
	err = follow(tracing, ring);
	if (!tracing->view.globals->json)
		print_sum(tracing, ring);
	trace_ring_close(ring);
	if (err == -ESTALE)
		log_err("trace: another process has begun to trace this instance");
	else if (err == -EPIPE)
		log_err("trace: %s cannot be written", tracing->options.pcap ?: "stdout");
	else if (err)
		return view_failed(&tracing->view, "the trace", err);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int open_capture(struct tracing *tracing)
{
	const char *path = tracing->options.pcap;

	tracing->out = stdout;
	if (!path)
		return 0;
	tracing->pcap = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!tracing->pcap) {
		log_err("trace: --pcap: %s: %s", path, strerror(errno));
		return -errno;
	}
	tracing->out = tracing->pcap;
	return 0;
}

/* The last bytes of a capture may fail to reach a full disk only now. */
static int close_capture(struct tracing *tracing, int code)
{
	if (!tracing->pcap || tracing->pcap == stdout || !fclose(tracing->pcap))
		return code;
	log_err("trace: --pcap: %s: %s", tracing->options.pcap, strerror(errno));
	return code ?: EXIT_FAILED;
}

int cmd_trace(const struct globals *globals, int argc, char **argv)
{
	struct tracing *tracing = calloc(1, sizeof(*tracing));
	int code = EXIT_FAILED;

	if (!tracing)
		return code;
	if (args_parse(cmd_trace_args, argc, argv, &tracing->options)) {
		free(tracing);
		return EXIT_USAGE;
	}
	code = view_open(&tracing->view, globals);
	if (code)
		goto out;
	tracing->legend.names = &tracing->view.names;
	tracing->legend.real_minus_mono_ns = clock_real_minus_mono_ns();
	tracing->legend.pops = tracing->pops;
	if (pops_read(&tracing->view.pins, tracing->pops, &tracing->legend.nr_pops))
		tracing->legend.nr_pops = 0;
	code = trace_filter_init(&tracing->filter, &tracing->options.words, &tracing->view.names) ||
			       open_capture(tracing)
		       ? EXIT_USAGE
		       : close_capture(tracing, trace_all(tracing));
	view_close(&tracing->view);
out:
	free(tracing);
	return code;
}
