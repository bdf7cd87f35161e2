/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * socket.h: what this host's own kernel knows about a flow, and what of it counts as owning it.
 */
#ifndef AD_SOCKET_H
#define AD_SOCKET_H

#include "bpf/packet/packet.h"

/* Only the fields that we read; CO-RE finds them in the running kernel. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct tcp_request_sock {
	__u32 snt_isn;
};
struct tcp_sock {
	__u32 snd_una;
	__u32 write_seq;
	__u32 max_window;
	__u32 rcv_nxt;
	__u32 rcv_wnd;
	__u32 rcv_tstamp; /* when the last ACK that fits came, in jiffies; when data left last */
	__u32 lsndtime;
};
struct sock_common {
	__u32 skc_tw_snd_nxt;
};
struct inet_timewait_sock {
	struct sock_common __tw_common;
};
struct tcp_timewait_sock {
	struct inet_timewait_sock tw_sk;
};
#pragma clang attribute pop

enum socket_answer {
	SOCKET_UNASKED,
	SOCKET_NONE,
	SOCKET_LISTENS,	    /* for a SYN: a socket here would answer it */
	SOCKET_HALF_OPEN,   /* a SYN was answered, but not with what this packet acknowledges */
	SOCKET_COOKIE,	    /* a listener would accept it as the answer to a SYN cookie */
	SOCKET_FORWARDED,   /* none here, but its replies leave through us */
	SOCKET_TIME_WAIT,   /* an old one; a new flow may have taken its ports elsewhere */
	SOCKET_OURS,	    /* from here on the flow is ours */
	SOCKET_CLOSING,	    /* and it ends, or this packet ends it */
	SOCKET_STRAY,	    /* but not this packet, if a stamp says otherwise */
	SOCKET_ESTABLISHED, /* nobody has closed it yet */
};

/*
 * A listener owns the ACK that completes a SYN cookie. Header pointers are read again, because the
 * lookup before was a call.
 */
static __always_inline enum socket_answer socket_ask_cookie(struct xdp_md *ctx, struct packet *p,
							    struct bpf_sock *sk)
{
	struct cursor at_ip = cursor_at(ctx, p->l3_off), at_tcp = cursor_at(ctx, p->l4_off);
	struct tcphdr *tcp = cursor_take(&at_tcp, sizeof(*tcp));
	struct ipv6hdr *ip6;
	struct iphdr *ip4;
	long err = -1;

	if (!tcp)
		return SOCKET_NONE;
	if (p->is_ip6) {
		ip6 = cursor_take(&at_ip, sizeof(*ip6));
		if (ip6)
			err = bpf_tcp_check_syncookie(sk, ip6, sizeof(*ip6), tcp, sizeof(*tcp));
	} else {
		ip4 = cursor_take(&at_ip, sizeof(*ip4));
		if (ip4)
			err = bpf_tcp_check_syncookie(sk, ip4, sizeof(*ip4), tcp, sizeof(*tcp));
	}
	return err ? SOCKET_NONE : SOCKET_COOKIE;
}

static __always_inline enum socket_answer socket_ask_half_open(struct packet *p,
							       struct bpf_sock *sk)
{
	struct tcp_request_sock *req = bpf_skc_to_tcp_request_sock(sk);

	if (!req || !(p->tcp_flags & TCP_ACK))
		return SOCKET_HALF_OPEN;
	return p->ack == req->snt_isn + 1 ? SOCKET_OURS : SOCKET_HALF_OPEN;
}

static __always_inline enum socket_answer socket_ask_time_wait(struct packet *p,
							       struct bpf_sock *sk)
{
	struct tcp_timewait_sock *tw = bpf_skc_to_tcp_timewait_sock(sk);

	if (!tw || !(p->tcp_flags & TCP_ACK))
		return SOCKET_TIME_WAIT;
	return p->ack == tw->tw_sk.__tw_common.skc_tw_snd_nxt ? SOCKET_CLOSING : SOCKET_TIME_WAIT;
}

/*
 * Could the socket's peer acknowledge this number (RFC 5961, 5.2)? If not, the peer may be gone,
 * and its ports may be used for a new flow with another node.
 */
