// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * dispatcher.bpf.c: a dispatcher for libxdp, after its protocol (xdp/prog_dispatcher.h), in whose
 * places programs may change packets.
 *
 * Since 6.13, and in stable 6.12, the kernel refuses an extension program that changes packets (or
 * tail-calls: it might) where the function that it replaces does not. libxdp's own dispatcher lets
 * its functions do so since 1.5.5; Debian 12 has 1.3.1 and Debian 13 has 1.5.4.
 * user/load/dispatcher.c lends this one where that one fails.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xdp/prog_dispatcher.h>

/* libxdp finds this by its place: it is all of .rodata. Volatile, for it is written before load. */
static const volatile struct xdp_dispatcher_config conf;

/* To be replaced. Volatile, so that no caller is built on what it returns as long as it is not. */
#define PLACE(n)                                                                                   \
	__noinline int prog##n(struct xdp_md *ctx)                                                 \
	{                                                                                          \
		volatile int verdict = XDP_DISPATCHER_RETVAL;                                      \
                                                                                                   \
		if (!ctx)                                                                          \
			return XDP_ABORTED;                                                        \
		bpf_xdp_adjust_tail(ctx, 0);                                                       \
		return verdict;                                                                    \
	}

PLACE(0)
PLACE(1)
PLACE(2)
PLACE(3)
PLACE(4)
PLACE(5)
PLACE(6)
PLACE(7)
PLACE(8)
PLACE(9)

/* libxdp asks the kernel whether it can replace functions by replacing this one. */
__noinline int compat_test(struct xdp_md *ctx)
{
	volatile int verdict = XDP_DISPATCHER_RETVAL;

	return ctx ? verdict : XDP_ABORTED;
}

/* The next program, if there is one; on to the one after, if the verdict is one to go on with. */
#define CALL(n)                                                                                    \
	do {                                                                                       \
		if (conf.num_progs_enabled <= (n))                                                 \
			return XDP_PASS;                                                           \
		verdict = prog##n(ctx);                                                            \
		if (!(1u << verdict & conf.chain_call_actions[n]))                                 \
			return verdict;                                                            \
	} while (0)

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	int verdict;

	CALL(0);
	CALL(1);
	CALL(2);
	CALL(3);
	CALL(4);
	CALL(5);
	CALL(6);
	CALL(7);
	CALL(8);
	CALL(9);
	if (conf.num_progs_enabled > MAX_DISPATCHER_ACTIONS)
		compat_test(ctx); /* never; but what nobody calls would not be loaded */
	return XDP_PASS;
}

/* What libxdp replaces compat_test() with. */
SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

__uint(dispatcher_version, XDP_DISPATCHER_VERSION) SEC(XDP_METADATA_SECTION);

char LICENSE[] SEC("license") = "Dual BSD/GPL";
