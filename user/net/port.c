// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * port.c: sockets on a port, by sock_diag. The process that has a socket is found in /proc, as ss
 * does it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include "netlink.h"
#include "port.h"
#include "user/base/addr.h"

#define PROGRAM "anydoor"

/* --- sockets ---------------------------------------------------------------------------------- */

struct reading {
	struct port_sockets *sockets;
	bool tcp;
};

static bool is_ip6_only(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct inet_diag_msg))
		if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY)
			return mnl_attr_get_u8(attr);
	return false;
}

static int keep_socket(const struct nlmsghdr *nlh, void *arg)
{
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct reading *reading = arg;
	struct port_sockets *sockets = reading->sockets;
	struct port_socket *socket = &sockets->list[sockets->nr];
	static const __u8 any[16];
	bool ip4 = msg->idiag_family == AF_INET;

	if (sockets->nr == PORT_BOUND_MAX)
		return MNL_CB_STOP;
	*socket = (struct port_socket){ .family = msg->idiag_family,
					.tcp = reading->tcp,
					.inode = msg->idiag_inode,
					.uid = msg->idiag_uid };
	socket->any = !memcmp(msg->id.idiag_src, any, ip4 ? 4 : 16);
	socket->ip6_only = !ip4 && is_ip6_only(nlh);
	if (ip4)
		socket->address.w[2] = htonl(0xffff);
	memcpy(ip4 ? &socket->address.b[12] : socket->address.b, msg->id.idiag_src, ip4 ? 4 : 16);
	sockets->nr++;
	return MNL_CB_OK;
}

static int read_kind(__u16 port, __u8 family, bool tcp, struct port_sockets *sockets)
{
	struct reading reading = { .sockets = sockets, .tcp = tcp };
	char buf[256] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	req->sdiag_family = family;
	req->sdiag_protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP;
	/*
	 * An unconnected UDP socket has the state CLOSE. A connected one receives only from its
	 * peer and is not in the way.
	 */
	req->idiag_states = 1 << (tcp ? TCP_LISTEN : TCP_CLOSE);
	req->id.idiag_sport = htons(port);
	return netlink_ask_family(NETLINK_SOCK_DIAG, nlh, keep_socket, &reading);
}

static void mark_own(struct port_sockets *sockets, __u32 inode)
{
	for (size_t i = 0; i < sockets->nr; i++)
		if (sockets->list[i].inode == inode)
			sockets->list[i].own = true;
}

/*
 * The daemon looks often and finds mostly its own sockets. For those it need not search all
 * processes.
 */
static void find_own(struct port_sockets *sockets)
{
	DIR *dir = sockets->nr ? opendir("/proc/self/fd") : NULL;
	struct dirent *entry;
	char target[64];
	ssize_t len;
	__u32 inode;

	while (dir && (entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		if (sscanf(target, "socket:[%u]", &inode) == 1)
			mark_own(sockets, inode);
	}
	if (dir)
		closedir(dir);
}

int port_read(__u16 port, struct port_sockets *sockets)
{
	static const __u8 families[] = { AF_INET, AF_INET6 };
	int err = 0;

	sockets->nr = 0;
	for (size_t i = 0; !err && i < 4; i++)
		err = read_kind(port, families[i / 2], i % 2, sockets);
	if (!err)
		find_own(sockets);
	return err;
}

/* --- processes -------------------------------------------------------------------------------- */

/* Whether one of the descriptors of process @pid is "socket:[inode]". */
static bool has_socket(const char *pid, const char *wanted)
{
	char path[300], target[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		found = !strcmp(target, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

static int find_pid(__u32 inode)
{
	struct dirent *entry;
	char wanted[32];
	DIR *dir = opendir("/proc");
	int pid = 0;

	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	while (dir && !pid && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) && has_socket(entry->d_name, wanted))
			pid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return pid;
}

/* The name of the process's main thread, without control characters. */
static void read_program(int pid, char program[16])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file || !fgets(program, 16, file))
		program[0] = '\0';
	if (file)
		fclose(file);
	program[strcspn(program, "\n")] = '\0';
	for (; *program; program++)
		if (!isprint((unsigned char)*program))
			*program = '?';
}

static void find_holder(const struct port_socket *socket, struct port_holder *holder)
{
	*holder = (struct port_holder){ .uid = socket->uid, .tcp = socket->tcp };
	holder->pid = find_pid(socket->inode);
	if (holder->pid)
		read_program(holder->pid, holder->program);
	holder->ours = !strcmp(holder->program, PROGRAM);
}

/*
 * Sockets do not share a port with us: one that overlaps is in the way (as the kernel decides it,
 * on any device).
 */
static bool overlaps(const struct port_socket *socket, const struct ad_addr *address)
{
	if (!socket->any)
		return !addr_compare(&socket->address, address);
	if (addr_is_ip4(address))
		return socket->family == AF_INET || !socket->ip6_only;
	return socket->family == AF_INET6;
}

/* Not so for root without CAP_SYS_PTRACE, or if other processes are hidden. */
static bool sees_every_process(void)
{
	char program[16];

	return readlink("/proc/1/exe", program, sizeof(program)) > 0;
}

bool port_is_taken(const struct port_sockets *sockets, const struct ad_addr *address,
		   struct port_holder *holder)
{
	for (size_t i = 0; i < sockets->nr; i++) {
		if (sockets->list[i].own || !overlaps(&sockets->list[i], address))
			continue;
		find_holder(&sockets->list[i], holder);
		/* If the process cannot be seen, it may be our own daemon. */
		if (!holder->ours && (holder->pid || sees_every_process()))
			return true;
	}
	return false;
}

const char *port_who(const struct port_holder *holder, char text[PORT_WHO_TEXT])
{
	const char *protocol = holder->tcp ? "TCP" : "UDP";

	if (holder->pid)
		snprintf(text, PORT_WHO_TEXT, "%s by %s, process %d", protocol, holder->program,
			 holder->pid);
	else
		snprintf(text, PORT_WHO_TEXT,
			 "%s by a process of user %u; ss -lpn as root tells more", protocol,
			 holder->uid);
	return text;
}
