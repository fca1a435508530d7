// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/nft_helper.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/netns.h"

#define MAX_NAMESPACES 64 /* whose generation is remembered */

/* Of nftables/libnftables.h, which is not needed to build. */
struct nft_ctx;
enum { OUTPUT_STATELESS = 1 << 2, OUTPUT_HANDLE = 1 << 3, OUTPUT_TERSE = 1 << 11 };

static struct {
	struct nft_ctx *(*ctx_new)(uint32_t flags);
	void (*ctx_free)(struct nft_ctx *ctx);
	void (*set_flags)(struct nft_ctx *ctx, unsigned int flags);
	int (*buffer_output)(struct nft_ctx *ctx);
	int (*buffer_error)(struct nft_ctx *ctx);
	const char *(*output)(struct nft_ctx *ctx);
	int (*run)(struct nft_ctx *ctx, const char *command);
} nft;

static bool load(void)
{
	static const struct {
		void *to;
		const char *name;
	} wanted[] = {
		{ &nft.ctx_new, "nft_ctx_new" },
		{ &nft.ctx_free, "nft_ctx_free" },
		{ &nft.set_flags, "nft_ctx_output_set_flags" },
		{ &nft.buffer_output, "nft_ctx_buffer_output" },
		{ &nft.buffer_error, "nft_ctx_buffer_error" },
		{ &nft.output, "nft_ctx_get_output_buffer" },
		{ &nft.run, "nft_run_cmd_from_buffer" },
	};
	void *library = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *symbol = dlsym(library, wanted[i].name);

		if (!symbol)
			return false;
		memcpy(wanted[i].to, &symbol, sizeof(symbol));
	}
	return library;
}

/* The generation of the rules of the namespace that this process is in; 0: not known. */
static uint32_t read_generation(void)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
			    .nlmsg_flags = NLM_F_REQUEST },
	};
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
		struct nlattr id;
		uint8_t bytes[1024];
	} answer;
	const struct timeval limit = { .tv_sec = 1 };
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	uint32_t id = 0;
	ssize_t got = -1;

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request))
		got = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	/* The ID is the first attribute. */
	if (got >= (ssize_t)(sizeof(answer) - sizeof(answer.bytes) + sizeof(id)) &&
	    answer.header.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) &&
	    (answer.id.nla_type & NLA_TYPE_MASK) == NFTA_GEN_ID)
		memcpy(&id, answer.bytes, sizeof(id));
	return id;
}

static bool send_all(int to, const void *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes = (const char *)bytes + sent;
		size -= (size_t)sent;
	}
	return true;
}

/*
 * Answer with the rules of the namespace that this process is in. `*generation` becomes 0 if they
 * cannot be listed. False: nobody listens.
 */
static bool send_listing(int to, uint32_t netns, uint32_t *generation)
{
	struct nft_answer answer = { .netns = netns, .changed = 1 };
	struct nft_ctx *ctx = nft.ctx_new(0);
	const char *text = NULL;
	bool sent;

	if (ctx && !nft.buffer_output(ctx) && !nft.buffer_error(ctx)) {
		nft.set_flags(ctx, OUTPUT_STATELESS | OUTPUT_HANDLE | OUTPUT_TERSE);
		if (!nft.run(ctx, "list ruleset"))
			text = nft.output(ctx);
	}
	if (!text)
		*generation = 0;
	answer.size = text ? strlen(text) : 0;
	sent = send_all(to, &answer, sizeof(answer)) && send_all(to, text, answer.size);
	if (ctx)
		nft.ctx_free(ctx);
	return sent;
}

static bool answer(int to, uint32_t netns, uint32_t *known)
{
	const struct nft_answer unchanged = { .netns = netns };
	const int fd = netns_open(netns);
	uint32_t now = 0;
	bool entered = fd >= 0 && !setns(fd, CLONE_NEWNET);
	bool sent;

	if (fd >= 0)
		close(fd);
	if (entered)
		now = read_generation();
	if (entered && (now == 0 || now != *known))
		sent = send_listing(to, netns, &now);
	else
		sent = send_all(to, &unchanged, sizeof(unchanged));
	*known = now;
	return sent;
}

void nft_helper_serve(int socket)
{
	struct {
		uint32_t netns, generation;
	} known[MAX_NAMESPACES] = { { 0 } };
	const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	size_t next = 0;
	uint32_t netns;
	bool loaded;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* ^C is for the parent, which closes the socket when it is done. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	loaded = load();
	if (home < 0 || !send_all(socket, &loaded, sizeof(loaded)) || !loaded)
		_exit(1);
	while (recv(socket, &netns, sizeof(netns), MSG_WAITALL) == (ssize_t)sizeof(netns)) {
		size_t i = 0;

		while (i < MAX_NAMESPACES && known[i].netns != netns)
			i++;
		if (i == MAX_NAMESPACES) {
			i = next++ % MAX_NAMESPACES;
			known[i].netns = netns;
			known[i].generation = 0;
		}
		if (!answer(socket, netns, &known[i].generation))
			break;
		if (setns(home, CLONE_NEWNET))
			break;
	}
	_exit(0);
}