static __always_inline bool socket_fits(const struct packet *p, struct bpf_sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u32 oldest;

	if (!tcp || !(p->tcp_flags & TCP_ACK))
		return true;
	oldest = tcp->snd_una - tcp->max_window;
	return p->ack - oldest <= tcp->write_seq - oldest;
}

/* Has the socket sent data, or got an ACK that fits, within the last second? */
static __always_inline bool socket_is_heard(struct bpf_sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u32 now = bpf_jiffies64();

	return tcp && (now - tcp->rcv_tstamp < opt.hz || now - tcp->lsndtime < opt.hz);
}

/*
 * Would the socket accept this FIN or RST (RFC 9293, 3.10.7.4)? Forged ones are outside of its
 * window.
 */
static __always_inline bool socket_is_ended(struct xdp_md *ctx, const struct packet *p,
					    struct bpf_sock *sk)
{
	struct cursor c = cursor_at(ctx, p->l4_off);
	struct tcphdr *head = cursor_take(&c, sizeof(*head));
	struct tcp_sock *tcp;
	__u32 end;

	if (!head || !(p->tcp_flags & (TCP_FIN | TCP_RST)))
		return false;
	end = bpf_ntohl(head->seq) + p->ip_bytes - (p->l4_off - p->l3_off) - p->tcp_head;
	tcp = bpf_skc_to_tcp_sock(sk);
	return tcp && end - tcp->rcv_nxt <= tcp->rcv_wnd;
}

static __always_inline enum socket_answer socket_judge_open(struct xdp_md *ctx, struct packet *p,
							    struct bpf_sock *sk, __u32 state)
{
	if (!socket_fits(p, sk)) {
		p->heard = socket_is_heard(sk);
		return SOCKET_STRAY;
	}
	if (state == BPF_TCP_SYN_RECV)
		return SOCKET_OURS;
	if (state != BPF_TCP_ESTABLISHED || socket_is_ended(ctx, p, sk))
		return SOCKET_CLOSING;
	return SOCKET_ESTABLISHED;
}

static __always_inline enum socket_answer socket_judge(struct xdp_md *ctx, struct packet *p,
						       struct bpf_sock *sk)
{
	__u32 state = sk->state;

	switch (state) {
	case BPF_TCP_LISTEN:
		if (packet_is_syn(p))
			return SOCKET_LISTENS;
		return p->protocol == IPPROTO_TCP ? socket_ask_cookie(ctx, p, sk) : SOCKET_NONE;
	case BPF_TCP_NEW_SYN_RECV:
		return socket_ask_half_open(p, sk);
	case BPF_TCP_TIME_WAIT:
		return socket_ask_time_wait(p, sk);
	}
	return socket_judge_open(ctx, p, sk, state);
}

static __always_inline struct bpf_sock *socket_find(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_sock_tuple tuple = {};

	if (p->is_ip6) {
		__builtin_memcpy(tuple.ipv6.saddr, &p->client, sizeof(tuple.ipv6.saddr));
		__builtin_memcpy(tuple.ipv6.daddr, &p->vip, sizeof(tuple.ipv6.daddr));
		tuple.ipv6.sport = p->client_port;
		tuple.ipv6.dport = p->vip_port;
		return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
	}
	tuple.ipv4.saddr = p->client.w[3];
	tuple.ipv4.daddr = p->vip.w[3];
	tuple.ipv4.sport = p->client_port;
	tuple.ipv4.dport = p->vip_port;
	return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
}

/* Fills p->socket. Global, so that the verifier follows its references only once. */
__noinline int socket_ask(struct xdp_md *ctx, struct packet *p)
{
	struct bpf_sock *sk;

	if (!p)
		return 0;
	p->socket = SOCKET_NONE;
	sk = socket_find(ctx, p);
	if (sk) {
		p->socket = socket_judge(ctx, p, sk);
		bpf_sk_release(sk);
	}
	if (p->socket == SOCKET_NONE && p->forwards)
		p->socket = SOCKET_FORWARDED;
	return 0;
}

#endif
